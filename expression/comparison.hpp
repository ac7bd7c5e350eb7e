#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "expression/path.hpp"
#include "expression/reading.hpp"
#include "text/decimal.hpp"

namespace tributary::expression {

enum class Kind : std::uint8_t { nothing, text, number, truth, null };

/// A number of an event or of a condition. Of the three forms at least one is there; the first that both sides have
/// decides, and each is exact: see schema/document.hpp on doubles that stand for short decimals.
struct Number {
  std::optional<std::int64_t> integer;
  std::optional<double> small;           ///< a short decimal
  const text::Decimal* exact = nullptr;  ///< of a literal
  simdjson::dom::element element = {};   ///< of an event, when `exact` is null
};

/// What is compared. Texts and decimals belong to the event or the condition.
struct Value {
  Kind kind = Kind::nothing;  ///< nothing: no field, a list or an object
  bool truth = false;
  std::string_view text = {};
  Number number = {};
};

/// A value that the operator wrote: text, number, true, false, null.
struct Literal {
  static Literal of_text(std::string content);
  static Literal of_number(std::string_view written);
  static Literal of_truth(bool truth);
  static Literal null();

  Value value() const;
  std::string text() const;  ///< as a condition writes it

  Kind kind = Kind::null;
  bool truth = false;
  std::string content;  ///< of a text; of a number as written
  text::Decimal exact = {};
  std::optional<std::int64_t> integer = {};
  std::optional<double> small = {};
};

using Operand = std::variant<Path, Literal>;

enum class Operator : std::uint8_t { equal, unequal, less, at_most, more, at_least };
std::string_view sign_of(Operator which);

struct Comparison {
  Operand left;
  Operator how = Operator::equal;
  Operand right;
};

/// A comparison made ready to be asked often. The comparison must outlive it, and stay where it is.
class Question {
 public:
  explicit Question(const Comparison& comparison);
  bool holds(Reading& event) const;

 private:
  /// A path, or else a value.
  struct Side {
    const Path* path = nullptr;
    Value value = {};
  };
  static Side side_of(const Operand& operand);
  static const Value& value_of(const Side& side, Reading& event, Value& room);

  Side left_;
  Operator how_;
  Side right_;
};

}  // namespace tributary::expression
