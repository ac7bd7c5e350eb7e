#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <vector>

#include "connectors/simulation/simulator.hpp"

namespace tributary::connectors::dlive {

/// A subscription socket to develop and test against: acknowledgement, keep-alive, subscriptions of many streamers, an
/// endless show of messages, and the habits of two servers. An event is written to those who subscribed to its
/// streamer. Throws std::invalid_argument for a behaviour or value that it does not know. Thread: io.
std::unique_ptr<Simulator> make_simulator(boost::asio::io_context& io, const SimulatorOptions& options);

std::vector<BehaviourDescription> simulator_behaviours();

}  // namespace tributary::connectors::dlive
