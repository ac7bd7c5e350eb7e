#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/behaviours.hpp"
#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::users {

/// How a simulated Users server behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings : StageSettings {
  enum class Form : std::uint8_t { lists, single, newer };  ///< v0.2.2, v0.3, v0.3.3 and later

  std::vector<std::string> origins;  ///< patterns with `*`; empty: every origin, also none
  std::vector<std::string> keys;     ///< of `users-api-key`; empty: none is asked for
  std::chrono::milliseconds deaf{0};
  std::uint64_t copies = 0;      ///< 0: as many as patterns match
  std::uint64_t lose_every = 0;  ///< of so many broadcasts one is not heard; 0: none
  Form form = Form::lists;
  std::string label = "simulated-accounts";

  /// How many patterns the origin matches: how often everything is said to it. 0: refused.
  std::uint64_t handlers(std::string_view origin) const;

  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::users
