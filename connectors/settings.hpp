#pragma once

#include <cstdint>

#include "config/settings.hpp"

namespace tributary::connectors {

/// What the settings of every connector are: its own keys, then `common.describe(fields)` at the end of its describe().
/// A value, immutable after loading. Thread: any.
struct Settings : config::Described {
  config::ConnectorCommon common;
  std::uint32_t nesting = 64;  ///< `limits.nesting`, handed down by the daemon: not a key of the connector
};

}  // namespace tributary::connectors
