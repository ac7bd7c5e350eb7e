#pragma once

#include <cstdint>
#include <memory>

#include "config/settings.hpp"
#include "config/shared.hpp"

namespace tributary::event {
class MarkHolder;
}

namespace tributary::connectors {

/// What the settings of every connector are: its own keys, then `common.describe(fields, url)` at the end of its
/// describe(). A value, immutable after loading. Thread: any.
struct Settings : config::Described {
  config::ConnectorCommon common;
  std::uint32_t nesting = 64;  ///< `limits.nesting`, handed down by the daemon: not a key of the connector
  /// By which marks of relays are judged, handed down likewise; null: all of them are foreign.
  std::shared_ptr<const event::MarkHolder> marks;
};

/// The common part of settings, which keeps the whole alive.
inline config::Shared<config::ConnectorCommon> common_of(const std::shared_ptr<const Settings>& settings) {
  return config::Shared<config::ConnectorCommon>::part(settings, &Settings::common);
}

}  // namespace tributary::connectors
