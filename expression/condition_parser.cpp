#include <algorithm>
#include <array>
#include <utility>

#include "expression/condition_tree.hpp"
#include "expression/fields.hpp"
#include "expression/scanner.hpp"
#include "text/ascii.hpp"
#include "text/spelling.hpp"

namespace tributary::expression {
namespace {

/// The signs as they are, and those of other languages with what they are here; longer ones first.
struct Sign {
  std::string_view written;
  std::optional<Operator> is = std::nullopt;
  std::string_view meant = {};
};
constexpr std::array<Sign, 13> all_signs{{{"===", {}, "=="},
                                          {"!==", {}, "!="},
                                          {"=>", {}, ">="},
                                          {"=<", {}, "<="},
                                          {"<>", {}, "!="},
                                          {"=~", {}, {}},
                                          {"==", Operator::equal, {}},
                                          {"!=", Operator::unequal, {}},
                                          {"<=", Operator::at_most, {}},
                                          {">=", Operator::at_least, {}},
                                          {"<", Operator::less, {}},
                                          {">", Operator::more, {}},
                                          {"=", {}, "=="}}};
constexpr std::string_view expected_sign = ", expected one of == != < <= > >=";
constexpr std::array<std::string_view, 2> joining{"and", "or"};

/// For a sign or a word of another language: what it is here.
std::string_view meant_by(std::string_view found) {
  if (found == "&&" || found == "&") return "and";
  if (found == "||" || found == "|") return "or";
  return {};
}

bool orders(Operator how) { return how != Operator::equal && how != Operator::unequal; }

/// or < and < not < comparison; a call for each level, so its depth is bounded by nesting_limit.
class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : in_(text) {}

  std::variant<Node, Fault> parse() {
    in_.skip_blanks();
    if (in_.at_end()) in_.fail("found nothing, expected a comparison such as data.amount >= 5");
    Node node;
    if (!in_.failed() && any(node)) {
      in_.skip_blanks();
      if (!in_.at_end()) unexpected_end(", expected `and`, `or` or the end");
    }
    if (in_.failed()) return in_.fault();
    return node;
  }

 private:
  bool any(Node& node) { return list(node, Node::Kind::any, "or", &ConditionParser::all); }
  bool all(Node& node) { return list(node, Node::Kind::all, "and", &ConditionParser::negation); }

  bool list(Node& node, Node::Kind kind, std::string_view word, bool (ConditionParser::*part)(Node&)) {
    std::vector<Node> parts(1);
    if (!(this->*part)(parts.back())) return false;
    while (take_word(word)) {
      if (!(this->*part)(parts.emplace_back())) return false;
    }
    if (parts.size() == 1) {
      node = std::move(parts.front());
    } else {
      node.kind = kind;
      node.of = std::move(parts);
    }
    return true;
  }

  bool negation(Node& node) {
    in_.skip_blanks();
    const std::size_t begin = in_.offset();
    if (!take_word("not")) return primary(node);
    if (!deeper(begin)) return false;
    Node inner;
    if (!negation(inner)) return false;
    --depth_;
    if (inner.kind == Node::Kind::negation) {
      node = Node(inner.of.front());  // twice is not at all
    } else {
      node.kind = Node::Kind::negation;
      node.of.push_back(std::move(inner));
    }
    return true;
  }

  bool primary(Node& node) {
    in_.skip_blanks();
    const std::size_t begin = in_.offset();
    if (!in_.take("(")) return comparison(node);
    if (!deeper(begin) || !any(node)) return false;
    in_.skip_blanks();
    if (!in_.take(")")) {
      return unexpected_end(", expected `and`, `or` or the `)` for the `(` at character " +
                            std::to_string(in_.character(begin)));
    }
    --depth_;
    return true;
  }

  bool comparison(Node& node) {
    const std::size_t begin = in_.offset();
    auto left = operand();
    if (!left) return false;
    const auto how = sign(begin, *left);
    if (!how) return false;
    auto right = operand();
    if (!right || !sensible(begin, *left, *how, *right)) return false;
    in_.skip_blanks();
    if (std::string_view("=!<>").find(in_.peek()) != std::string_view::npos && !in_.at_end()) {
      return in_.fail(in_.found() +
                      ", expected `and`, `or` or the end: a comparison has two sides; join two of them by `and`");
    }
    node.comparison = Comparison{std::move(*left), *how, std::move(*right)};
    return true;
  }

