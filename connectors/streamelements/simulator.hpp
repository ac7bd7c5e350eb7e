#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::streamelements {

/// A realtime socket to develop and test against: handshake, authentication and heartbeat of Socket.IO on Engine.IO 3
/// and 4, an endless show of events, and everything that can go wrong, chosen by behaviours (see
/// `simulator_behaviours`). Events go to authenticated sockets only.
/// Throws std::invalid_argument for a behaviour or value that it does not know. Thread: io.
std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options);

std::vector<BehaviourDescription> simulator_behaviours();

}  // namespace tributary::connectors::streamelements
