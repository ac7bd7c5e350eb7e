#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "expression/comparison.hpp"
#include "expression/fault.hpp"

namespace tributary::expression {

/// A condition as it is read, before it is compiled. Never deeper than nesting_limit allows. A value. Thread: any.
struct Node {
  enum class Kind : std::uint8_t { comparison, all, any, negation };
  Kind kind = Kind::comparison;
  std::vector<Node> of = {};  ///< all, any: two or more; negation: one
  std::optional<Comparison> comparison = std::nullopt;
};

std::variant<Node, Fault> parse_condition(std::string_view text);
std::string text_of(const Node& node);

}  // namespace tributary::expression
