#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "config/fields.hpp"
#include "schema/schema.hpp"

namespace tributary::sinks {

/// What happens to an event that does not pass a sink's schema.
enum class OnFailure : std::uint8_t { dead_letter, drop, forward };

struct Validation {
  std::string schema = "event";  ///< event, streamelements, or the path of a draft-07 file, resolved
  OnFailure on_failure = OnFailure::dead_letter;

  void describe(config::Fields& fields);
};

/// `event`, `streamelements` or the path of a draft-07 file, compiled; or why it cannot be used, with the place.
std::variant<schema::Schema, std::string> schema_named(const std::string& name);

/// What the relay must know of a sink beside its wire. A value.
struct Handling {
  std::size_t memory = std::size_t{16} << 20U;  ///< bytes it may hold before connectors stop reading
  Validation validation;
};

}  // namespace tributary::sinks
