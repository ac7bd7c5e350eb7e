#include "sinks/handling.hpp"

#include <fstream>
#include <sstream>

#include "config/plain_text.hpp"
#include "schema/embedded.hpp"

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
      for (const auto& remark : std::get<schema::Schema>(compiled).remarks()) {
        fields.warn("schema", written + ": " + schema::to_string(remark));
      }
    }
  }
}

void Spool::describe(config::Fields& fields) {
  fields.field({.name = "enabled", .help = "false: what waits is in memory alone, and a crash loses it"}, enabled);
  fields.field({.name = "exposure",
                .help = "written when not acknowledged so soon; 0ms: each event first, then sent",
                .minimum = 0,
                .maximum = 60'000},
               exposure);
  fields.field({.name = "size", .help = "on disk, at most", .minimum = 1 << 20}, size);
  fields.choice({.name = "at_limit", .help = "block: connectors stop reading; else what is dropped then"}, at_limit,
                {{event::AtLimit::block, "block"},
                 {event::AtLimit::drop_oldest, "drop_oldest"},
                 {event::AtLimit::drop_newest, "drop_newest"}});
  if (enabled) return;
  for (const auto* key : {"exposure", "size", "at_limit"}) {
    if (fields.given(key)) fields.warn(key, "it has no effect with `enabled: false`");
  }
}

std::variant<schema::Schema, std::string> schema_named(const std::string& name) {
  std::string text;
  if (name == "event" || name == "streamelements") {
    text = schema::embedded(name + ".schema.json");
  } else {
    std::ifstream file(name);
    std::ostringstream content;
    content << file.rdbuf();
    if (!file || file.bad() || content.bad()) return "the file cannot be read; a draft-07 schema was expected";
    text = config::without_byte_order_mark(content.str());
    if (const auto fault = config::encoding_fault(text); !fault.empty()) return "the file " + fault;
  }
  auto compiled = schema::Schema::compile(text);
  if (const auto* error = std::get_if<schema::SchemaError>(&compiled)) return schema::to_string(*error);
  return std::get<schema::Schema>(std::move(compiled));
}

}  // namespace tributary::sinks
