#pragma once

#include "connectors/registry.hpp"

namespace tributary::connectors::oha {

/// The registry's line: `type: oha`.
Entry entry();

}  // namespace tributary::connectors::oha
