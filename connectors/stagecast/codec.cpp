#include "connectors/stagecast/codec.hpp"

#include <utility>

#include "connectors/json/upstream_time.hpp"
#include "text/json.hpp"

namespace tributary::connectors::stagecast {
namespace {

constexpr std::string_view broadcast_type = "broadcast", started_type = "momentStarted", stopped_type = "momentStopped";

/// `{"from":"203.0.113.7","msg":…}` and nothing else: a sender's own object that merely looks like it stays whole.
bool wrapped(const Object& object) {
  if (object.members.size() != 2 || !object["msg"]) return false;
  return object["from"].is_string();
}

/// What names a platform notice; "" when it can name nothing.
std::string upstream_id(const Value& id) {
  std::string text = id.kind == Value::Kind::number ? std::string(id.text) : plain_text(id);
  if (text.size() > Codec::id_limit) text.clear();
  return text;
}

}  // namespace

std::vector<std::string_view> canonical_types() { return {broadcast_type, started_type, stopped_type}; }

Codec::Codec(Settings settings)
    : settings_(std::move(settings)),
      json_(settings_.nesting),
      writer_("stagecast", "stagecast", settings_.connector) {}

void Codec::read(std::string_view text, const event::Now& now, Outcome& outcome) {
  Value whole;
  if (!parts_.read(json_, text, whole)) {
    if (json_.fault() != JsonText::Fault::too_deep) return plain(text, now, outcome);
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "too_deep";
    outcome.malformed_detail = json_.explain();
    return;
  }
  // Here another relay's mark, `{"tributary":{…},"event":"…"}`, will be looked for. Until then it is plain content.
  const Object& object = parts_.members(whole);
  if (wrapped(object)) return broadcast(object["msg"], object["from"], now, outcome);
  if (!moment(object, now, outcome)) broadcast(whole, {}, now, outcome);
}

event::Draft& Codec::begin(std::string_view type, Outcome& outcome) {
  outcome.kind = event::FrameKind::carrying;
  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({.type = type, .upstream_type = {}, .upstream_channel = settings_.channel}, draft);
  return draft;
}

void Codec::broadcast(const Value& payload, const Value& from, const event::Now& now, Outcome& outcome) {
  event::Draft& draft = begin(broadcast_type, outcome);
  writer_.put("payload", payload);
  if (payload.is_string()) writer_.put("message", payload);
  writer_.put("username", from);
  writer_.finish(std::nullopt, now);
  draft.repaired = json_.repaired();
}

void Codec::plain(std::string_view text, const event::Now& now, Outcome& outcome) {
  std::string quoted;
  const std::uint32_t repaired = text::append_quoted(quoted, text);
  event::Draft& draft = begin(broadcast_type, outcome);
  writer_.put_json("payload", quoted);
  writer_.put_json("message", quoted);
  writer_.finish(std::nullopt, now);
  draft.repaired = repaired;
}

/// A notice of the platform: `type` start or stop, an `id` and an `event`. False: a member's own object.
bool Codec::moment(const Object& notice, const event::Now& now, Outcome& outcome) {
  const std::string type = plain_text(notice["type"]);
  if ((type != "start" && type != "stop") || !notice["event"]) return false;
  const std::string id = upstream_id(notice["id"]);
  if (id.empty()) return false;
  outcome.kind = event::FrameKind::carrying;
  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({.type = type == "start" ? started_type : stopped_type,
                 .upstream_type = type,
                 .upstream_channel = settings_.channel,
                 .upstream_id = id},
                draft);
  const UpstreamTime created = time_of(notice["created"], TimeUnit::milliseconds, now.wall);
  for (const Member& member : notice.members) {
    if (member.key == "type" || member.key == "id" || (member.key == "created" && created.as_documented)) continue;
    if (member.key == "message" && member.value.is_string()) {
      writer_.put("message", member.value);
    } else {
      writer_.detail(member.key, member.value);
    }
  }
  writer_.finish(created.time, now);
  draft.repaired = json_.repaired();
  return true;
}

}  // namespace tributary::connectors::stagecast
