#include "expression/condition_tree.hpp"

namespace tributary::expression {
namespace {

std::string text_of_operand(const Operand& operand) {
  const auto* path = std::get_if<Path>(&operand);
  return path != nullptr ? text_of(*path) : std::get<Literal>(operand).text();
}

std::string joined(const Node& node, std::string_view word) {
  std::string out;
  for (const Node& part : node.of) {
    if (!out.empty()) out += word;
    const bool looser = part.kind == Node::Kind::any || part.kind == node.kind;  // a list in a list of its own kind
    out += looser ? "(" + text_of(part) + ")" : text_of(part);
  }
  return out;
}

}  // namespace

std::string text_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::all:
      return joined(node, " and ");
    case Node::Kind::any:
      return joined(node, " or ");
    case Node::Kind::negation:
      if (node.of.front().kind == Node::Kind::comparison) return "not " + text_of(node.of.front());
      return "not (" + text_of(node.of.front()) + ")";
    case Node::Kind::comparison:
      break;
  }
  const auto& [left, how, right] = *node.comparison;
  return text_of_operand(left) + " " + std::string(sign_of(how)) + " " + text_of_operand(right);
}

}  // namespace tributary::expression
