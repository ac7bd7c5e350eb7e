#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "event/event.hpp"

namespace tributary::relay {

/// Whoever wants to see the accepted events, after they were offered to the sinks: any number, at any time. Costs one
/// look at an atomic while there are none. A tap runs on the io thread of the event's connector, one event at a time
/// for all threads, and must not block. Thread: any.
class Taps {
 public:
  using Tap = std::function<void(const event::EventPtr&)>;

  std::uint64_t add(Tap tap) {
    const std::lock_guard lock(mutex_);
    taps_.emplace_back(++last_, std::move(tap));
    any_ = true;
    return last_;
  }
  /// After it has returned the tap is not called any more. Not from within a tap.
  void remove(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    std::erase_if(taps_, [&](const auto& tap) { return tap.first == number; });
    any_ = !taps_.empty();
  }
  void tell(const event::EventPtr& event) const {
    if (!any_.load(std::memory_order_relaxed)) return;
    const std::lock_guard lock(mutex_);
    for (const auto& [number, tap] : taps_) tap(event);
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, Tap>> taps_;
  std::uint64_t last_ = 0;
  std::atomic<bool> any_{false};
};

}  // namespace tributary::relay
