#include "sinks/handling.hpp"

#include <fstream>
#include <sstream>

#include "config/plain_text.hpp"
#include "event/embedded_schemas.hpp"

namespace tributary::sinks {

void Validation::describe(config::Fields& fields) {
  fields.field({.name = "schema", .help = "event, streamelements, or the path of a draft-07 schema"}, schema);
  fields.choice({.name = "on_failure", .help = "what becomes of an event that does not pass"}, on_failure,
                {{OnFailure::dead_letter, "dead_letter"}, {OnFailure::drop, "drop"}, {OnFailure::forward, "forward"}});
  if (schema.empty()) fields.fault("schema", "expected event, streamelements, or the path of a draft-07 schema");
  if (fields.reading() && !schema.empty() && schema != "event" && schema != "streamelements") {
    const std::string written = schema;
    schema = fields.resolve("schema", schema).string();
    const auto compiled = schema_named(schema);
    if (const auto* fault = std::get_if<std::string>(&compiled)) {
      fields.fault("schema", written + ": " + *fault);
    } else {
      for (const auto& remark : std::get<event::Schema>(compiled).remarks()) {
        fields.warn("schema", written + ": " + event::to_string(remark));
      }
    }
  }
}

std::variant<event::Schema, std::string> schema_named(const std::string& name) {
  std::string text;
  if (name == "event" || name == "streamelements") {
    text = event::embedded_schema(name + ".schema.json");
  } else {
    std::ifstream file(name);
    std::ostringstream content;
    content << file.rdbuf();
    if (!file || file.bad() || content.bad()) return "the file cannot be read; a draft-07 schema was expected";
    text = config::without_byte_order_mark(content.str());
    if (const auto fault = config::encoding_fault(text); !fault.empty()) return "the file " + fault;
  }
  auto compiled = event::Schema::compile(text);
  if (const auto* error = std::get_if<event::SchemaError>(&compiled)) return event::to_string(*error);
  return std::get<event::Schema>(std::move(compiled));
}

}  // namespace tributary::sinks
