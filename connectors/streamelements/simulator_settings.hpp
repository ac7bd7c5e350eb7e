#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/simulator.hpp"

namespace tributary::connectors::streamelements {

/// How a simulated realtime socket behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings {
  enum class Silence : std::uint8_t { never, tcp, open, join, authenticate, live };
  enum class Goodbye : std::uint8_t { none, leave, close, reset };

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
  Goodbye after_refusal = Goodbye::none;
  std::string channel = "5eb8a1f0c2d3e4f5a6b7c8d9";

  // what goes wrong, counted from `authenticated`
  std::chrono::milliseconds goodbye_after{0};
  Goodbye goodbye = Goodbye::leave;
  std::chrono::milliseconds error_after{0};  ///< `44`
  bool mute = false;                         ///< answers no heartbeat

  // the show
  bool people = true;  ///< lulls and bursts around the rate; else even
  bool broadcast = false;
  std::uint64_t burst = 0;
  std::uint64_t duplicate_every = 0;
  std::uint64_t mock_every = 0;
  std::uint64_t test_every = 0;
  std::uint64_t binary_every = 0;
  std::uint64_t garbage_every = 0;
  std::uint64_t ack_every = 0;
  std::uint64_t oversize_after = 0;
  bool updates = false;
  std::uint64_t segment_bytes = 0;  ///< TCP segments to the client of at most so many bytes

  /// Throws std::invalid_argument: an unknown name, or a value it cannot have.
  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::streamelements
