#pragma once

#include <chrono>
#include <mutex>

namespace tributary::net {

/// How many dials the whole process may begin per second: a token bucket, so that a thousand connectors that lose one
/// network do not fall upon it together. Fair: turns are given in the order of asking. Reads no clock.
/// One per process, must outlive every Link. Thread: any.
class DialBudget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `per_second` 0: no limit. After a quiet second, up to `burst` may dial at once (default: one second's worth).
  explicit DialBudget(unsigned per_second = 20, unsigned burst = 0);

  /// As at construction, from the next turn on.
  void rate(unsigned per_second, unsigned burst = 0);

  /// Takes the next turn; returns when the caller may dial, never before `now`. A turn not used is lost.
  Time reserve(Time now);

 private:
  std::mutex mutex_;
  std::chrono::nanoseconds interval_{0};
  std::chrono::nanoseconds allowance_{0};  ///< how far the bucket may have filled up
  Time next_{};
};

}  // namespace tributary::net
