#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expression/fault.hpp"
#include "expression/path.hpp"

namespace tributary::expression {

/// A field in a template, and what stands there for an event without it.
struct Gap {
  Path field;
  std::string otherwise = {};
};

using Part = std::variant<std::string, Gap>;

std::variant<std::vector<Part>, Fault> parse_template(std::string_view text);

}  // namespace tributary::expression
