#include "daemon/routes_of.hpp"

#include <algorithm>
#include <utility>

#include "config/load.hpp"
#include "relay/where.hpp"

namespace tributary::daemon {

std::vector<relay::Route> routes_of(const config::Settings& settings) {
  std::vector<relay::Route> routes;
  for (const auto& written : settings.routes) {
    relay::Route route{written.from, written.types, {}, relay::where(written.where)};
    for (std::size_t i = 0; i < settings.sinks.size(); ++i) {
      for (const auto& to : written.to) {
        if (to == settings.sinks[i].name) route.to.set(i);
      }
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

std::string place_of(const config::NamedSettings& sink) {
  const auto values = config::values_of(sink);
  std::string place = sink.type;
  for (const auto* key : {"path", "brokers", "topics.events"}) {
    if (const auto found = values.find(key); found != values.end()) place += '\n' + found->second;
  }
  return place;
}

std::size_t connectors_feeding(const config::Settings& settings, const std::vector<relay::Route>& routes,
                               std::size_t sink) {
  return static_cast<std::size_t>(
      std::count_if(settings.connectors.begin(), settings.connectors.end(), [&](const auto& connector) {
        return connector.enabled && relay::RoutesFrom(routes, connector.name).any()[sink];
      }));
}

}  // namespace tributary::daemon
