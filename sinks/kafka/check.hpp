#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "sinks/finding.hpp"
#include "sinks/kafka/config.hpp"

namespace tributary::sinks::kafka {

/// Why librdkafka would not make a producer of these settings, its files included; "" when it would, and when a secret
/// cannot be read. Asks nobody on the network. Thread: any.
std::string producer_fault(const Settings& settings);

/// Tries the sink's settings against its cluster: reaches it, logs in, looks for the topics, for what the access lists
/// say of writing to them, and whether an idempotent producer is allowed. Publishes nothing and creates nothing. What
/// could not be asked is told, too. Blocks for at most about `deadline`. Thread: any.
void check_connect(const Settings& settings, std::chrono::milliseconds deadline, const Told& tell);

}  // namespace tributary::sinks::kafka
