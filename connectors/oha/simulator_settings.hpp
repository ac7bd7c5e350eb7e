#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/simulation/behaviours.hpp"

namespace tributary::connectors::oha {

/// How a simulated stream's chat behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings : StageSettings {
  std::vector<std::string> tokens;             ///< that are known; empty: every one
  std::vector<std::string> streams;            ///< keys that are live; others get 403. empty: all are
  int refuse = 0;                              ///< 403 or 500 to every upgrade; 0: nobody
  bool greet = true;                           ///< says `auth` after connecting
  std::uint64_t exception_after = 0;           ///< 1011 after so many events of a client's life
  std::uint64_t unknown_every = 20;            ///< each Nth event is of a type without a name here
  std::uint64_t error_every = 0;               ///< after each N events an `error`
  std::uint64_t refuse_chat_every = 0;         ///< each Nth message of a client gets an `error` and reaches nobody
  bool echo = true;                            ///< who says something is shown it like everybody
  std::chrono::milliseconds chat_delay{0};     ///< from hearing a message to what comes of it
  std::chrono::milliseconds ping_interval{0};  ///< the server's own pings; 0: none
  std::chrono::milliseconds pong_timeout{30'000};

  /// Throws std::invalid_argument: an unknown name, or a value it cannot have.
  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::oha
