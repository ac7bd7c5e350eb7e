#include "connectors/streamelements/normaliser.hpp"

#include <optional>

#include "connectors/json/json_lexis.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/upstream_time.hpp"
#include "event/id.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::string_view source_name = "streamelements";
constexpr std::string_view unknown_id = "000000000000000000000000";

/// Escaped content → plain text.
std::string plain(std::string_view inner) {
  return inner.find('\\') == std::string_view::npos ? std::string(inner) : unescaped(inner);
}

std::string escaped(std::string_view text) {
  std::string quoted;
  text::append_quoted(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

event::Slice put(std::string& out, std::string_view text) {
  const event::Slice slice{static_cast<std::uint32_t>(out.size()), static_cast<std::uint32_t>(text.size())};
  out += text;
  return slice;
}

/// Written as the canonical event writes its times; `text` is a valid date-time.
bool is_canonical_time(std::string_view text) {
  return text.size() == 24 && text[10] == 'T' && text[19] == '.' && text[23] == 'Z' && text[17] != '6';
}

bool is_one_of_six(std::string_view type) {
  switch (type.size()) {
    case 3:
      return type == "tip";
    case 4:
      return type == "host" || type == "raid";
    case 5:
      return type == "cheer";
    case 6:
      return type == "follow";
    case 10:
      return type == "subscriber";
    default:
      return false;
  }
}

}  // namespace

/// Which shape an activity came in.
struct Normaliser::Source {
  Value ActivityHead::*data = nullptr;  ///< which member is its data
  std::string_view type;                ///< escaped, not empty; or
  bool typeless = false;                ///< it has none: the whole value goes to data.upstream
  std::string_view upstream_type;       ///< escaped
  bool test = false;                    ///< `{listener, event}`, not an activity
};

/// When it happened and was last changed, by the upstream's clock.
struct Normaliser::Times {
  struct Reading {
    std::optional<event::WallTime> time;  ///< plausible: what is published
    std::optional<event::WallTime> said;  ///< what tells an update from a repeat: plausible, or at least not ahead
    bool as_documented = false;           ///< nothing of the original is lost
  };
  Reading created, updated;

  static Reading reading_of(const Value& value, event::WallTime now) {
    if (value.is_string()) {
      if (const auto said = text::parse_time(value.inner())) {
        const bool believed = plausible(*said, now);
        return {believed ? said : std::nullopt, evidence(said, believed, now), believed};
      }
    }
    if (!value) return {};
    const auto odd = connectors::time_of(value, TimeUnit::milliseconds, now);
    return {odd.time, odd.time ? odd.time : evidence(date_time(plain_text(value)), false, now), false};
  }

  /// A time that cannot be meant and lies ahead would make everything that is said later older than it.
  static std::optional<event::WallTime> evidence(std::optional<event::WallTime> said, bool believed,
                                                 event::WallTime now) {
    return said && !believed && *said > now ? std::nullopt : said;
  }

  void read(const ActivityHead& envelope, event::WallTime now) {
    created = reading_of(envelope.created_at, now);
    updated = envelope.updated_at.text == envelope.created_at.text ? created : reading_of(envelope.updated_at, now);
  }
};

Normaliser::Normaliser(std::string_view connector) {
  relay_begin_ = "\"relay\":{\"connector\":";
  text::append_quoted(relay_begin_, connector);
  relay_begin_ += ",\"source\":\"";
  relay_begin_ += source_name;
  relay_begin_ += "\",\"upstreamType\":\"";
}

void Normaliser::activity(const Emission& emission, const ActivityHead& envelope, bool test, const event::Now& now,
                          event::Draft& draft) {
  Source source;
  source.data = &ActivityHead::data;
  source.typeless = !has_text(envelope.type);
  source.type = source.typeless ? "unknown" : envelope.type.inner();
  source.upstream_type = source.typeless ? (test ? "event:test" : "event") : source.type;
  draft.test = test;
  write(emission, envelope, source, now, draft);
}

void Normaliser::test(const Emission& emission, const ActivityHead& envelope, const event::Now& now,
                      event::Draft& draft) {
  static constexpr std::string_view latest = "-latest";
  Source source;
  source.data = &ActivityHead::event;
  source.upstream_type = "event:test";
  source.type = "unknown";
  source.test = true;
  Value named = envelope.listener;
  // `event` is the message's own name, and says nothing of what happened.
  const Value own = emission.data["type"];
  if (!has_text(named) || (has_text(own) && (named.inner() == "event" || named.inner() == "event:test"))) named = own;
  if (has_text(named)) {
    source.upstream_type = source.type = named.inner();
    if (source.type.ends_with(latest) && source.type.size() > latest.size()) source.type.remove_suffix(latest.size());
  } else {
    source.typeless = true;
  }
  draft.test = true;
  write(emission, envelope, source, now, draft);
}

void Normaliser::write(const Emission& emission, const ActivityHead& envelope, const Source& source,
                       const event::Now& now, event::Draft& draft) {
  forget_details();
  DataFields fields;
  const bool six = is_one_of_six(source.type);
  fields.read(emission.data, six, source.test);
  Times times;
  times.read(envelope, now.wall);
  add_misfits(envelope, fields, times, source);
  if (!source.typeless) {
    for (const Member& member : emission.around) add_detail(member.key, member.value.text);
  }

  draft.kind = event::Kind::activity;
  draft.source = source_name;
  std::string& out = draft.text;
  out.clear();
  out.reserve(emission.payload.text.size() + 512);

  draft.upstream_channel = has_text(envelope.channel) ? plain(envelope.channel.inner()) : std::string(emission.channel);
  write_id(envelope, fields, source, draft);
  write_head(envelope.channel, source.type, envelope.provider, draft);
  draft.flagged = envelope.flagged.is_true();
  draft.flagged_said = envelope.flagged.kind == Value::Kind::boolean;
  out += draft.flagged ? "\",\"flagged\":true" : "\",\"flagged\":false";
  if (source.typeless) {
    out += ",\"data\":{\"upstream\":";
    out += emission.payload.text;
    out += '}';
  } else {
    write_data(emission.data, fields, six, out);
  }
  write_times(envelope, times, now, draft);
  const auto keep = [&out](std::string_view key, const Value& value) {
    if (value) put_member(out, key, value.text);
  };
  keep("activityId", envelope.activity_id);
  keep("activityGroup", envelope.activity_group);
  keep("expiresAt", envelope.expires_at);
  keep("sessionEventsCount", envelope.session_events_count);
  keep("isMock", envelope.is_mock);
  write_relay(emission, source.upstream_type, now, draft);
}

/// `","channel":…` up to the provider, whose closing quote is still missing.
void Normaliser::write_head(const Value& channel, std::string_view type, const Value& provider, event::Draft& draft) {
  std::string& out = draft.text;
  out += "\",\"channel\":\"";
  channel_ = has_text(channel) ? put(out, channel.inner()) : put(out, escaped(draft.upstream_channel));
  out += "\",\"type\":\"";
  draft.type = put(out, type);
  out += "\",\"provider\":\"";
  draft.provider = put(out, has_text(provider) ? provider.inner() : "twitch");
}

void Normaliser::write_id(const ActivityHead& envelope, const DataFields& fields, const Source& source,
                          event::Draft& draft) {
  std::string& out = draft.text;
  out += "{\"_id\":\"";
  const Value& own = has_text(envelope.id) || !source.test ? envelope.id : fields.values[data_id];
  upstream_id_.clear();
  draft.identified = true;
  if (has_text(own)) {
    upstream_id_ = own.inner();
    draft.id = put(out, own.inner());
    return;
  }
  if (has_text(envelope.activity_id)) {
    upstream_id_ = envelope.activity_id.inner();
  } else if (has_text(fields.values[tip_id])) {
    upstream_id_ = fields.values[tip_id].inner();
  } else {
    draft.identified = false;
    draft.id = put(out, unknown_id);
    return;
  }
  draft.id = put(
      out, event::derived_id({source_name, draft.upstream_channel, plain(source.upstream_type), plain(upstream_id_)}));
}

void Normaliser::add_misfits(const ActivityHead& envelope, const DataFields& fields, const Times& times,
                             const Source& source) {
  if (source.typeless) return;  // data.upstream has it all
  if (fields.changed) {
    for (std::size_t field = username; field <= avatar; ++field) {
      if (fields.fits[field] == Fit::misfit) add_detail(field_names[field], fields.values[field].text);
    }
  }
  const auto check = [this](std::string_view key, const Value& value, bool fits) {
    if (value && !fits) add_detail(key, value.text);
  };
  const Value& data = envelope.*source.data;
  check(source.test ? "event" : "data", data, data.kind == Value::Kind::object);
  check("_id", envelope.id, has_text(envelope.id));
  check("channel", envelope.channel, has_text(envelope.channel));
  check("provider", envelope.provider, has_text(envelope.provider));
  check("flagged", envelope.flagged, envelope.flagged.kind == Value::Kind::boolean);
  check("createdAt", envelope.created_at, times.created.as_documented);
  check("updatedAt", envelope.updated_at, times.updated.as_documented);
  if (source.test) {
    check("listener", envelope.listener, has_text(envelope.listener));
    check("type", envelope.type, false);
    check("data", envelope.data, false);
  } else {
    check("event", envelope.event, false);
    check("listener", envelope.listener, false);
  }
  for (const auto* member : envelope.others) add_detail(member->key, member->value.text);
}

void Normaliser::write_times(const ActivityHead& envelope, const Times& times, const event::Now& now,
                             event::Draft& draft) {
  std::string& out = draft.text;
  const auto put_time = [&out](const Times::Reading& reading, const Value& sent) {
    const event::Slice slice{static_cast<std::uint32_t>(out.size()), 24};
    if (reading.as_documented && is_canonical_time(sent.inner())) {
      out += sent.inner();
    } else {
      text::append_time(out, *reading.time);
    }
    return slice;
  };
  out += ",\"createdAt\":\"";
  if (times.created.time) {
    draft.created = *times.created.time;
    draft.created_at = put_time(times.created, envelope.created_at);
  } else {
    draft.created = now.wall;
    draft.created_at = put(out, received_text(now.wall));
  }
  out += "\",\"updatedAt\":\"";
  if (times.updated.time) {
    put_time(times.updated, envelope.updated_at);
  } else {
    out.append(out, draft.created_at.offset, draft.created_at.size);
  }
  draft.updated = times.updated.said ? times.updated.said : times.created.said;
  out += '"';
}

void Normaliser::write_relay(const Emission& emission, std::string_view upstream_type, const event::Now& now,
                             event::Draft& draft) {
  std::string& out = draft.text;
  out += ',';
  out += relay_begin_;
  out += upstream_type;
  if (!upstream_id_.empty()) {
    out += "\",\"upstreamId\":\"";
    out += upstream_id_;
  }
  out += "\",\"upstreamChannel\":\"";
  out.append(out, channel_.offset, channel_.size);
  out += '"';
  for (const std::string_view key : {"ts", "nonce"}) {
    for (const auto& member : emission.emission.members) {
      if (member.key == key) put_member(out, key, member.value.text);
    }
  }
  out += ",\"receivedAt\":\"";
  out += received_text(now.wall);
  out += '"';
}

std::string_view Normaliser::received_text(event::WallTime time) {
  if (received_text_.empty() || time != received_) {
    received_text_ = text::to_text(time);
    received_ = time;
  }
  return received_text_;
}

void Normaliser::write_state(const Emission& emission, bool opaque, std::string_view type,
                             std::string_view upstream_type, const event::Now& now, event::Draft& draft) {
  draft.kind = event::Kind::state;
  draft.source = source_name;
  std::string& out = draft.text;
  out.clear();
  out.reserve(emission.payload.text.size() + 512);
  upstream_id_.clear();
  Value channel, provider, activity_id, name;
  for (const auto& member : emission.activity.members) {
    if (!has_text(member.value)) continue;
    if (member.key == "channel") channel = member.value;
    if (member.key == "provider") provider = member.value;
    if (member.key == "activityId") activity_id = member.value;
    if (member.key == "name") name = member.value;
  }
  if (name) draft.key_suffix = plain(name.inner());
  draft.upstream_channel = channel ? plain(channel.inner()) : std::string(emission.channel);
  out += "{\"_id\":\"";
  draft.id = put(out, unknown_id);
  write_head(channel, type, provider, draft);
  out += "\",\"flagged\":false,\"data\":{";
  if (opaque || emission.payload.kind != Value::Kind::object) {
    if (emission.payload) put_member(out, "upstream", emission.payload.text);
  } else {
    for (const auto& member : emission.activity.members) {
      const char* const at = member.value.text.data();
      if ((channel && at == channel.text.data()) || (provider && at == provider.text.data()) ||
          (activity_id && at == activity_id.text.data())) {
        continue;
      }
      put_member(out, member.key, member.value.text);
    }
    forget_details();
    for (const Member& member : emission.around) add_detail(member.key, member.value.text);
    std::string field(field_names[details]);
    while (!details_.empty() && emission.activity[field]) field.insert(0, "activity.");
    if (!details_.empty()) write_details(field, out);
  }
  out += "}";
  write_times({}, {}, now, draft);
  if (activity_id && !opaque) put_member(out, "activityId", activity_id.text);
  write_relay(emission, upstream_type, now, draft);
}

void Normaliser::state_update(const Emission& emission, const event::Now& now, event::Draft& draft) {
  write_state(emission, false, "stateUpdate", "event:update", now, draft);
}

void Normaliser::state_reset(const Emission& emission, const event::Now& now, event::Draft& draft) {
  write_state(emission, true, "stateReset", "event:reset", now, draft);
}

}  // namespace tributary::connectors::streamelements
