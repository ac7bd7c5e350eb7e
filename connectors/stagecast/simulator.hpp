#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::stagecast {

/// An event channel to develop and test against: accounts and tokens, broadcasts between its members, direct messages,
/// the notices of a platform, and everything that can go wrong, chosen by behaviours (see `simulator_behaviours`).
/// The show is written to every socket from its opening on: listening needs no account.
/// Throws std::invalid_argument for a behaviour or value that it does not know. Thread: io.
std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options);

std::vector<BehaviourDescription> simulator_behaviours();

}  // namespace tributary::connectors::stagecast
