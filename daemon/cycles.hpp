#pragma once

#include <string>
#include <vector>

#include "config/settings.hpp"

namespace tributary::daemon {

/// A channel sink through which events can come round: what it says is heard on a channel whose events lead, by the
/// routes of this configuration alone, back to where they were heard first.
struct Cycle {
  std::string sink;
  std::vector<std::string> way;  ///< hall, desk-echo, desk, hall-screen, hall: connector, sink, …, connector
  bool marked = false;           ///< every sink on the way says envelopes: our own mark stops what comes round
};

/// Each channel sink that lies on such a way, once, with the shortest way back. Conditions and types are not looked
/// into: a route may take what came round.
std::vector<Cycle> cycles_of(const config::Settings& settings);

/// Channel sinks to which routes lead from their own channel alone: nothing is ever said there.
struct Deaf {
  std::string sink;
  std::string connector;  ///< one of those from which they lead
};
std::vector<Deaf> deaf_sinks_of(const config::Settings& settings);

}  // namespace tributary::daemon
