#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "event/event.hpp"

namespace tributary::relay {

/// When the stop of a sink has waited long enough: for events until `by`, unless the wire cannot write; for the
/// relay's own notices hardly at all. Owned by Delivery. Pure. Thread: its owner's.
class Drain {
 public:
  enum class End : std::uint8_t {
    none,          ///< go on
    empty,         ///< everything is through
    time_over,     ///< `by` has passed
    only_notices,  ///< no event waits, and the notices had their moment
    stuck,         ///< the wire cannot write, and had its moment
  };
  /// How it stands.
  struct Look {
    bool empty = false;
    bool only_notices = false;
    bool stuck = false;
    std::uint64_t done = 0;  ///< records that are through; one more is progress
  };
  static constexpr std::chrono::milliseconds for_notices{600};
  static constexpr std::chrono::milliseconds for_stuck{1'200};

  bool begun() const { return began_.has_value(); }
  void begin(event::SteadyTime now) { began_ = stuck_since_ = now; }
  /// After `begin`.
  End look(event::SteadyTime now, event::SteadyTime by, const Look& look) {
    if (look.empty) return End::empty;
    if (now >= by) return End::time_over;
    if (look.only_notices && now - *began_ >= for_notices) return End::only_notices;
    if (!look.stuck || look.done != done_) stuck_since_ = now;
    done_ = look.done;
    return now - stuck_since_ >= for_stuck ? End::stuck : End::none;
  }

 private:
  std::optional<event::SteadyTime> began_;
  event::SteadyTime stuck_since_{};
  std::uint64_t done_ = 0;
};

}  // namespace tributary::relay
