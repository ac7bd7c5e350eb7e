#pragma once

#include "connectors/registry.hpp"

namespace tributary::connectors::dlive {

/// The registry's line: `type: dlive`.
Entry entry();

}  // namespace tributary::connectors::dlive
