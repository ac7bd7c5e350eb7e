#include "relay/routes.hpp"

#include <algorithm>

namespace tributary::relay {

RoutesFrom::RoutesFrom(const std::vector<Route>& routes, std::string_view connector) {
  for (const auto& route : routes) {
    const bool mine =
        route.from.empty() || std::find(route.from.begin(), route.from.end(), connector) != route.from.end();
    if (!mine) continue;
    any_ |= route.to;
    if (route.types.empty()) {
      always_ |= route.to;
    } else {
      typed_.push_back({route.types, route.to});
      std::sort(typed_.back().types.begin(), typed_.back().types.end());
    }
  }
}

Targets RoutesFrom::of(std::string_view type) const {
  Targets targets = always_;
  for (const auto& typed : typed_) {
    if (std::binary_search(typed.types.begin(), typed.types.end(), type)) targets |= typed.to;
  }
  return targets;
}

}  // namespace tributary::relay
