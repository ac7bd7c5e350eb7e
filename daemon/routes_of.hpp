#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "relay/routes.hpp"

namespace tributary::daemon {

/// The routes of the file, by the places of sinks in it.
std::vector<relay::Route> routes_of(const config::Settings& settings);

/// Where a sink writes: two of the same place must not write at the same time.
std::string place_of(const config::NamedSettings& sink);

/// How many connectors have a route to the sink at this place.
std::size_t connectors_feeding(const config::Settings& settings, const std::vector<relay::Route>& routes,
                               std::size_t sink);

}  // namespace tributary::daemon
