#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/simulation/behaviours.hpp"
#include "connectors/simulation/history.hpp"
#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::streamelements {

/// How a simulated realtime socket behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings : StageSettings, HistorySettings {
  enum class Silence : std::uint8_t { never, open, join, authenticate, live };
  enum class Farewell : std::uint8_t { none, leave, close, reset };

  // the handshake
  int engine_io = 0;  ///< 3 or 4 only; 0: whichever is asked for
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds ping_timeout{5'000};
  bool upgrades = true;
  bool max_payload = false;
  bool deaf = false;  ///< speaks Engine.IO 3 whatever is asked, as socket.io 2.2.0 does
  Silence silence = Silence::never;

  // who may come in
  std::vector<std::string> tokens;  ///< empty: every token
  std::chrono::milliseconds token_lifetime{0};
  bool refusal_in_words = true;  ///< `unauthorized` with a message
  Farewell after_refusal = Farewell::none;
  std::string channel = "5eb8a1f0c2d3e4f5a6b7c8d9";

  // what goes wrong, counted from `authenticated`
  std::chrono::milliseconds farewell_after{0};
  Farewell farewell = Farewell::leave;
  std::chrono::milliseconds error_after{0};  ///< `44`
  bool mute = false;                         ///< answers no heartbeat

  // the show
  std::uint64_t duplicate_every = 0;
  std::uint64_t mock_every = 0;
  std::uint64_t test_every = 0;
  std::uint64_t ack_every = 0;
  bool updates = false;

  // the activities API
  std::uint16_t api_port = 0;              ///< 0: a free one
  std::chrono::milliseconds api_delay{0};  ///< until a request is answered
  std::uint64_t history_page = 500;        ///< gives no more at once, whatever is asked for

  /// Throws std::invalid_argument: an unknown name, or a value it cannot have.
  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::streamelements
