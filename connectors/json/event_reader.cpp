#include "connectors/json/event_reader.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "event/source_name.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

constexpr std::array<std::string_view, 6> with_promises = {"tip", "cheer", "follow", "subscriber", "raid", "host"};
/// Of `relay`, what each relay says anew.
constexpr std::array<std::string_view, 9> said_anew = {"connector", "receivedAt", "run",    "sequence", "test",
                                                       "update",    "backfilled", "origin", "hops"};

bool is_name(const Value& value) {
  return value.is_string() && value.inner().size() <= EventReader::name_limit && !value.inner().empty();
}

/// As every relay writes it.
std::optional<event::WallTime> canonical_time(const Value& value) {
  if (!value.is_string()) return std::nullopt;
  const auto time = text::parse_time(value.inner());
  if (!time || text::to_text(*time) != value.inner()) return std::nullopt;
  return time;
}

bool is_true_or_absent(const Value& value) { return !value || value.is_true(); }

/// Content of a channel that has a mark of its own inside: nobody has verified that one.
bool carries_mark(JsonParts& parts, const Object& data) {
  const Value payload = data["payload"];
  if (parts.members(payload)["tributary"]) return true;
  return event::may_be_envelope(plain_text(payload)) || event::may_be_envelope(plain_text(data["message"]));
}

/// Writes `,"key":value`; says where the value stands, inside the quotes of a string.
event::Slice put_member(std::string& out, const Member& member) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += member.key;
  out += "\":";
  const std::size_t quote = member.value.is_string() ? 1 : 0;
  const event::Slice slice{static_cast<std::uint32_t>(out.size() + quote),
                           static_cast<std::uint32_t>(member.value.text.size() - 2 * quote)};
  out += member.value.text;
  return slice;
}

}  // namespace

EventReader::EventReader(std::string_view connector, std::size_t nesting_limit)
    : relay_begin_(",\"relay\":{\"connector\":"), json_(nesting_limit) {
  text::append_quoted(relay_begin_, connector);
}

EventReader::Answer EventReader::read(const event::Envelope& envelope, std::string_view instance, const event::Now& now,
                                      event::Draft& draft) {
  Value whole;
  if (!parts_.read(json_, envelope.event, whole) || whole.kind != Value::Kind::object) return Answer::no_event;
  const Object& event = parts_.members(whole);
  if (!is_event(event) || plain_text(event["_id"]) != envelope.mark.id) return Answer::no_event;
  const Object& relay = parts_.members(event["relay"]);
  const std::string first = relay["origin"] ? plain_text(relay["origin"]) : envelope.mark.origin;
  if (first == instance) return Answer::came_home;
  draft = {};
  draft.hops = envelope.mark.hops;
  draft.repaired = json_.repaired();
  draft.text.reserve(envelope.event.size() + 256);
  write(event, relay, draft);
  write_relay(relay, first, now, draft);
  judge_times(event, relay, draft);
  return Answer::event;
}

/// What the canonical schema requires, and what this program needs beyond that.
bool EventReader::is_event(const Object& event) {
  const Value data = event["data"], at = event["relay"];
  if (!is_name(event["_id"]) || !event["channel"].is_string() || !is_name(event["type"]) ||
      !is_name(event["provider"]) || event["flagged"].kind != Value::Kind::boolean ||
      data.kind != Value::Kind::object || at.kind != Value::Kind::object || !canonical_time(event["createdAt"]) ||
      !canonical_time(event["updatedAt"])) {
    return false;
  }
  const Object& relay = parts_.members(at);
  return is_data(event["type"].inner(), parts_.members(data)) && relay["source"].is_string() &&
         event::source_name(relay["source"].inner()) && relay["upstreamType"].is_string() &&
         is_name(relay["upstreamChannel"]) && (!relay["upstreamId"] || relay["upstreamId"].is_string()) &&
         (!relay["origin"] || is_name(relay["origin"])) && is_true_or_absent(relay["test"]) &&
         is_true_or_absent(relay["update"]) && is_true_or_absent(relay["backfilled"]);
}

/// The six StreamElements types have promised fields.
bool EventReader::is_data(std::string_view type, const Object& data) const {
  if (std::find(with_promises.begin(), with_promises.end(), type) == with_promises.end()) return true;
  const bool texts = data["username"].is_string() && data["displayName"].is_string() && data["message"].is_string() &&
                     data["avatar"].is_string();
  return texts && data["amount"].kind == Value::Kind::number && data["items"].kind == Value::Kind::array;
}

/// Everything but `relay`, in its order.
void EventReader::write(const Object& event, const Object& relay, event::Draft& draft) {
  draft.text = "{";
  for (const Member& member : event.members) {
    if (member.key == "relay") continue;
    const event::Slice at = put_member(draft.text, member);
    if (member.key == "_id") draft.id = at;
    if (member.key == "type") draft.type = at;
    if (member.key == "provider") draft.provider = at;
    if (member.key == "createdAt") draft.created_at = at;
  }
  draft.identified = true;
  draft.source = *event::source_name(relay["source"].inner());
  draft.upstream_channel = plain_text(relay["upstreamChannel"]);
  draft.test = relay["test"].is_true();
  draft.backfilled = relay["backfilled"].is_true();
  draft.flagged = event["flagged"].is_true();
  draft.flagged_said = true;
  draft.foreign_mark = carries_mark(parts_, parts_.members(event["data"]));
}

void EventReader::write_relay(const Object& relay, std::string_view origin, const event::Now& now,
                              event::Draft& draft) {
  std::string& out = draft.text;
  out += relay_begin_;
  for (const Member& member : relay.members) {
    if (std::find(said_anew.begin(), said_anew.end(), member.key) == said_anew.end()) put_member(out, member);
  }
  out += ",\"origin\":";
  text::append_quoted(out, origin);
  out += ",\"hops\":";
  text::append_number(out, std::uint64_t{draft.hops});
  out += ",\"receivedAt\":\"";
  text::append_time(out, now.wall);
  out += '"';
}

/// A time that the first relay put there itself, because the upstream sent none, must not tell an update from a repeat:
/// it is the time at which that relay received the event. Later relays do not see that one any more.
void EventReader::judge_times(const Object& event, const Object& relay, event::Draft& draft) const {
  draft.created = *canonical_time(event["createdAt"]);
  const bool substitute = draft.hops > 1 || event["updatedAt"].text == relay["receivedAt"].text;
  if (!substitute || relay["update"].is_true()) draft.updated = canonical_time(event["updatedAt"]);
}

}  // namespace tributary::connectors
