#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::relay {

constexpr std::size_t most_sinks = 64;
using Targets = std::bitset<most_sinks>;  ///< by the place of the sink in the composition

/// One line of `routes:`; an empty list means everything.
struct Route {
  std::vector<std::string> from;
  std::vector<std::string> types;
  Targets to;
};

/// The routes as one connector sees them. Immutable. Thread: any.
class RoutesFrom {
 public:
  RoutesFrom(const std::vector<Route>& routes, std::string_view connector);
  /// Every sink that gets an activity of this type; none: it is unrouted.
  Targets of(std::string_view type) const;
  /// Every sink that a route of this connector names: where its dead letters and state go.
  const Targets& any() const { return any_; }

 private:
  struct Typed {
    std::vector<std::string> types;  ///< sorted
    Targets to;
  };
  Targets always_, any_;
  std::vector<Typed> typed_;
};

}  // namespace tributary::relay
