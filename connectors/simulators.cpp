#include "connectors/simulators.hpp"

#include <array>

#include "connectors/dlive/simulator.hpp"
#include "connectors/oha/simulator.hpp"
#include "connectors/stagecast/simulator.hpp"
#include "connectors/streamelements/simulator.hpp"
#include "connectors/users/simulator.hpp"

namespace tributary::connectors {

std::span<const SimulatorEntry> simulators() {
  static constexpr std::array entries{
      // one line each, also for who takes one away
      SimulatorEntry{"streamelements", streamelements::make_simulator, streamelements::simulator_behaviours},
      SimulatorEntry{"dlive", dlive::make_simulator, dlive::simulator_behaviours},
      SimulatorEntry{"oha", oha::make_simulator, oha::simulator_behaviours},
      SimulatorEntry{"stagecast", stagecast::make_simulator, stagecast::simulator_behaviours},
      SimulatorEntry{"users", users::make_simulator, users::simulator_behaviours},
  };
  return entries;
}

const SimulatorEntry* find_simulator(std::string_view name) {
  for (const SimulatorEntry& entry : simulators()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace tributary::connectors
