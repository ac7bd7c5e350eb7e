#include "connectors/streamelements/wrapper.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tributary::connectors::streamelements {
namespace {

constexpr int most_layers = 64;
/// What is said of an activity, wherever it stands.
constexpr std::array<std::string_view, 11> said_of_it = {"_id",     "activityId",    "channel",           "provider",
                                                         "flagged", "createdAt",     "updatedAt",         "expiresAt",
                                                         "isMock",  "activityGroup", "sessionEventsCount"};
/// The facts of a test stand in it directly.
constexpr std::array<std::string_view, 5> facts = {"name", "username", "displayName", "amount", "message"};

bool is_object(const Value& value) { return value.kind == Value::Kind::object; }

bool has_facts(const Object& object) {
  return std::any_of(facts.begin(), facts.end(), [&](std::string_view fact) { return bool(object[fact]); });
}

bool holds_activity(const Object& object) {
  return has_text(object["type"]) && is_object(object["data"]) && !has_facts(object);
}

bool holds_event(const Object& object) { return is_object(object["event"]) && !has_facts(object); }

/// A word for the wrapping itself, and none for what happened.
bool names_no_type(const Value& type) {
  return !has_text(type) || type.inner() == "event" || type.inner() == "event:test" || type.inner() == "event:update";
}

/// Where an object that is no activity may hold one; "" for nowhere.
std::string_view holder_in(const Object& object) {
  if (is_object(object["event"])) return "event";
  return is_object(object["data"]) && names_no_type(object["type"]) ? "data" : "";
}

/// What `outer` says beside `holder` is said of `inner`, where it can be, or stays as something around it.
Object merged(const Object& outer, std::string_view holder, const Object& inner, Emission& emission) {
  Object result = inner;
  for (const Member& member : outer.members) {
    if (member.key == holder) continue;
    if (member.key == "isMock" && member.value.is_true()) emission.mock = true;
    const bool of_it = std::find(said_of_it.begin(), said_of_it.end(), member.key) != said_of_it.end();
    if (of_it && !inner[member.key]) {
      result.members.push_back(member);
    } else {
      emission.around.push_back(member);
    }
  }
  return result;
}

/// The facts of a test that lie a layer deeper: `{listener, event: {data: {name, amount}}}`, `{listener, data: {…}}`.
void take_off_body_wrapper(JsonParts& parts, std::string_view holder, Emission& emission) {
  Object body;
  for (const Member& member : emission.activity.members) {
    if (member.key != holder) body.members.push_back(member);
  }
  Value content = emission.activity[holder];
  const Object& inner = parts.members(content);
  const bool deeper = is_object(inner["data"]) && !has_facts(inner) && !inner["event"];
  if (deeper) {
    content = inner["data"];
    body = merged(inner, "data", body, emission);
  }
  if (!deeper && holder == "event") return;
  body.members.push_back({"event", content});
  emission.activity = std::move(body);
  emission.data = parts.members(content);
}

}  // namespace

bool is_activity(const ActivityHead& envelope) { return has_text(envelope.type) && is_object(envelope.data); }

void take_off_wrappers(JsonParts& parts, Emission& emission) {
  for (int layer = 0; layer < most_layers; ++layer) {
    const Object& outer = emission.activity;
    if (layer != 0 && holds_activity(outer)) break;
    const auto holder = holder_in(outer);
    if (holder.empty()) break;
    const Value content = outer[holder];
    const Object& inner = parts.members(content);
    const bool other = !names_no_type(outer["type"]) && outer["type"].text != inner["type"].text;
    if (other || (!holds_activity(inner) && !holds_event(inner))) {
      if (has_text(outer["listener"])) take_off_body_wrapper(parts, holder, emission);
      return;
    }
    emission.payload = content;
    emission.activity = merged(outer, holder, inner, emission);
    emission.data = parts.members(emission.activity["data"]);
    if (!holds_activity(emission.activity)) emission.data = parts.members(emission.activity["event"]);
  }
}

void take_off_state_wrappers(JsonParts& parts, Emission& emission) {
  for (int layer = 0; layer < most_layers && !has_text(emission.activity["name"]); ++layer) {
    const auto holder = holder_in(emission.activity);
    if (holder.empty()) return;
    const Value content = emission.activity[holder];
    const Object& inner = parts.members(content);
    const bool state = has_text(inner["name"]) && inner["data"];
    if (!state && !holds_event(inner)) return;
    emission.payload = content;
    emission.activity = merged(emission.activity, holder, inner, emission);
  }
}

}  // namespace tributary::connectors::streamelements
