#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "config/fields.hpp"
#include "config/values.hpp"
#include "event/memory.hpp"
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

/// What a sink keeps on disk of what is not delivered.
struct Spool {
  bool enabled = true;
  config::Duration exposure{20};  ///< how long an event may be in memory alone; 0: nothing is sent before it is on disk
  config::Size size = config::gib(4);
  event::AtLimit at_limit = event::AtLimit::block;

  void describe(config::Fields& fields);
};

/// What the relay must know of a sink beside its wire. A value.
struct Handling {
  std::size_t memory = std::size_t{16} << 20U;  ///< bytes it may hold before connectors stop reading
  Validation validation;
};

}  // namespace tributary::sinks