  std::optional<Operand> operand() {
    in_.skip_blanks();
    const char next = in_.peek();
    if (next == '"' || next == '\'') {
      auto content = in_.take_quoted();
      return content ? std::optional<Operand>(Literal::of_text(std::move(*content))) : std::nullopt;
    }
    if (text::is_digit(next) || next == '-') {
      const auto number = in_.take_number();
      return number ? std::optional<Operand>(Literal::of_number(*number)) : std::nullopt;
    }
    if (take_word("true")) return Literal::of_truth(true);
    if (take_word("false")) return Literal::of_truth(false);
    if (take_word("null")) return Literal::null();
    const auto word = in_.name();
    if (!word.empty() && word != "and" && word != "or" && word != "not") {
      auto path = take_path(in_);
      return path ? std::optional<Operand>(std::move(*path)) : std::nullopt;
    }
    const std::string_view hint = next == '!' ? "; did you mean `not`?" : "";
    in_.fail(in_.found() + ", expected a field or a value: a text in quotes, a number, true, false or null" +
             std::string(hint));
    return std::nullopt;
  }

  std::optional<Operator> sign(std::size_t begin, const Operand& left) {
    in_.skip_blanks();
    for (const Sign& sign : all_signs) {
      if (!in_.rest().starts_with(sign.written)) continue;
      if (sign.is) {
        in_.skip(sign.written.size());
        return sign.is;
      }
      in_.fail("found " + text::quote(sign.written) + std::string(expected_sign) + meaning(sign.meant));
      return std::nullopt;
    }
    const auto word = in_.name();
    const bool alone = in_.at_end() || in_.peek() == ')' || !meant_by(in_.rest().substr(0, 2)).empty() ||
                       std::find(joining.begin(), joining.end(), word) != joining.end();
    const auto* path = std::get_if<Path>(&left);
    if (alone && path != nullptr) {
      const auto written = text_of(*path);
      in_.fail(begin, text::quote(written) + " stands alone, expected a comparison such as " + written + " == true");
    } else {
      in_.fail(in_.found() + std::string(expected_sign) +
               (word == "is" || word == "equals" || word == "eq" ? meaning("==") : ""));
    }
    return std::nullopt;
  }

  /// What can never hold, or always does, is a slip.
  bool sensible(std::size_t begin, const Operand& left, Operator how, const Operand& right) {
    const auto* a = std::get_if<Literal>(&left);
    const auto* b = std::get_if<Literal>(&right);
    if (a != nullptr && b != nullptr) return in_.fail(begin, "both sides are values, expected a field on one of them");
    const Literal* literal = a != nullptr ? a : b;
    if (literal == nullptr) return true;
    if (orders(how) && (literal->kind == Kind::truth || literal->kind == Kind::null)) {
      return in_.fail(
          begin, "true, false and null are in no order, expected == or != instead of " + std::string(sign_of(how)));
    }
    const Path& path = std::get<Path>(a != nullptr ? right : left);
    static constexpr std::array<std::pair<Holds, Kind>, 3> kinds{
        {{Holds::text, Kind::text}, {Holds::number, Kind::number}, {Holds::truth, Kind::truth}}};
    static constexpr std::array<std::string_view, 3> words{"a text, in quotes", "a number", "true or false"};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (known_kind(path) != kinds[i].first || literal->kind == kinds[i].second) continue;
      return in_.fail(begin, text::quote(text_of(path)) + " is compared with " + literal->text() + ", expected " +
                                 std::string(words[i]));
    }
    return true;
  }

  /// What follows a whole condition where nothing, or another word, may follow.
  bool unexpected_end(const std::string& expected) {
    auto meant = meant_by(in_.rest().substr(0, std::min<std::size_t>(2, in_.rest().find_first_not_of("&|"))));
    if (const auto near = text::nearest(in_.name(), joining); meant.empty() && near) meant = *near;
    return in_.fail(in_.found() + expected + meaning(meant));
  }

  static std::string meaning(std::string_view meant) {
    return meant.empty() ? "" : "; did you mean `" + std::string(meant) + "`?";
  }

  bool take_word(std::string_view word) {
    in_.skip_blanks();
    if (in_.name() != word) return false;
    in_.skip(word.size());
    return true;
  }

  bool deeper(std::size_t begin) {
    if (++depth_ <= nesting_limit) return true;
    return in_.fail(begin, "parentheses and `not` nest at most " + std::to_string(nesting_limit) + " deep");
  }

  Scanner in_;
  std::size_t depth_ = 0;
};

}  // namespace

std::variant<Node, Fault> parse_condition(std::string_view text) {
  if (auto fault = fault_of_text(text, "condition")) return *std::move(fault);
  return ConditionParser(text).parse();
}

}  // namespace tributary::expression
