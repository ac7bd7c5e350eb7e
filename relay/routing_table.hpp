#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "event/ports.hpp"
#include "relay/routes.hpp"
#include "schema/schema.hpp"

namespace tributary::relay {

enum class OnFailure : std::uint8_t { dead_letter, drop, forward };

/// One sink as the pipeline sees it.
struct Target {
  std::shared_ptr<event::Outlet> outlet;
  /// While it is full the connectors that feed it stop reading. A channel sink never pauses anybody: it drops.
  bool pauses = true;
  std::string connector = {};  ///< whose connection a channel sink speaks on: nothing of its own goes there
  /// The channel that it speaks on, as events of that channel carry it: nothing of the channel goes there, whichever
  /// way it came.
  std::string source = {}, channel = {};
  std::optional<schema::Schema> schema = {};  ///< none: nothing is validated
  bool is_marker = false;                     ///< its schema is the marker, which is checked anyway
  OnFailure on_failure = OnFailure::dead_letter;
};

/// Where events go: replaced as a whole when the configuration changes. Immutable. Thread: any.
struct RoutingTable {
  std::vector<Target> targets;  ///< at most `most_sinks`
  std::vector<Route> routes;    ///< their `to` are places in `targets`
};
using RoutingTablePtr = std::shared_ptr<const RoutingTable>;

}  // namespace tributary::relay
