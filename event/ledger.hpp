#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tributary::event {

/// Why a connector did not pass an event on.
enum class Ignored : std::uint8_t { test, state, own_echo, loop, count };
std::string_view name(Ignored reason) noexcept;

/// Why a sink let an event go. A drop always has a reason.
enum class Dropped : std::uint8_t {
  validation,          ///< `on_failure: drop`
  dead_letter_off,     ///< it would be a dead letter, and `topics.dead_letter` is ""
  dead_letter_failed,  ///< its dead letter could not be produced
  stopped,             ///< still unacknowledged when `stop_timeout` was over
  limit,               ///< the sink was full and its policy dropped it
  write_failed,        ///< a file or terminal refused it
  topic_off,           ///< the sink names no topic for this kind of event
  denied,              ///< its topic was missing or forbidden until the end
  expired,             ///< a channel sink: older than `max_age` before it could be said
  refused,             ///< a channel sink: the upstream refused it, or takes nothing from us
  empty,               ///< a channel sink: its template makes an empty text of it
  breaker,             ///< a channel sink: what it says comes back, so it says nothing for a while
  spool_lost,          ///< it lay on disk, and its file was destroyed while it was in use
  count
};
std::string_view name(Dropped reason) noexcept;
/// Is such a drop a loss, and not what the configuration asks for? Then the program says so and ends with 1.
bool is_loss(Dropped reason) noexcept;

template <class Reason>
using Tally = std::array<std::uint64_t, static_cast<std::size_t>(Reason::count)>;

template <class Counts>
std::uint64_t sum(const Counts& counts) {
  std::uint64_t total = 0;
  for (auto count : counts) total += count;
  return total;
}

/// One connector's book. `events = duplicate + Σignored + unrouted + accepted`, `frames = control + malformed +
/// carrying`.
struct ConnectorLedger {
  std::uint64_t frames = 0, control = 0, malformed = 0, carrying = 0;
  std::uint64_t events = 0, duplicate = 0, unrouted = 0, accepted = 0;
  Tally<Ignored> ignored{};
  // beside the book
  std::uint64_t unknown = 0;      ///< frames of a kind this protocol version does not know, part of control
  std::uint64_t updates = 0;      ///< accepted with relay.update
  std::uint64_t repaired = 0;     ///< invalid UTF-8 bytes replaced
  std::uint64_t connections = 0;  ///< times the upstream was live
  std::uint64_t gaps = 0;         ///< `gap` events: spans in which a channel may have said something unheard
  bool balances() const {
    return events == duplicate + sum(ignored) + unrouted + accepted && frames == control + malformed + carrying;
  }
  ConnectorLedger& operator+=(const ConnectorLedger& other);
};

/// One sink's book: `offered + recovered = delivered + sent + dead_lettered + Σdropped + in_flight + spooled`.
/// Notices (the relay's own events) are kept apart, so that offered is what connectors accepted for this sink plus the
/// dead letters of malformed frames.
struct SinkLedger {
  std::uint64_t offered = 0, recovered = 0;
  std::uint64_t delivered = 0, sent = 0, dead_lettered = 0, in_flight = 0, spooled = 0;
  Tally<Dropped> dropped{};
  // beside the book
  std::uint64_t notices = 0, notices_delivered = 0, notices_dropped = 0;
  std::uint64_t replayed = 0;  ///< records produced again
  std::uint64_t clamped = 0;   ///< record timestamps brought within the broker's window
  std::uint64_t dead_letter_failed = 0;
  bool balances() const {
    return offered + recovered == delivered + sent + dead_lettered + sum(dropped) + in_flight + spooled;
  }
  /// Of what was offered, what this run will not deliver although the configuration asks for it.
  std::uint64_t lost() const;
  SinkLedger& operator+=(const SinkLedger& other);
};

}  // namespace tributary::event
