#pragma once

#include "sinks/registry.hpp"

namespace tributary::sinks::kafka {

/// The registry's line: `type: kafka`.
Entry entry();

}  // namespace tributary::sinks::kafka
