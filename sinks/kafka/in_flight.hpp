#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "event/assert.hpp"

namespace tributary::sinks::kafka {

/// The tokens of the records that librdkafka holds, each in a numbered slot that travels with its record: so that none
/// is forgotten when a producer is destroyed. Slots are used again; the table never shrinks. Owned by one Producer.
/// Thread: its owner's.
class InFlight {
 public:
  std::uint32_t put(std::uint64_t token) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const auto slot = free_.back();
    free_.pop_back();
    slots_[slot] = {token, true};
    return slot;
  }

  /// How a slot travels with its record: never null.
  static void* opaque_of(std::uint32_t slot) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(slot) + 1); }
  static std::size_t slot_of(const void* opaque) {
    return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(opaque)) - 1;
  }

  std::uint64_t take(std::size_t slot) {
    TRIBUTARY_ASSERT(slot < slots_.size() && slots_[slot].used);
    slots_[slot].used = false;
    free_.push_back(static_cast<std::uint32_t>(slot));
    return slots_[slot].token;
  }

  /// Takes what is left, in no order.
  template <class Each>
  void take_all(Each&& each) {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (slots_[slot].used) each(take(slot));
    }
  }

  std::size_t size() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    std::uint64_t token = 0;
    bool used = false;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace tributary::sinks::kafka
