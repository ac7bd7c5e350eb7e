// Any bytes as the event inside an envelope that was signed and is trusted. What is taken for an event passes the
// canonical schema, keeps every value beside `relay` as another reader sees it, and lies where the draft says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/json/event_reader.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::EventReader;
using nlohmann::json;

namespace {

/// Null when a number is beyond a double, which is JSON all the same.
json parsed(std::string_view text) {
  try {
    return json::parse(text, nullptr, false);
  } catch (const json::out_of_range&) {
    return {};
  }
}

void check(std::string_view input, const event::Draft& draft) {
  static const auto canonical =
      std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  static schema::Validator validator;
  const std::string text = draft.text + ",\"run\":\"01FUZZ\",\"sequence\":1}}";
  require(text::valid_utf8(text) && text.find('\n') == std::string::npos);
  require(validator.parse(text) && validator.passes(canonical));
  require(text::parse_time(draft.created_at.of(draft.text)) == draft.created);
  require(draft.identified && draft.hops == 2 && !draft.source.empty() && !draft.upstream_channel.empty());
  json here = parsed(text), sent = parsed(input);
  if (here.is_null() || !sent.is_object() || draft.repaired != 0) return;
  require(here["relay"]["connector"] == "fuzz" && here["relay"]["hops"] == 2 && here["relay"].contains("origin"));
  require(here["_id"].get<std::string>() == sent["_id"]);
  here.erase("relay");
  sent.erase("relay");
  require(here == sent);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static EventReader reader("fuzz", 64);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  event::Envelope envelope;
  envelope.mark = {"relay-2", "x", 2, "", {}, "", ""};
  envelope.event = input;
  if (const json sent = parsed(input); sent.is_object() && sent.contains("_id") && sent["_id"].is_string()) {
    envelope.mark.id = sent["_id"];
  }
  event::Draft draft;
  if (reader.read(envelope, "us", beginning(), draft) == EventReader::Answer::event) check(input, draft);
  return 0;
}
