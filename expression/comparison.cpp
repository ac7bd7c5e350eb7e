#include "expression/comparison.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace tributary::expression {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::int64_t below_short = 1'000'000'000'000'000;  // of 15 digits: a double has each of them

std::optional<double> small_of(std::int64_t integer) {
  if (integer <= -below_short || integer >= below_short) return std::nullopt;
  return static_cast<double>(integer);
}

/// The double of a short decimal: of at most 15 digits, and none of the subnormal ones.
std::optional<double> small_of(std::string_view written, const text::Decimal& exact) {
  if (exact.is_zero()) return 0.0;
  if (exact.significant_digits() > std::numeric_limits<double>::digits10) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(written.data(), written.data() + written.size(), value);
  if (read.ec != std::errc() || std::fabs(value) < std::numeric_limits<double>::min()) return std::nullopt;
  return value;
}

void read(element found, const schema::Document& event, Value& value) {
  switch (found.type()) {
    case element_type::STRING:
      value.kind = Kind::text;
      value.text = found.get_string().value_unsafe();
      break;
    case element_type::BOOL:
      value.kind = Kind::truth;
      value.truth = found.get_bool().value_unsafe();
      break;
    case element_type::NULL_VALUE:
      value.kind = Kind::null;
      break;
    case element_type::INT64:
      value.kind = Kind::number;
      value.number.element = found;
      value.number.integer = found.get_int64().value_unsafe();
      value.number.small = small_of(*value.number.integer);
      break;
    case element_type::UINT64:
      value.kind = Kind::number;
      value.number.element = found;
      break;
    case element_type::DOUBLE:
      value.kind = Kind::number;
      value.number.element = found;
      if (!event.is_extreme(found)) value.number.small = found.get_double().value_unsafe();
      break;
    default:
      break;
  }
}

template <class Ordered>
int order(const Ordered& a, const Ordered& b) {
  return (b < a) - (a < b);
}

/// -1, 0 or 1.
int order(const Number& a, const Number& b, const schema::Document& event) {
  if (a.integer && b.integer) return order(*a.integer, *b.integer);
  if (a.small && b.small) return order(*a.small, *b.small);
  text::Decimal a_room, b_room;
  const auto exact = [&event](const Number& number, text::Decimal& room) -> const text::Decimal& {
    return number.exact != nullptr ? *number.exact : event.exact(number.element, room);
  };
  return exact(a, a_room).compare(exact(b, b_room));
}

bool fits(Operator how, int order) {
  switch (how) {
    case Operator::equal:
      return order == 0;
    case Operator::unequal:
      return order != 0;
    case Operator::less:
      return order < 0;
    case Operator::at_most:
      return order <= 0;
    case Operator::more:
      return order > 0;
    case Operator::at_least:
      return order >= 0;
  }
  return false;
}

}  // namespace

Literal Literal::of_text(std::string content) {
  Literal literal;
  literal.kind = Kind::text;
  literal.content = std::move(content);
  return literal;
}

Literal Literal::of_number(std::string_view written) {
  Literal literal;
  literal.kind = Kind::number;
  literal.content = written;
  literal.exact = text::Decimal(written);
  literal.integer = literal.exact.integer();
  literal.small = small_of(written, literal.exact);
  return literal;
}

Literal Literal::of_truth(bool truth) {
  Literal literal;
  literal.kind = Kind::truth;
  literal.truth = truth;
  return literal;
}

Literal Literal::null() { return {}; }

Value Literal::value() const {
  Value value;
  value.kind = kind;
  value.truth = truth;
  value.text = content;
  if (kind == Kind::number) value.number = {integer, small, &exact};
  return value;
}

std::string Literal::text() const {
  switch (kind) {
    case Kind::text:
      return in_quotes(content);
    case Kind::number:
      return content;
    case Kind::truth:
      return truth ? "true" : "false";
    default:
      return "null";
  }
}

std::string_view sign_of(Operator which) {
  static constexpr std::array<std::string_view, 6> signs{"==", "!=", "<", "<=", ">", ">="};
  return signs[static_cast<std::size_t>(which)];
}

Question::Question(const Comparison& comparison)
    : left_(side_of(comparison.left)), how_(comparison.how), right_(side_of(comparison.right)) {}

Question::Side Question::side_of(const Operand& operand) {
  if (const auto* path = std::get_if<Path>(&operand)) return {path};
  return {nullptr, std::get<Literal>(operand).value()};
}

const Value& Question::value_of(const Side& side, Reading& event, Value& room) {
  if (side.path == nullptr) return side.value;
  if (element found; event.find(*side.path, found)) {
    read(found, event.event(), room);
  } else if (side.path->flag) {
    room.kind = Kind::truth;
  }
  return room;
}

bool Question::holds(Reading& event) const {
  Value left_room, right_room;
  const Value& a = value_of(left_, event, left_room);
  if (a.kind == Kind::nothing) return false;
  const Value& b = value_of(right_, event, right_room);
  if (b.kind == Kind::nothing) return false;
  if (a.kind != b.kind) return how_ == Operator::unequal;
  switch (a.kind) {
    case Kind::number:
      return fits(how_, order(a.number, b.number, event.event()));
    case Kind::text:
      if (how_ == Operator::equal || how_ == Operator::unequal) return (a.text == b.text) == (how_ == Operator::equal);
      return fits(how_, order(a.text, b.text));
    default: {  // a truth or null is in no order
      const bool same = a.truth == b.truth;
      return how_ == Operator::equal ? same : how_ == Operator::unequal && !same;
    }
  }
}

}  // namespace tributary::expression
