#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "event/event.hpp"

namespace tributary::connectors::dlive {

/// The subscriptions of one connection: what is wanted, what runs under which id, and what failed and waits. Each has a
/// life of its own: one that fails is tried again after 1 s, 2 s, 4 s … 60 s, and parked after `limit` tries in a row
/// until the next connection; a try that lasted 30 s or brought something ends the row.
/// Pure. Owner: one protocol. Thread: its owner's.
class Subscriptions {
 public:
  struct Subscription {
    std::string streamer;
    bool chest = false;    ///< treasureChestMessageReceived rather than streamMessageReceived
    std::uint64_t id = 0;  ///< running under this id; 0: not running
    std::uint32_t failures = 0;
    bool parked = false;
    event::SteadyTime started{};
    event::SteadyTime retry_at = event::SteadyTime::max();
  };

  explicit Subscriptions(std::uint32_t limit) : limit_(limit) {}

  /// What is wanted. What runs and is wanted no more is stopped; what is new is started, when the connection is up.
  void want(const std::vector<std::string>& streamers, bool chests, event::SteadyTime now, Outcome& outcome);
  void set_limit(std::uint32_t limit) { limit_ = limit; }
  /// A new connection, not yet acknowledged: nothing runs, ids begin at 1, nothing is parked.
  void reset();
  /// The connection is acknowledged: starts everything.
  void start_all(event::SteadyTime now, Outcome& outcome);

  /// Whose frame this is; null when nobody's. Without an id: the only one that runs and has this field (`chest`).
  Subscription* find(std::string_view id, bool chest);
  /// Whether an id has been given out on this connection.
  bool knows(std::string_view id) const;
  /// It has brought something.
  static void heard(Subscription& subscription) { subscription.failures = 0; }
  /// It failed, or ended unasked: it is tried again or parked, and a person is told.
  void failed(Subscription& subscription, std::string_view words, event::SteadyTime now, Outcome& outcome);

  event::SteadyTime deadline() const;
  void tick(event::SteadyTime now, Outcome& outcome);

 private:
  void start(Subscription& subscription, event::SteadyTime now, Outcome& outcome);

  std::uint32_t limit_;
  std::vector<Subscription> list_;
  std::uint64_t last_id_ = 0;
  bool up_ = false;
};

}  // namespace tributary::connectors::dlive
