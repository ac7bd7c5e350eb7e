#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "event/event.hpp"

namespace tributary::sinks::channel {

/// How often something may happen: `burst` times at once, `per_second` in the long run. Without drift: what it knows is
/// the moment at which it is full again. Pure. Thread: any, one at a time.
class TokenBucket {
 public:
  /// `per_second` 0: as often as one likes. `burst` counts at least as 1.
  TokenBucket(double per_second, std::uint32_t burst)
      : interval_(per_second > 0 ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1 / per_second))
                                 : Duration::zero()),
        burst_(interval_ * (std::max<std::uint32_t>(burst, 1) - 1)) {}

  /// From when on one may be taken.
  event::SteadyTime free_at() const { return full_at_ - burst_; }
  void take(event::SteadyTime now) { full_at_ = std::max(full_at_, now) + interval_; }
  /// It did not happen after all.
  void give_back() { full_at_ -= interval_; }

 private:
  using Duration = event::SteadyTime::duration;
  Duration interval_;
  Duration burst_;  ///< how far ahead of the long run it may be
  event::SteadyTime full_at_{};
};

}  // namespace tributary::sinks::channel
