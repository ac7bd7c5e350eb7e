#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::connectors {

/// One event as a simulator has written it to a socket.
struct WrittenEvent {
  std::string_view id;    ///< as the canonical `_id` will be; "" where the upstream names no event
  std::string_view json;  ///< what the upstream calls the event, as written; lives during the call
  event::WallTime when;
};

struct SimulatorOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;                         ///< 0: a free one
  std::uint64_t seed = 1;                         ///< the same seed, the same events
  double rate = 10;                               ///< events per second over all connections; 0: none of its own accord
  std::uint64_t count = 0;                        ///< stop writing after so many; 0: never
  std::map<std::string, std::string> behaviours;  ///< by name, see BehaviourDescription; unknown ones are refused
  std::string certificate;                        ///< PEM; with `key`: TLS
  std::string key;
  std::function<void(const WrittenEvent&)> written;  ///< each event, after it was given to the socket
};

/// One line of `tributary simulate <connector> --help`.
struct BehaviourDescription {
  std::string_view name;
  std::string_view value;  ///< e.g. "N", "DURATION", "on|off"
  std::string_view text;
};

/// An upstream to develop and test against. Owned by the caller; must end before its io_context. Thread: io.
class Simulator {
 public:
  virtual ~Simulator() = default;
  /// Listens. Throws std::system_error when the port cannot be had, std::invalid_argument for a bad behaviour.
  virtual void start() = 0;
  /// Ends every connection and stops listening.
  virtual void stop() = 0;
  virtual std::uint16_t port() const = 0;
  /// What to put at `url:` of a connector.
  virtual std::string url() const = 0;
  /// The settings of a connector that listens to all of it, as a YAML flow map: `{type: …, url: "…", …}`.
  virtual std::string connector_yaml() const = 0;
  /// Where a client hears what other clients say to everybody, and nothing of the show; "" where they say nothing to
  /// each other.
  virtual std::string listener_url() const = 0;
  /// Writes no event of its own accord any more; connections and conversations go on.
  virtual void end_show() = 0;
  /// Events given to sockets so far.
  virtual std::uint64_t events_written() const = 0;
  /// One line for people at the end: connections, frames, events by kind.
  virtual std::string account() const = 0;

 protected:
  Simulator() = default;
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;
};

}  // namespace tributary::connectors
