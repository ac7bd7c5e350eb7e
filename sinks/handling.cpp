#include "sinks/handling.hpp"

namespace tributary::sinks {

void Validation::describe(config::Fields& fields) {
  fields.field({.name = "schema", .help = "event, streamelements, or the path of a draft-07 schema"}, schema);
  fields.choice({.name = "on_failure", .help = "what becomes of an event that does not pass"}, on_failure,
                {{OnFailure::dead_letter, "dead_letter"}, {OnFailure::drop, "drop"}, {OnFailure::forward, "forward"}});
  if (schema.empty()) fields.fault("schema", "expected event, streamelements, or the path of a draft-07 schema");
  if (fields.reading() && !schema.empty() && schema != "event" && schema != "streamelements") {
    schema = fields.resolve("schema", schema).string();
  }
}

}  // namespace tributary::sinks
