#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/telemetry.hpp"
#include "net/reason.hpp"
#include "net/session.hpp"
#include "sinks/channel/breaker.hpp"

namespace tributary::daemon {

/// How one connector stands at a moment. A value.
struct ConnectorStanding {
  std::string name;
  net::State state = net::State::parked;
  net::Reason reason = net::Reason::none;  ///< why it is not live
  bool paused = false;                     ///< reading is stopped: a sink is full
  std::uint64_t events = 0, malformed = 0, unrouted = 0;
  std::optional<std::chrono::steady_clock::duration> quiet;  ///< since its last event; none yet: nothing
  std::string silent_channel;                                ///< of its channels the one that is silent for longest
  std::chrono::steady_clock::duration silence{0};            ///< for how long
};

/// How one sink stands. A value.
struct SinkStanding {
  std::string name;
  std::uint64_t delivered = 0, sent = 0, waiting = 0;  ///< sent: handed over, and nobody says whether it arrived
  bool channel = false;                                ///< it speaks on the connection of a connector
  sinks::channel::BreakerState breaker = sinks::channel::BreakerState::closed;
  std::uint64_t copies = 0;  ///< how often somebody on the channel repeated it, since it was made
};

/// "1 sink", "2 sinks".
std::string counted(std::size_t count, const std::string& noun);

/// `4 of 5 connectors are live`.
std::string headline(const std::vector<ConnectorStanding>& connectors);

/// `4 of 5 connectors are live: hall waiting (connect_refused), 0 events; main-stage live, 12 events, the last 3 s ago;
/// … | sinks: events 12 delivered, 0 waiting; hall-screen 7 sent, 0 waiting, breaker open`. What is not live comes
/// first; of very many, only some are named.
std::string status_line(const std::vector<ConnectorStanding>& connectors, const std::vector<SinkStanding>& sinks);

/// Logs that line, with its sums as numbers. Thread: any.
void report(Telemetry& telemetry, const std::vector<ConnectorStanding>& connectors,
            const std::vector<SinkStanding>& sinks);

}  // namespace tributary::daemon
