#pragma once

#include "connectors/registry.hpp"

namespace tributary::connectors::stagecast {

/// The registry's line: `type: stagecast`.
Entry entry();

}  // namespace tributary::connectors::stagecast
