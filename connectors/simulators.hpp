#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors {

/// The simulator of one kind of upstream, named like its connector. Not part of a program that is built with
/// TRIBUTARY_SIMULATORS=OFF.
struct SimulatorEntry {
  std::string_view name;
  /// An upstream of this kind to develop against. Throws std::invalid_argument for a behaviour that it does not know.
  std::unique_ptr<Simulator> (*make)(boost::asio::io_context& io, const SimulatorOptions& options);
  std::vector<BehaviourDescription> (*behaviours)();  ///< what it can be asked to do
};

/// Every simulator there is: one line each, in the order of the registry of connectors.
std::span<const SimulatorEntry> simulators();
/// Null for an unknown name.
const SimulatorEntry* find_simulator(std::string_view name);

}  // namespace tributary::connectors
