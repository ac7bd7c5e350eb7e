#include "connectors/users/codec.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include "connectors/json/upstream_time.hpp"
#include "connectors/link/protocol_value.hpp"
#include "text/json.hpp"

namespace tributary::connectors::users {
namespace {

constexpr std::array<std::string_view, 11> canonical = {
    "unknown",        "userLogin",     "userLogout", "userActivated", "userRemoved", "fileUploaded", "fileRemoved",
    "bucketUploaded", "bucketRemoved", "",           "echo"};

std::string upstream_id(const Value& id) {
  std::string text = id.kind == Value::Kind::number ? std::string(id.text) : plain_text(id);
  if (text.size() > Codec::id_limit) text.clear();
  return text;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_probe(std::string_view message) {
  if (!message.starts_with(probe_begin)) return false;
  message.remove_prefix(probe_begin.size());
  if (message.size() < 26 || message.size() > 46 || !is_hex(message.substr(0, 24)) || message[24] != '-') return false;
  message.remove_prefix(25);
  return std::all_of(message.begin(), message.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string_view> canonical_types() {
  std::vector<std::string_view> types;
  std::copy_if(canonical.begin(), canonical.end(), std::back_inserter(types), [](auto type) { return !type.empty(); });
  return types;
}

Codec::Codec(const std::string& connector, std::string label, const Settings& settings)
    : label_(std::move(label)),
      json_(settings.nesting),
      writer_("users", "users", connector),
      envelopes_(connector, settings) {}

Codec::Type Codec::numbered(const Value& value) {
  long long number = 0;
  const bool known = whole_number(value, number) && number >= 1 && number <= static_cast<long long>(Type::echo);
  return known ? static_cast<Type>(number) : Type::unknown;
}

Codec::Type Codec::named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Type>, 12> names{{
      {"Login", Type::login},
      {"Logout", Type::logout},
      {"Activated", Type::activated},
      {"Removed", Type::removed},
      {"FilesUploaded", Type::file_uploaded},
      {"FileUploaded", Type::file_uploaded},
      {"FilesRemoved", Type::file_removed},
      {"FileRemoved", Type::file_removed},
      {"BucketUploaded", Type::bucket_uploaded},
      {"BucketRemoved", Type::bucket_removed},
      {"MetaRequest", Type::meta_request},
      {"Echo", Type::echo},
  }};
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& line) { return line.first == name; });
  return found == names.end() ? Type::unknown : found->second;
}

/// Reads `eventType`, or the newer `type` where there is none.
void Codec::classify(Frame& frame) {
  for (const std::string_view key : {"eventType", "type"}) {
    const Value value = (*frame.object)[key];
    if (!value) continue;
    frame.type_key = key;
    const std::string said = value.kind == Value::Kind::number ? std::string(value.text) : plain_text(value);
    frame.type = numbered(value);
    if (frame.type == Type::unknown) frame.type = named(said);
    frame.upstream_type = text::clip(said, type_limit);
    return;
  }
}

Codec::Said Codec::malformed(std::string_view reason, std::string detail, Outcome& outcome) const {
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = reason;
  outcome.malformed_detail = std::move(detail);
  return Said::malformed;
}

Codec::Said Codec::read(std::string_view text, const event::Now& now, Outcome& outcome) {
  Value whole;
  if (!parts_.read(json_, text, whole)) {
    const bool deep = json_.fault() == JsonText::Fault::too_deep;
    return malformed(deep ? "too_deep" : "not_json", json_.explain(), outcome);
  }
  if (whole.kind != Value::Kind::object) return malformed("wrong_shape", "an event is an object", outcome);
  Frame& frame = frame_ = {};
  frame.object = &parts_.members(whole);
  const Object& object = *frame.object;
  classify(frame);
  if (frame.type == Type::meta_request || (frame.type_key.empty() && (object["val"] || object["error"]))) {
    message_ = words_in(parts_, object["error"]);
    return Said::reply;
  }
  if (frame.type == Type::echo) {
    message_ = plain_text(object["message"]);
    return is_probe(message_) ? Said::probe : Said::echo;
  }
  outcome.kind = event::FrameKind::carrying;
  switch (frame.type) {
    case Type::unknown:
      unknown(frame, whole, now, outcome);
      break;
    case Type::file_uploaded:
    case Type::file_removed:
      files(frame, now, outcome);
      break;
    case Type::bucket_uploaded:
    case Type::bucket_removed:
      write(frame, {"bucket", object["bucket"], false}, now, outcome);
      break;
    default:
      write(frame, {}, now, outcome);
  }
  return Said::event;
}

/// The server passes on text alone, so an envelope stands in a string; an object in its place is somebody's own.
bool Codec::tell_echo(const event::Now& now, Outcome& outcome) {
  const Value message = (*frame_.object)["message"];
  auto mark = envelopes_.read(message_, false, now, outcome);
  if (mark == EnvelopeReader::Content::told) return false;
  if (message.kind == Value::Kind::object && parts_.members(message)["tributary"]) {
    mark = envelopes_.read_misplaced(message.text, outcome);
    if (mark == EnvelopeReader::Content::told) return false;
  }
  outcome.kind = event::FrameKind::carrying;
  write(frame_, {}, now, outcome);
  outcome.drafts.back().foreign_mark = mark == EnvelopeReader::Content::foreign;
  return mark == EnvelopeReader::Content::plain;
}

void Codec::unknown(const Frame& frame, const Value& whole, const event::Now& now, Outcome& outcome) {
  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({.type = "unknown", .upstream_type = frame.upstream_type, .upstream_channel = label_}, draft);
  writer_.put("upstream", whole);
  writer_.finish(std::nullopt, now);
  draft.repaired = json_.repaired();
}

/// One event per file. A frame of very many, or with much beside them that each would repeat, stays one event.
void Codec::files(const Frame& frame, const event::Now& now, Outcome& outcome) {
  const Object& object = *frame.object;
  const Value list = object["files"];
  const std::vector<Value>& elements = parts_.elements(list);
  const std::size_t shared = object.text.size() - list.text.size();
  const bool apart =
      !elements.empty() && elements.size() <= files_limit && (elements.size() == 1 || shared <= shared_limit);
  if (!apart || object["file"]) write(frame, {"file", object["file"], apart}, now, outcome);
  if (!apart) return;
  for (const Value& file : elements) write(frame, {"file", file, apart}, now, outcome);
}

void Codec::write(const Frame& frame, const Thing& thing, const event::Now& now, Outcome& outcome) {
  static const Object nothing;
  const bool upload = frame.type == Type::file_uploaded || frame.type == Type::bucket_uploaded;
  const bool removal = frame.type == Type::file_removed || frame.type == Type::bucket_removed;
  const Object& parts = thing.value.kind == Value::Kind::object ? parts_.members(thing.value) : nothing;
  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({.type = canonical[static_cast<std::size_t>(frame.type)],
                 .upstream_type = frame.upstream_type,
                 .upstream_channel = label_,
                 .upstream_id = upstream_id(parts["_id"])},
                draft);
  const Object& object = *frame.object;
  for (const Member& member : object.members) {
    const bool told = member.key == thing.name || (thing.apart && member.key == "files");
    if (member.key == frame.type_key || told) continue;
    if (member.key == "username" || (member.key == "message" && frame.type == Type::echo)) {
      writer_.put_text(member.key, member.value);
    } else {
      writer_.detail(member.key, member.value);
    }
  }
  if (removal && !object["username"] && parts["user"].is_string()) writer_.put("username", parts["user"]);
  if (!thing.name.empty()) writer_.detail(thing.name, thing.value);
  // A removal does not happen when its file was created.
  writer_.finish(upload ? time_of(parts["created"], TimeUnit::milliseconds, now.wall).time : std::nullopt, now);
  draft.repaired = outcome.drafts.size() == 1 ? json_.repaired() : 0;
}

}  // namespace tributary::connectors::users
