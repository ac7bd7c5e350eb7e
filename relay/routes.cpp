#include "relay/routes.hpp"

#include <algorithm>

#include "expression/reading.hpp"

namespace tributary::relay {

bool RoutesFrom::Line::takes(std::string_view type) const {
  return types.empty() || std::binary_search(types.begin(), types.end(), type);
}

RoutesFrom::RoutesFrom(const std::vector<Route>& routes, std::string_view connector, const Targets& never) {
  for (const auto& route : routes) {
    const bool mine =
        route.from.empty() || std::find(route.from.begin(), route.from.end(), connector) != route.from.end();
    if (!mine) continue;
    Line line{route.types, route.to & ~never, route.where};
    std::sort(line.types.begin(), line.types.end());
    any_ |= line.to;
    if (line.where) {
      asking_.push_back(std::move(line));
    } else if (line.types.empty()) {
      always_ |= line.to;
    } else {
      typed_.push_back(std::move(line));
    }
  }
}

Targets RoutesFrom::of(std::string_view type) const {
  Targets targets = always_;
  for (const Line& line : typed_) {
    if (line.takes(type)) targets |= line.to;
  }
  for (const Line& line : asking_) {
    if (line.takes(type)) targets |= line.to;
  }
  return targets;
}

bool RoutesFrom::asks(std::string_view type) const {
  return std::any_of(asking_.begin(), asking_.end(), [&](const Line& line) { return line.takes(type); });
}

Targets RoutesFrom::of(std::string_view type, const schema::Document& event) const {
  Targets targets = always_;
  for (const Line& line : typed_) {
    if (line.takes(type)) targets |= line.to;
  }
  expression::Reading reading(event);
  for (const Line& line : asking_) {
    const bool adds = (line.to & ~targets).any();  // a sink that gets it already is not asked for again
    if (adds && line.takes(type) && line.where->holds(reading)) targets |= line.to;
  }
  return targets;
}

}  // namespace tributary::relay
