#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "event/channel.hpp"
#include "event/event.hpp"
#include "event/ledger.hpp"
#include "sinks/channel/breaker.hpp"
#include "sinks/channel/token_bucket.hpp"

namespace tributary::sinks::channel {

/// What all channel sinks have in common. Durations are of the steady clock.
struct QueueSettings {
  std::size_t memory = std::size_t{4} << 20U;    ///< bytes; at the limit the oldest that was never said is dropped
  std::chrono::milliseconds max_age{30'000};     ///< from `received_steady` to being said; 0: no limit
  std::chrono::milliseconds confirm_timeout{0};  ///< for the upstream's word; 0: it is awaited for ever
  unsigned resend = 0;                           ///< how often a message without the upstream's word is said again
  struct Rate {
    double per_second = 0;  ///< 0: no limit
    std::uint32_t burst = 1;
  } rate;  ///< of what is said, again or not; what is over it waits, and may grow too old
  BreakerSettings breaker;
  /// May the event be what this sink said, come round? Words that somebody said on a channel may; a tip or a follower
  /// may not. The breaker is told of the first kind alone and holds up that alone. None: any may.
  std::function<bool(const event::Event&)> may_come_round;
};

/// What waits for a channel, what was given to its connector, and what awaits the upstream's word: decided without a
/// lock, a thread or a clock. Answers for each event in its book.
///
/// A message is waiting → given (to the connector, until its report) → gone, or awaiting → gone or waiting again. Order
/// is that of arrival; one that comes back goes in front, and nothing is given for `after_returned` when it was not
/// even written. What was said at least once and then given up (its time ran out, the program stops, no more tries) is
/// booked as `sent`: it was handed over, nobody knows more. What was never said is dropped: `limit` when the queue is
/// full, `expired` when it is older than `max_age`, `refused`, `breaker` when what is said comes back, `stopped` at the
/// end.
///
/// At the limit the first to go are those that were said already, since nobody misses an alert by that; then the oldest
/// that was never said (it is the nearest to its end; or the new one, when it is larger than all that may wait). So
/// `memory` bounds everything but what the connector has in its hands at the moment.
///
/// What cannot come round passes the breaker by: it may overtake what waits for a trial's fate.
/// Owned by Outlet, which locks. Thread: any, one at a time.
class Queue {
 public:
  /// How long nothing is given after a message came back unwritten.
  static constexpr std::chrono::milliseconds after_returned{1'000};

  explicit Queue(const QueueSettings& settings)
      : settings_(settings), bucket_(settings.rate.per_second, settings.rate.burst), breaker_(settings.breaker) {}

  void offer(event::EventPtr event, event::SteadyTime now);
  /// One that is not for this sink: a notice, a dead letter, what a schema let drop.
  void offer_dropped(event::Dropped reason);
  void offer_notice();

  struct Given {
    std::uint64_t number = 0;
    unsigned attempt = 1;
    event::EventPtr event;
  };
  std::optional<Given> take(event::SteadyTime now);
  /// When `take` would give something, or something's time runs out; max(): nothing is there.
  event::SteadyTime due(event::SteadyTime now) const;
  /// A number that is not known any more is ignored.
  void report(std::uint64_t number, event::MessageResult result, event::SteadyTime now);
  /// What was given would only say what has come round; `message`: the one that came back, if that is certain.
  void came_round(std::uint64_t number, std::optional<std::uint64_t> message, event::SteadyTime now);
  /// What was given has nothing to say, or must not: it is dropped for this reason.
  void leave(std::uint64_t number, event::Dropped reason);
  /// What was never said, in order, as if it had never been offered: for the queue that takes this one's place.
  std::vector<event::EventPtr> take_unsaid();
  /// The same, of the one before this: in front of all that was offered here. Nothing was taken yet.
  void inherit(std::vector<event::EventPtr> unsaid);
  /// The breaker goes on where that of the queue before this stands. Nothing was taken yet.
  void inherit(const Breaker& before, event::SteadyTime now);
  /// A new connection: what came back from the last one may be given at once.
  void connected() { not_before_ = {}; }
  /// Nobody can say whether what is awaited arrived: its time stands still.
  void paused(bool paused, event::SteadyTime now);
  /// Drops what is too old; gives up on words that did not come.
  void look(event::SteadyTime now);
  /// Nothing more is given. What the connector has in its hands keeps its place in the book until its next report,
  /// which is taken for its last: it may be leaving the house at this moment.
  void stop();
  /// The end: nothing is left.
  void drop_rest();

  bool empty() const { return items_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// It had to drop something for its limit, and has not been below three quarters since.
  bool full() const { return full_; }
  const event::SinkLedger& ledger() const { return ledger_; }
  const Breaker& breaker() const { return breaker_; }
  std::vector<BreakerStanding> take_breaker_changes() { return breaker_.take_changes(); }

 private:
  enum class State : std::uint8_t { waiting, given, awaiting };
  struct Item {
    event::EventPtr event;
    std::size_t bytes = 0;
    State state = State::waiting;
    unsigned said = 0;  ///< how often it was handed to the socket
    bool may_come_round = true;
    event::SteadyTime confirm_by = event::SteadyTime::max();
  };
  using Items = std::map<std::uint64_t, Item>;

  Items::iterator enqueue(event::EventPtr event);
  bool may_come_round(const event::Event& event) const;
  event::SteadyTime expires_at(const event::Event& event) const;
  void make_room();
  void drop_for_breaker();
  const std::set<std::uint64_t>& givable() const;
  event::SteadyTime may_give_at() const;
  void enter(Items::iterator at, State state);
  void await(Items::iterator at, event::SteadyTime now);
  void say_again_or_end(Items::iterator at);
  void end(Items::iterator at, std::uint64_t& count);
  void drop(Items::iterator at, event::Dropped reason);
  void give_up(Items::iterator at, event::Dropped reason);

  const QueueSettings settings_;
  Items items_;                                                       ///< by number, which is the order of arrival
  std::set<std::uint64_t> waiting_;                                   ///< those that can be taken
  std::set<std::uint64_t> passing_;                                   ///< of these, those that the breaker lets pass
  std::set<std::pair<event::SteadyTime, std::uint64_t>> confirm_by_;  ///< those whose answer has a time
  std::set<std::uint64_t> said_;                                      ///< those that were said and are not given
  std::optional<event::SteadyTime> paused_at_;                        ///< nobody can answer since then
  event::SteadyTime not_before_{};                                    ///< nothing is given
  TokenBucket bucket_;
  Breaker breaker_;
  std::uint64_t numbers_ = 0;
  std::size_t bytes_ = 0;
  bool full_ = false;
  bool stopped_ = false;
  event::SinkLedger ledger_;
};

}  // namespace tributary::sinks::channel
