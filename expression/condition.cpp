#include "expression/condition.hpp"

#include <utility>
#include <vector>

#include "expression/condition_tree.hpp"

namespace tributary::expression {
namespace {

constexpr std::size_t yes = static_cast<std::size_t>(-1);
constexpr std::size_t no = static_cast<std::size_t>(-2);

/// A comparison, and where its answer leads: to another one, or to the end.
struct Turn {
  Question question;
  std::size_t if_so = yes;
  std::size_t if_not = no;
};

/// Appends what asks `node`, from its last comparison to its first, so that each knows where the next one stands; where
/// it begins.
std::size_t compile(const Node& node, std::size_t if_so, std::size_t if_not, std::vector<Turn>& turns) {
  switch (node.kind) {
    case Node::Kind::negation:
      return compile(node.of.front(), if_not, if_so, turns);
    case Node::Kind::all:
      for (auto part = node.of.rbegin(); part != node.of.rend(); ++part) if_so = compile(*part, if_so, if_not, turns);
      return if_so;
    case Node::Kind::any:
      for (auto part = node.of.rbegin(); part != node.of.rend(); ++part) if_not = compile(*part, if_so, if_not, turns);
      return if_not;
    case Node::Kind::comparison:
      break;
  }
  turns.push_back({Question(*node.comparison), if_so, if_not});
  return turns.size() - 1;
}

}  // namespace

struct Condition::Program {
  explicit Program(Node read) : node(std::move(read)), first(compile(node, yes, no, turns)) {}
  Program(const Program&) = delete;  // the turns point into the node
  Program& operator=(const Program&) = delete;

  const Node node;
  std::vector<Turn> turns;
  std::size_t first;
};

std::variant<Condition, Fault> Condition::parse(std::string_view text) {
  auto parsed = parse_condition(text);
  if (auto* fault = std::get_if<Fault>(&parsed)) return std::move(*fault);
  return Condition(std::make_shared<Program>(std::get<Node>(std::move(parsed))));
}

bool Condition::holds(const schema::Document& event) const {
  Reading reading(event);
  return holds(reading);
}

bool Condition::holds(Reading& event) const {
  std::size_t at = program_->first;
  while (at != yes && at != no) {
    const Turn& turn = program_->turns[at];
    at = turn.question.holds(event) ? turn.if_so : turn.if_not;
  }
  return at == yes;
}

std::string Condition::text() const { return text_of(program_->node); }

}  // namespace tributary::expression
