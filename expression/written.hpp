#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace tributary::expression {

/// The number as `json` (valid JSON) writes it, reached by the place of each member or item: what a parsed tree has of
/// 4.20 is 4.2. Empty when no number stands there.
std::string_view written_number(std::string_view json, std::span<const std::size_t> places);

}  // namespace tributary::expression
