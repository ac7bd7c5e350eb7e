#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "event/event.hpp"

namespace tributary::relay {

/// When a full sink is worth a line: once it has been full for a moment, so that the back-pressure of a burst is not
/// told; again when it has lasted so long that somebody must look, then every ten minutes; and when there is room
/// again, if it was told. One that fills again and again is told once a minute.
/// Owned by Delivery. Pure. Thread: its owner's.
class Fullness {
 public:
  enum class News : std::uint8_t { none, full, still_full, room };
  static constexpr std::chrono::milliseconds moment{1'000};
  static constexpr std::chrono::milliseconds moment_again{10'000};  ///< within a minute of the last time
  static constexpr std::chrono::minutes again{10};

  /// `patience`: how long it may be full before somebody must look.
  explicit Fullness(std::chrono::milliseconds patience) : patience_(patience) {}

  News look(event::SteadyTime now, bool full) {
    if (!full) return leave(now);
    if (!since_) {
      since_ = now;
      lasted_ = {};
      const bool lately = told_at_ && now - *told_at_ < std::chrono::minutes(1);
      tell_at_ = now + (lately ? moment_again : moment);
    }
    if (now < tell_at_) return News::none;
    lasted_ = std::chrono::duration_cast<std::chrono::milliseconds>(now - *since_);
    const bool first = !std::exchange(told_, true);
    tell_at_ = first ? std::max(now, *since_ + patience_) : now + again;
    told_at_ = now;
    return first ? News::full : News::still_full;
  }
  /// Of the last news: for how long it is, or was, full.
  std::chrono::milliseconds lasted() const { return lasted_; }

 private:
  News leave(event::SteadyTime now) {
    if (!since_) return News::none;
    lasted_ = std::chrono::duration_cast<std::chrono::milliseconds>(now - *since_);
    since_.reset();
    return std::exchange(told_, false) ? News::room : News::none;
  }

  const std::chrono::milliseconds patience_;
  std::optional<event::SteadyTime> since_, told_at_;
  event::SteadyTime tell_at_{};
  std::chrono::milliseconds lasted_{0};
  bool told_ = false;
};

}  // namespace tributary::relay
