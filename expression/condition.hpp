#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "expression/fault.hpp"

namespace tributary::schema {
class Document;
}

namespace tributary::expression {

class Reading;

/// A question to an event's fields, as `where` of a route asks it: `data.amount >= 5 and not test == true`. The grammar
/// and its rules are in docs/ROUTING.md. In short: numbers are compared exactly, as decimals; a comparison with a field
/// that is not there, or that is a list or an object, does not hold, whatever its operator; values of different kinds
/// are never equal, so that only `!=` holds between them; `test`, `update` and `backfilled` are false where absent.
///
/// Compiled once: no memory is asked for while an event is looked at, unless it has numbers of more than 15 digits.
/// Owned by whoever holds it; a copy shares what is compiled. Immutable. Thread: any.
class Condition {
 public:
  static std::variant<Condition, Fault> parse(std::string_view text);

  bool holds(const schema::Document& event) const;
  /// The same, beside other conditions that are asked of the event.
  bool holds(Reading& event) const;
  /// The same condition in its one way of writing; what it parses to has this text again.
  std::string text() const;

 private:
  struct Program;
  explicit Condition(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

}  // namespace tributary::expression
