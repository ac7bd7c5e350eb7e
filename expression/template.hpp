#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "expression/fault.hpp"

namespace tributary::schema {
class Document;
}

namespace tributary::expression {

/// What a template makes of an event ends at the last character that has room in so many bytes.
inline constexpr std::size_t made_limit = std::size_t{64} << 10U;

/// A sentence with an event's fields in it: `{data.displayName} tipped {data.amount} {data.currency}`. `{{` and `}}`
/// are braces, `{field|words}` has words for an event without the field. The rules are in docs/ROUTING.md.
///
/// A number stands there as the event has it (4.20 stays 4.20), a truth as true or false. A field that is absent, null,
/// a list, an object, or has nothing in it that can be seen, is its default, and without one nothing. A value is one
/// line without hidden characters (text/one_line), and what begins a line loses the characters that a chat takes for
/// the begin of a command, `/`, `!` and `.`, unless they are the template's own.
/// Owned by whoever holds it; a copy shares what is compiled. Immutable. Thread: any.
class Template {
 public:
  static std::variant<Template, Fault> parse(std::string_view text);

  /// The sentence for an event, given as its JSON. What is not JSON has no fields.
  std::string of(std::string_view event) const;
  /// The same for an event that was read from `json` just now.
  std::string of(const schema::Document& event, std::string_view json) const;
  /// The same template in its one way of writing.
  std::string text() const;

 private:
  struct Parts;
  explicit Template(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

}  // namespace tributary::expression
