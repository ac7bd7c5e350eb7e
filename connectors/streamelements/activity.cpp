#include "connectors/streamelements/activity.hpp"

#include <utility>

#include "connectors/json/json_lexis.hpp"

namespace tributary::connectors::streamelements {
namespace {

DataField data_field(std::string_view key) {
  const auto is = [key](DataField field) { return key == field_names[field] ? field : field_count; };
  switch (key.size()) {
    case 3:
      return is(data_id);
    case 4:
      return is(given_name);
    case 5:
      return key[0] == 'i' ? is(items) : is(tip_id);
    case 6:
      return key[1] == 'm' ? is(amount) : is(avatar);
    case 7:
      return key[0] == 'm' ? is(message) : is(details);
    case 8:
      return is(username);
    case 11:
      return is(display_name);
    default:
      return field_count;
  }
}

/// The six types promise kinds of values; of all others only an amount is looked at.
Fit fit_of(DataField field, const Value& value, bool six) {
  if (field == amount) {
    if (value.kind == Value::Kind::number) return Fit::as_sent;
    if (value.is_string()) return is_number(value.inner()) ? Fit::as_number : Fit::misfit;
    return six ? Fit::misfit : Fit::as_sent;
  }
  if (!six || field > avatar) return Fit::as_sent;
  if (field == items) return value.kind == Value::Kind::array ? Fit::as_sent : Fit::misfit;
  if (value.is_string()) return field == display_name && value.inner().empty() ? Fit::missing : Fit::as_sent;
  return value.kind == Value::Kind::number ? Fit::as_text : Fit::misfit;
}

Value ActivityHead::*envelope_member(std::string_view key) {
  const auto is = [key](std::string_view name, Value ActivityHead::*member) { return key == name ? member : nullptr; };
  switch (key.size()) {
    case 3:
      return is("_id", &ActivityHead::id);
    case 4:
      return key[0] == 't' ? is("type", &ActivityHead::type) : is("data", &ActivityHead::data);
    case 5:
      return is("event", &ActivityHead::event);
    case 6:
      return is("isMock", &ActivityHead::is_mock);
    case 7:
      return key[0] == 'f' ? is("flagged", &ActivityHead::flagged) : is("channel", &ActivityHead::channel);
    case 8:
      return key[0] == 'p' ? is("provider", &ActivityHead::provider) : is("listener", &ActivityHead::listener);
    case 9:
      if (key[0] == 'c') return is("createdAt", &ActivityHead::created_at);
      return key[0] == 'u' ? is("updatedAt", &ActivityHead::updated_at) : is("expiresAt", &ActivityHead::expires_at);
    case 10:
      return is("activityId", &ActivityHead::activity_id);
    case 13:
      return is("activityGroup", &ActivityHead::activity_group);
    case 18:
      return is("sessionEventsCount", &ActivityHead::session_events_count);
    default:
      return nullptr;
  }
}

}  // namespace

void ActivityHead::read(const Object& activity) {
  auto kept = std::move(others);
  kept.clear();
  *this = {};
  others = std::move(kept);
  for (const auto& member : activity.members) {
    if (const auto place = envelope_member(member.key)) {
      this->*place = member.value;
    } else {
      others.push_back(&member);
    }
  }
}

DataField DataFields::field_of(std::string_view key) const {
  const auto field = data_field(key);
  return field == given_name && rename ? username : field;
}

void DataFields::read(const Object& data, bool six, bool test) {
  if (test) {
    rename = changed = true;
    for (const auto& member : data.members) rename = rename && member.key != field_names[username];
  }
  for (const auto& member : data.members) {
    const auto field = field_of(member.key);
    if (field == field_count) continue;
    values[field] = member.value;
    fits[field] = fit_of(field, member.value, six);
    if (fits[field] != Fit::as_sent) changed = true;
  }
}

}  // namespace tributary::connectors::streamelements
