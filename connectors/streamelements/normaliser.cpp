#include "connectors/streamelements/normaliser.hpp"

#include <array>
#include <optional>

#include "event/id.hpp"
#include "event/json.hpp"
#include "event/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::string_view source_name = "streamelements";
constexpr std::string_view unknown_id = "000000000000000000000000";

bool has_text(const Value& value) { return value.is_string() && value.text.size() > 2; }

/// Escaped content → plain text.
std::string plain(std::string_view inner) {
  return inner.find('\\') == std::string_view::npos ? std::string(inner) : unescaped(inner);
}

std::string escaped(std::string_view text) {
  std::string quoted;
  event::append_quoted(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

event::Slice put(std::string& out, std::string_view text) {
  const event::Slice slice{static_cast<std::uint32_t>(out.size()), static_cast<std::uint32_t>(text.size())};
  out += text;
  return slice;
}

void put_member(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  out += text;
}

std::optional<event::WallTime> time_of(const Value& value) {
  return value.is_string() ? event::parse_time(value.inner()) : std::nullopt;
}

/// Written as the canonical event writes its times; `text` is a valid date-time.
bool is_canonical_time(std::string_view text) {
  return text.size() == 24 && text[10] == 'T' && text[19] == '.' && text[23] == 'Z' && text[17] != '6';
}

bool is_one_of_six(std::string_view type) {
  switch (type.size()) {
    case 3: return type == "tip";
    case 4: return type == "host" || type == "raid";
    case 5: return type == "cheer";
    case 6: return type == "follow";
    case 10: return type == "subscriber";
    default: return false;
  }
}

/// The fields of `data` that are looked at. The first six are filled for the six types, in this order.
enum DataField : std::uint8_t {
  username, display_name, amount, message, items, avatar, tip_id, data_id, given_name, details, field_count
};
constexpr std::array<std::string_view, field_count> field_names = {
    "username", "displayName", "amount", "message", "items", "avatar", "tipId", "_id", "name", "details"};

DataField data_field(std::string_view key) {
  const auto is = [key](DataField field) { return key == field_names[field] ? field : field_count; };
  switch (key.size()) {
    case 3: return is(data_id);
    case 4: return is(given_name);
    case 5: return key[0] == 'i' ? is(items) : is(tip_id);
    case 6: return key[1] == 'm' ? is(amount) : is(avatar);
    case 7: return key[0] == 'm' ? is(message) : is(details);
    case 8: return is(username);
    case 11: return is(display_name);
    default: return field_count;
  }
}

/// How a value stands to the place it was sent for.
enum class Fit : std::uint8_t { as_sent, as_text, as_number, misfit };

/// The six types promise kinds of values; of all others only an amount is looked at.
Fit fit_of(DataField field, const Value& value, bool six) {
  if (field == amount) {
    if (value.kind == Value::Kind::number) return Fit::as_sent;
    if (value.is_string()) return is_number(value.inner()) ? Fit::as_number : Fit::misfit;
    return six ? Fit::misfit : Fit::as_sent;
  }
  if (!six || field > avatar) return Fit::as_sent;
  if (field == items) return value.kind == Value::Kind::array ? Fit::as_sent : Fit::misfit;
  if (value.is_string()) return Fit::as_sent;
  return value.kind == Value::Kind::number ? Fit::as_text : Fit::misfit;
}

Value Envelope::*envelope_member(std::string_view key) {
  const auto is = [key](std::string_view name, Value Envelope::*member) { return key == name ? member : nullptr; };
  switch (key.size()) {
    case 3: return is("_id", &Envelope::id);
    case 4: return key[0] == 't' ? is("type", &Envelope::type) : is("data", &Envelope::data);
    case 5: return is("event", &Envelope::event);
    case 6: return is("isMock", &Envelope::is_mock);
    case 7: return key[0] == 'f' ? is("flagged", &Envelope::flagged) : is("channel", &Envelope::channel);
    case 8: return key[0] == 'p' ? is("provider", &Envelope::provider) : is("listener", &Envelope::listener);
    case 9:
      if (key[0] == 'c') return is("createdAt", &Envelope::created_at);
      return key[0] == 'u' ? is("updatedAt", &Envelope::updated_at) : is("expiresAt", &Envelope::expires_at);
    case 10: return is("activityId", &Envelope::activity_id);
    case 13: return is("activityGroup", &Envelope::activity_group);
    case 18: return is("sessionEventsCount", &Envelope::session_events_count);
    default: return nullptr;
  }
}

}  // namespace

void Envelope::read(const Object& activity) {
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

struct Normaliser::DataFields {
  std::array<Value, field_count> values;
  std::array<Fit, field_count> fits{};
  bool rename = false;   ///< `name` is the username
  bool changed = false;  ///< some member cannot be copied as sent

  DataField field_of(std::string_view key) const {
    const auto field = data_field(key);
    return field == given_name && rename ? username : field;
  }

  /// With `test`, `name` stands for a missing username.
  void read(const Object& data, bool six, bool test) {
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

  bool fits_in(DataField field) const { return values[field] && fits[field] != Fit::misfit; }
};

/// Which shape an activity came in.
struct Normaliser::Source {
  Value Envelope::*data = nullptr;   ///< which member is its data
  std::string_view type;             ///< escaped, not empty; or
  bool typeless = false;             ///< it has none: the whole value goes to data.upstream
  std::string_view upstream_type;    ///< escaped
  bool test = false;                 ///< `{listener, event}`, not an activity
};

struct Normaliser::Times {
  std::optional<event::WallTime> created, updated;

  void read(const Envelope& envelope) {
    created = time_of(envelope.created_at);
    updated = envelope.updated_at.text == envelope.created_at.text ? created : time_of(envelope.updated_at);
  }
};

Normaliser::Normaliser(std::string_view connector) {
  relay_begin_ = "\"relay\":{\"connector\":";
  event::append_quoted(relay_begin_, connector);
  relay_begin_ += ",\"source\":\"";
  relay_begin_ += source_name;
  relay_begin_ += "\",\"upstreamType\":\"";
}

void Normaliser::activity(const Emission& emission, const Envelope& envelope, bool test, const event::Now& now,
                          event::Draft& draft) {
  Source source;
  source.data = &Envelope::data;
  source.typeless = !has_text(envelope.type);
  source.type = source.typeless ? "unknown" : envelope.type.inner();
  source.upstream_type = source.typeless ? (test ? "event:test" : "event") : source.type;
  draft.test = test;
  write(emission, envelope, source, now, draft);
}

void Normaliser::test(const Emission& emission, const Envelope& envelope, const event::Now& now, event::Draft& draft) {
  static constexpr std::string_view latest = "-latest";
  if (!has_text(envelope.listener) && !envelope.event) return activity(emission, envelope, true, now, draft);
  Source source;
  source.data = &Envelope::event;
  source.upstream_type = "event:test";
  source.type = "unknown";
  source.test = true;
  Value named = envelope.listener;
  if (!has_text(named)) {
    for (const auto& member : emission.data.members) {
      if (member.key == "type") named = member.value;
    }
  }
  if (has_text(named)) {
    source.upstream_type = source.type = named.inner();
    if (source.type.ends_with(latest) && source.type.size() > latest.size()) source.type.remove_suffix(latest.size());
  } else {
    source.typeless = true;
  }
  draft.test = true;
  write(emission, envelope, source, now, draft);
}

void Normaliser::write(const Emission& emission, const Envelope& envelope, const Source& source, const event::Now& now,
                       event::Draft& draft) {
  details_.clear();
  detail_names_.clear();
  DataFields fields;
  const bool six = is_one_of_six(source.type);
  fields.read(emission.data, six, source.test);
  Times times;
  times.read(envelope);
  add_misfits(envelope, fields, times, source);

  draft.kind = event::Kind::activity;
  draft.source = source_name;
  std::string& out = draft.text;
  out.clear();
  out.reserve(emission.payload.text.size() + 512);

  draft.upstream_channel = has_text(envelope.channel) ? plain(envelope.channel.inner()) : std::string(emission.channel);
  write_id(envelope, fields, source, draft);
  write_head(envelope.channel, source.type, envelope.provider, draft);
  draft.flagged = envelope.flagged.is_true();
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

void Normaliser::write_id(const Envelope& envelope, const DataFields& fields, const Source& source,
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
  draft.id = put(out, event::derived_id({source_name, draft.upstream_channel, plain(source.upstream_type),
                                         plain(upstream_id_)}));
}

void Normaliser::add_detail(std::string_view key, std::string_view text) {
  const auto taken = [this](std::string_view name) {
    for (const auto& detail : details_) {
      if (detail.key == name) return true;
    }
    return false;
  };
  if (taken(key)) {
    std::string other = "activity.";
    other += key;
    while (taken(other)) other.insert(0, "activity.");
    key = detail_names_.emplace_back(std::move(other));
  }
  details_.push_back({key, text});
}

void Normaliser::add_misfits(const Envelope& envelope, const DataFields& fields, const Times& times,
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
  check("createdAt", envelope.created_at, times.created.has_value());
  check("updatedAt", envelope.updated_at, times.updated.has_value());
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

void Normaliser::write_data(const Object& data, const DataFields& fields, bool six, std::string& out) {
  out += ",\"data\":";
  const bool own_details{fields.values[details]};
  if (own_details && !details_.empty()) add_detail(field_names[details], fields.values[details].text);
  if (data.text.empty()) {
    out += '{';
  } else if (!fields.changed && !data.respelled && (details_.empty() || !own_details)) {
    out.append(data.text, 0, data.text.size() - 1);
  } else {
    write_members(data, fields, !details_.empty(), out);
  }
  if (six) write_fills(fields, out);
  if (!details_.empty()) write_details(out);
  out += '}';
}

void Normaliser::write_members(const Object& data, const DataFields& fields, bool drop_details, std::string& out) {
  out += '{';
  for (const auto& member : data.members) {
    const auto field = fields.field_of(member.key);
    if (field == field_count) {
      put_member(out, member.key, member.value.text);
      continue;
    }
    if (field == details && drop_details) continue;
    switch (fields.fits[field]) {
      case Fit::as_sent: put_member(out, field_names[field], member.value.text); break;
      case Fit::as_number: put_member(out, field_names[field], member.value.inner()); break;
      case Fit::as_text:
        put_member(out, field_names[field], "\"");
        out += member.value.text;
        out += '"';
        break;
      case Fit::misfit:
        if (field == amount) put_member(out, field_names[field], "0");
        break;
    }
  }
}

void Normaliser::write_fills(const DataFields& fields, std::string& out) {
  if (!fields.fits_in(username)) put_member(out, field_names[username], "\"\"");
  if (!fields.fits_in(display_name)) {
    const bool named = fields.fits_in(username);
    put_member(out, field_names[display_name], "\"");
    if (named) out += fields.fits[username] == Fit::as_text ? fields.values[username].text : fields.values[username].inner();
    out += '"';
  }
  if (!fields.values[amount]) put_member(out, field_names[amount], "0");
  if (!fields.fits_in(message)) put_member(out, field_names[message], "\"\"");
  if (!fields.fits_in(items)) put_member(out, field_names[items], "[]");
  if (!fields.fits_in(avatar)) put_member(out, field_names[avatar], "\"\"");
}

void Normaliser::write_details(std::string& out) {
  put_member(out, field_names[details], "{");
  for (const auto& detail : details_) put_member(out, detail.key, detail.text);
  out += '}';
}

void Normaliser::write_times(const Envelope& envelope, const Times& times, const event::Now& now,
                             event::Draft& draft) {
  std::string& out = draft.text;
  const auto put_time = [&out](std::optional<event::WallTime> time, const Value& sent) {
    const event::Slice slice{static_cast<std::uint32_t>(out.size()), 24};
    if (is_canonical_time(sent.inner())) {
      out += sent.inner();
    } else {
      event::append_time(out, *time);
    }
    return slice;
  };
  out += ",\"createdAt\":\"";
  if (times.created) {
    draft.created = *times.created;
    draft.created_at = put_time(times.created, envelope.created_at);
  } else {
    draft.created = now.wall;
    draft.created_at = put(out, received_text(now.wall));
  }
  out += "\",\"updatedAt\":\"";
  if (times.updated) {
    draft.updated = *times.updated;
    put_time(times.updated, envelope.updated_at);
  } else {
    draft.updated = draft.created;
    out.append(out, draft.created_at.offset, draft.created_at.size);
  }
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
    received_text_ = event::to_text(time);
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
