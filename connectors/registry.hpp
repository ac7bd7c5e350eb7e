#pragma once

#include <span>
#include <string_view>

#include "connectors/entry.hpp"

namespace tributary::connectors {

/// Every kind there is.
std::span<const Entry> registry();
/// Null for an unknown name.
const Entry* find(std::string_view name);

}  // namespace tributary::connectors
