#include "event/schema_program.hpp"

#include <algorithm>
#include <bit>

namespace tributary::event {

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

std::size_t NameTable::fill() {
  std::fill(slots_.begin(), slots_.end(), Slot());
  std::size_t steps = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const std::string& name = entries_[i].name;
    const std::string padded = name + std::string(16, '\0');
    const Start start = start_of(std::string_view(padded.data(), name.size()));
    std::size_t at = slot_of(start, name.size());
    for (; slots_[at].entry != kNoRules; at = (at + 1) % slots_.size()) ++steps;
    slots_[at] = {start, name.size(), i};
  }
  return steps;
}

void NameTable::build() {
  known_.clear();
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2, entries_.size() * 2));
  slots_.resize(size);
  shift_ = 64U - static_cast<std::uint32_t>(std::countr_zero(size));
  lengths_ = 0;
  for (const Entry& entry : entries_) lengths_ |= std::uint64_t{1} << std::min<std::size_t>(entry.name.size(), 63);
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

}  // namespace tributary::event
