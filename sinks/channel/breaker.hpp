#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "event/event.hpp"

namespace tributary::sinks::channel {

/// Of the messages that it is told of: closed: what is offered is said. open: nothing is. half_open: one is tried.
enum class BreakerState : std::uint8_t { closed, open, half_open };
std::string_view name(BreakerState state) noexcept;

struct BreakerSettings {
  double echo_share = 0;  ///< of what was said within `window`, the share that opens it; 0: there is no breaker
  std::chrono::milliseconds window{10'000};
  std::chrono::milliseconds open_for{60'000};
};

/// Where it stands, for logs and the status.
struct BreakerStanding {
  BreakerState state = BreakerState::closed;
  std::size_t said = 0;   ///< messages within `window`
  std::size_t heard = 0;  ///< of these, those that came back
  /// open: how long it stays so, from when it opened
  std::chrono::milliseconds open_for{0};
  bool inherited = false;  ///< it has not changed: it stood so in the sink before this one; `open_for` from now on
};

/// Keeps a message from going round and round: when too much of what a sink says comes back, it says nothing more of
/// the kind for a while: of what may have come round, which is all that this is told of (QueueSettings). With at least
/// `least_said` messages said within `window`, so that a single echo opens nothing, it opens as soon as the share of
/// those that came back is `echo_share` or more. After `open_for` it is half open: one message is tried. One that has
/// not come back within `window` closes it; one that has opens it again, for twice as long as before, at most `longest`
/// times `open_for`. Pure. Owned by Queue.
class Breaker {
 public:
  static constexpr std::size_t least_said = 3;
  static constexpr int longest = 8;
  static constexpr std::size_t most_remembered = 4'096;  ///< messages; then the oldest is forgotten

  explicit Breaker(const BreakerSettings& settings) : settings_(settings), open_for_(settings.open_for) {}

  /// Is a message let through at this moment? Half open: one is, until its fate is known.
  bool lets_through() const;
  /// What is offered is to be dropped.
  bool is_open() const { return state_ == BreakerState::open; }
  /// Goes on where this one stands, which another sink had in this place: so a reload neither ends what it holds up nor
  /// forgets what came back. A trial that is under way there is made again here. `open_for` is the own one, with as
  /// many doublings. Of messages only the count is taken over. Call it before anything was let through.
  void take_over(const Breaker& before, event::SteadyTime now);
  /// A message was let through.
  void given(std::uint64_t number);
  void said(std::uint64_t number, event::SteadyTime now);
  /// It was not said, after all.
  void unsaid(std::uint64_t number);
  /// It came back. One that was said longer ago than `window` is ignored.
  void heard(std::uint64_t number, event::SteadyTime now);
  /// Time has passed.
  void look(event::SteadyTime now);
  /// When `look` changes something by itself; max(): never.
  event::SteadyTime deadline() const;

  BreakerStanding standing() const;
  /// Each change of state since the last call, in order.
  std::vector<BreakerStanding> take_changes();

 private:
  struct Said {
    std::uint64_t number = 0;
    event::SteadyTime at;
    bool heard = false;
  };
  void enter(BreakerState state);
  void open(event::SteadyTime now);

  const BreakerSettings settings_;
  BreakerState state_ = BreakerState::closed;
  std::deque<Said> said_;  ///< within `window`, in order of time
  std::size_t heard_ = 0;
  std::optional<std::uint64_t> trial_;
  std::chrono::milliseconds open_for_;  ///< of the next opening
  event::SteadyTime until_ = event::SteadyTime::max();
  std::vector<BreakerStanding> changes_;
};

}  // namespace tributary::sinks::channel
