#include "schema/schema_program.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace tributary::schema {

NameTable::Entry& NameTable::add(std::string_view name) {
  const auto [known, added] = known_.emplace(name, entries_.size());
  if (added) {
    entries_.emplace_back();
    entries_.back().name = name;
  }
  return entries_[known->second];
}

void NameTable::remove_idle() {
  std::erase_if(entries_, [](const Entry& entry) { return entry.node == kAnything && entry.required == 0; });
}

std::uint64_t NameTable::head_mask(std::size_t size) {
  static constexpr std::array<std::uint64_t, 9> masks = [] {
    std::array<std::uint64_t, 9> made{};
    for (std::size_t bytes = 1; bytes <= 8; ++bytes) {
      const std::size_t other_bits = 64 - 8 * bytes;
      made[bytes] = std::endian::native == std::endian::little ? ~0ULL >> other_bits : ~0ULL << other_bits;
    }
    return made;
  }();
  return masks[std::min<std::size_t>(size, 8)];
}

std::uint64_t NameTable::tail_mask(std::size_t size) { return head_mask(std::max<std::size_t>(size, 8) - 8); }

std::size_t NameTable::slot_of(std::uint64_t head, std::uint64_t tail, std::size_t size) const {
  return ((head ^ size) * multiplier_ + tail * ~multiplier_) >> shift_;
}

const NameTable::Entry* NameTable::look_up(std::string_view name) const {
  const std::uint64_t head = word_at(name.data()) & head_mask(name.size());
  const std::uint64_t tail = word_at(name.data() + 8) & tail_mask(name.size());
  const Entry* const entries = entries_.data();
  for (std::size_t at = slot_of(head, tail, name.size());; at = at + 1 == slots_.size() ? 0 : at + 1) {
    if (slots_[at] == kNoRules) return nullptr;
    const Entry& entry = entries[slots_[at]];
    if (entry.head == head && entry.tail == tail && entry.size == name.size() &&
        (entry.size <= 16 || entry.name == name)) {
      return &entry;
    }
  }
}

std::size_t NameTable::fill() {
  std::fill(slots_.begin(), slots_.end(), kNoRules);
  std::size_t steps = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = slot_of(entries_[i].head, entries_[i].tail, entries_[i].size);
    for (; slots_[at] != kNoRules; at = (at + 1) % slots_.size()) ++steps;
    slots_[at] = i;
  }
  return steps;
}

void NameTable::build() {
  known_.clear();
  count_ = entries_.size();
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2, entries_.size() * 2));
  slots_.resize(size);
  shift_ = 64U - static_cast<std::uint32_t>(std::countr_zero(size));
  lengths_ = 0;
  for (Entry& entry : entries_) {
    entry.size = entry.name.size();
    entry.head_mask = head_mask(entry.size);
    entry.tail_mask = tail_mask(entry.size);
    const std::string padded = entry.name + std::string(16, '\0');
    entry.head = word_at(padded.data()) & entry.head_mask;
    entry.tail = word_at(padded.data() + 8) & entry.tail_mask;
    lengths_ |= std::uint64_t{1} << std::min<std::uint64_t>(entry.size, 63);
  }
  std::uint64_t best = multiplier_;
  std::size_t fewest = std::numeric_limits<std::size_t>::max();
  const int attempts = entries_.size() <= 64 ? 64 : 1;
  for (int attempt = 0; attempt < attempts && fewest != 0; ++attempt) {
    const std::size_t steps = fill();
    if (steps < fewest) {
      fewest = steps;
      best = multiplier_;
    }
    multiplier_ = (multiplier_ * 0xBF58476D1CE4E5B9U + 0x94D049BB133111EBU) | 1U;
  }
  multiplier_ = best;
  fill();
}

}  // namespace tributary::schema
