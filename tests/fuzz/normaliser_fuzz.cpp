// The StreamElements codec under libFuzzer: the input is the body of one Socket.IO event. What must hold for any input:
// no crash; whatever comes out is one line of valid UTF-8 and JSON whose parts lie where the draft says; and what an
// activity of a type of its own says in `data` is there afterwards.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "connectors/streamelements/codec.hpp"
#include "schema/document.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

using namespace tributary;
using connectors::Outcome;
using connectors::streamelements::Codec;
using nlohmann::json;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Nothing of `data` is lost where the codec has no promise to keep. Only for texts a reader of doubles takes.
void check_data(std::string_view input, const json& event) {
  const auto sent = json::parse(input, nullptr, false);
  if (!sent.is_array() || sent.size() < 2 || sent[0] != "event" || !sent[1].is_object()) return;
  const auto& activity = sent[1];
  const auto data = activity.find("data");
  if (data == activity.end() || !data->is_object() || event["type"] == "unknown" ||
      event["relay"]["upstreamType"] == "event")
    return;
  for (const auto& [key, value] : data->items()) {
    if (key == "amount" || key == "details" || key == "username" || key == "displayName" || key == "message" ||
        key == "items" || key == "avatar") {
      continue;
    }
    require(event["data"].contains(key) && event["data"][key] == value);
  }
}

void check(std::string_view input, const event::Draft& draft) {
  static schema::Document document;
  const std::string text = draft.text + "}}";
  require(text::valid_utf8(text));
  require(text.find('\n') == std::string::npos);
  require(document.read(text));
  require(draft.id.offset + draft.id.size <= draft.text.size());
  require(text::parse_time(draft.created_at.of(draft.text)) == draft.created);
  require(!draft.upstream_channel.empty());
  json event;
  try {
    event = json::parse(text);
  } catch (const json::out_of_range&) {
    return;  // a number beyond double is JSON all the same
  }
  for (auto key : {"_id", "channel", "type", "provider", "flagged", "data", "createdAt", "updatedAt", "relay"}) {
    require(event.contains(key));
  }
  require(event["data"].is_object() && event["flagged"] == draft.flagged);
  require(event["channel"] == draft.upstream_channel);
  require(event["type"] == json::parse('"' + std::string(draft.type.of(draft.text)) + '"'));
  if (draft.kind == event::Kind::activity && !draft.repaired) check_data(input, event);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Codec codec({"fuzz", true, true, 64});
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Outcome outcome;
  const auto said = codec.read(input, "5eb8a1f0c2d3e4f5a6b7c8d9", {event::SteadyTime{}, event::WallTime{}}, outcome);
  require((said == Codec::Said::malformed) == (outcome.kind == event::FrameKind::malformed));
  for (const auto& draft : outcome.drafts) check(input, draft);
  return 0;
}
