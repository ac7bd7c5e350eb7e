#pragma once

#include "connectors/registry.hpp"

namespace tributary::connectors::users {

/// The registry's line: `type: users`.
Entry entry();

}  // namespace tributary::connectors::users
