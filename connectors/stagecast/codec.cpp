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

Codec::Codec(const std::string& connector, std::string channel, const Settings& settings)
    : channel_(std::move(channel)),
      json_(settings.nesting),
      writer_("stagecast", "stagecast", connector),
      envelopes_(connector, settings) {}

Codec::Said Codec::read(std::string_view text, const event::Now& now, Outcome& outcome) {
  Value whole;
  if (!parts_.read(json_, text, whole)) {
    if (json_.fault() != JsonText::Fault::too_deep) {
      plain(text, now, outcome);
      return Said::content;
    }
    outcome.kind = event::FrameKind::malformed;
    outcome.malformed_reason = "too_deep";
    outcome.malformed_detail = json_.explain();
    return Said::malformed;
  }
  const Object& object = parts_.members(whole);
  const bool by_member = wrapped(object);
  const Value payload = by_member ? object["msg"] : whole;
  const auto mark = look_for_mark(payload, now, outcome);
  if (mark == EnvelopeReader::Content::told) return Said::envelope;
  const bool marked = mark == EnvelopeReader::Content::foreign;
  content_ = payload.is_string() ? plain_text(payload) : std::string(payload.text);
  if (by_member) {
    broadcast(payload, object["from"], now, outcome);
  } else if (marked || !moment(object, now, outcome)) {
    broadcast(whole, {}, now, outcome);
  }
  outcome.drafts.back().foreign_mark = marked;
  return marked ? Said::envelope : Said::content;
}

/// An envelope is an object, sent bare or passed on by the server with `from`. In a string nobody sends one.
EnvelopeReader::Content Codec::look_for_mark(const Value& payload, const event::Now& now, Outcome& outcome) {
  if (payload.is_string()) return envelopes_.read_misplaced(plain_text(payload), outcome);
  if (!parts_.members(payload)["tributary"]) return EnvelopeReader::Content::plain;
  return envelopes_.read(payload.text, true, now, outcome);
}

event::Draft& Codec::begin(std::string_view type, Outcome& outcome) {
  outcome.kind = event::FrameKind::carrying;
  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({.type = type, .upstream_type = {}, .upstream_channel = channel_}, draft);
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
  content_ = text;
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
                 .upstream_channel = channel_,
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
