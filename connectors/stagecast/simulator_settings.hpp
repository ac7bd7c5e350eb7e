#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/simulation/behaviours.hpp"
#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::stagecast {

/// How a simulated channel behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings : StageSettings {
  enum class Refusal : std::uint8_t { silence, close, drop, binary };

  std::string channel = "simulated-hall";
  std::vector<std::string> accounts;  ///< `email:password`; with no tokens either: everyone is let in
  std::vector<std::string> tokens;
  bool binary_ok = false;
  std::chrono::milliseconds ok_delay{0};  ///< the show goes on meanwhile
  std::uint64_t early = 0;                ///< broadcasts right before `ok`
  Refusal refusal = Refusal::silence;
  std::vector<std::string> shapes = {"A", "B", "C", "text"};
  bool wrap = true;  ///< what members send is passed on as shape A, else as it is

  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::stagecast
