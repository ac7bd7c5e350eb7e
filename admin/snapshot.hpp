#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "event/event.hpp"
#include "event/ledger.hpp"
#include "event/standing.hpp"
#include "net/reason.hpp"
#include "net/session.hpp"

namespace tributary::admin {

/// Everything that is shown of the running program, as it stood at one moment: `/metrics`, `/status`, `/readyz` and the
/// page are made from this alone, so that they never contradict each other. Values, without secrets: no path, no user
/// of a URL. What is not known is empty. Ages and spans are as of `taken`.

/// One channel of a connector's live connection.
struct ChannelView {
  std::string channel;                  ///< `relay.upstreamChannel`
  std::chrono::milliseconds silence{};  ///< since its last event, or since it is listened to
};

struct ConnectorView {
  std::string name, type;
  net::State state = net::State::parked;
  std::chrono::milliseconds state_for{};               ///< since it entered the state
  std::optional<std::chrono::milliseconds> dial_in;    ///< waiting, parked: until the next attempt
  net::Reason reason = net::Reason::none;              ///< why it is not live
  std::string detail;                                  ///< the same in words
  bool needs_person = false;                           ///< it will not recover by itself
  bool paused = false;                                 ///< reading is stopped: a sink is full
  std::string upstream;                                ///< scheme, host, port of the last dial
  std::vector<ChannelView> channels;                   ///< live: what is listened to
  std::optional<std::chrono::milliseconds> frame_age;  ///< since its last frame in this run
  std::optional<std::chrono::milliseconds> event_age;  ///< since its last event in this run
  std::optional<event::WallTime> credential_expires;   ///< of a token that says so
  std::uint64_t dials = 0;                             ///< attempts in this run
  event::ConnectorLedger ledger;                       ///< `connections`: the times it was live; `gaps`
  std::vector<std::uint64_t> endings;                  ///< by net::Reason: attempts and lives that ended for it
};

using BrokerView = event::BrokerStanding;
using HistogramView = event::Histogram;

struct SinkView {
  std::string name, type;
  std::string connector;  ///< a channel sink: the connector on whose connection it speaks
  event::SinkLedger ledger;
  std::uint64_t held = 0, memory = 0;                    ///< bytes in memory, and its bound
  bool full = false;                                     ///< at its bound
  std::optional<std::chrono::milliseconds> oldest_age;   ///< of its oldest event that is not finished
  std::optional<std::uint64_t> spool_bytes, spool_size;  ///< on disk and its bound; none: it has no spool
  std::string failing;                                   ///< why it writes nothing now, or its disk fails; else empty
  std::vector<std::string> parked;                       ///< topics that the broker refuses
  std::string breaker;                                   ///< a channel sink: closed, open, half_open
  std::uint64_t copies = 0;                              ///< how often somebody on the channel repeated it
  HistogramView latency;                                 ///< frame read → acknowledged
  std::vector<BrokerView> brokers;
};

/// How often a word of the log was written at one level.
struct LogEventView {
  std::string word, level;
  std::uint64_t count = 0;
};

/// The last time that the configuration was read while running.
struct ReloadView {
  event::WallTime at{};
  bool applied = false;
  std::string words;  ///< what changed, or why nothing did
};

struct Snapshot {
  event::WallTime taken{};
  std::string version, run, instance;
  std::string file;  ///< the configuration's
  event::WallTime started{};
  std::vector<std::string> stalled;  ///< loops that do not advance; empty: all do
  bool stopping = false;
  std::vector<ConnectorView> connectors;
  std::vector<SinkView> sinks;
  std::vector<LogEventView> log_events;
  std::optional<ReloadView> reload;
};

/// How many of its connectors are live.
std::size_t live_connectors(const Snapshot& snapshot);

}  // namespace tributary::admin
