#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::users {

/// A Users server to develop and test against: origins that are approved, refused or matched several times, a deaf
/// period, echoes, and the life of an account server in each form of its protocol, chosen by behaviours (see
/// `simulator_behaviours`). It never pings and never closes by itself.
/// Throws std::invalid_argument for a behaviour or value that it does not know. Thread: io.
std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options);

std::vector<BehaviourDescription> simulator_behaviours();

}  // namespace tributary::connectors::users
