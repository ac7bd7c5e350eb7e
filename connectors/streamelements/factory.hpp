#pragma once

#include "connectors/registry.hpp"

namespace tributary::connectors::streamelements {

/// The registry's line: `type: streamelements`.
Entry entry();

}  // namespace tributary::connectors::streamelements
