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

std::uint32_t NameTable::fill() {
  std::fill(slots_.begin(), slots_.end(), kNoRules);
  std::uint32_t shared = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    std::uint32_t& head = slots_[slot(entries_[i].name)];
    shared += head != kNoRules;
    entries_[i].next = head;
    head = i;
  }
  return shared;
}

void NameTable::build() {
  known_.clear();
  const std::size_t size = std::bit_ceil(std::max<std::size_t>(2, entries_.size() * 2));
  slots_.resize(size);
  shift_ = 32U - static_cast<std::uint32_t>(std::countr_zero(size));
  lengths_ = 0;
  for (const Entry& entry : entries_) lengths_ |= std::uint64_t{1} << std::min<std::size_t>(entry.name.size(), 63);
  std::uint32_t best = 0x9E3779B1U;
  std::uint32_t fewest = kNoRules;
  multiplier_ = best;
  for (int attempt = 0; attempt < 64 && fewest != 0; ++attempt) {
    const std::uint32_t shared = fill();
    if (shared < fewest) {
      fewest = shared;
      best = multiplier_;
    }
    multiplier_ = multiplier_ * 0x2C1B3C6DU + 0x297A2D38U;
    multiplier_ |= 1U;
  }
  multiplier_ = best;
  fill();
}

}  // namespace tributary::event
