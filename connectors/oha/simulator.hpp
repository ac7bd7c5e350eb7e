#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::oha {

/// A stream's chat to develop and test against: authentication in three ways, chat that goes to everybody who listens,
/// the server's pings, and everything that can go wrong.
/// Throws std::invalid_argument for a behaviour or value that it does not know. Thread: io.
std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options);

std::vector<BehaviourDescription> simulator_behaviours();

}  // namespace tributary::connectors::oha
