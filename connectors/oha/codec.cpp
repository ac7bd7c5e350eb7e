#include "connectors/oha/codec.hpp"

#include <algorithm>
#include <utility>

#include "connectors/link/protocol_value.hpp"
#include "text/json.hpp"
#include "text/printable.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr std::size_t code_limit = 64;
constexpr std::size_t type_limit = 256;

constexpr std::string_view chat_type = "chat", unknown_type = "unknown";

/// A word for a log: printable, without spaces.
std::string word(std::string_view text, std::size_t limit) {
  std::string out = text::printable(text, limit);
  std::replace(out.begin(), out.end(), ' ', '_');
  return out;
}

}  // namespace

std::vector<std::string_view> canonical_types() { return {chat_type, unknown_type}; }

Codec::Codec(std::string_view connector, std::string label, std::size_t nesting)
    : label_(std::move(label)), json_(nesting), writer_("oha", "oha", connector) {}

Codec::Said Codec::malformed(std::string_view reason, std::string detail, Outcome& outcome) {
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = reason;
  outcome.malformed_detail = std::move(detail);
  return Said::malformed;
}

Codec::Said Codec::read(std::string_view text, const event::Now& now, Outcome& outcome) {
  Value whole;
  if (!parts_.read(json_, text, whole)) {
    return malformed(json_.fault() == JsonText::Fault::too_deep ? "too_deep" : "not_json", json_.explain(), outcome);
  }
  if (whole.kind != Value::Kind::object) return malformed("wrong_shape", "a frame is an object", outcome);
  const Object& frame = parts_.members(whole);
  const std::string type = plain_text(frame["type"]);
  if (type == "chat") return chat(frame, now, outcome);
  if (type == "auth") {
    const auto authenticated = flag_of(parts_.members(frame["data"])["authenticated"]);
    if (!authenticated) return malformed("wrong_shape", "auth says whether we are authenticated", outcome);
    words_ = *authenticated ? std::string{} : words_beside(parts_, parts_.members(frame["data"]));
    return *authenticated ? Said::authenticated : Said::anonymous;
  }
  if (type == "error") {
    error(frame);
    return Said::error;
  }
  return unknown(whole, text::clip(type, type_limit), now, outcome);
}

/// The code and the words, in the data or beside it; the data may be the words themselves.
void Codec::error(const Object& frame) {
  Value code;
  for (const Object* place : {&parts_.members(frame["data"]), &frame}) {
    for (const std::string_view key : {"error_code", "code"}) {
      if (!code) code = (*place)[key];
    }
  }
  code_ = word(code.is_string() ? plain_text(code) : std::string(code.text), code_limit);
  words_ = words_in(parts_, frame["data"]);
  if (words_.empty()) words_ = words_beside(parts_, frame);
  if (words_ == code_ && !parts_.members(frame["data"])["message"]) words_.clear();
}

Codec::Said Codec::chat(const Object& frame, const event::Now& now, Outcome& outcome) {
  const Value data = frame["data"];
  if (data.kind != Value::Kind::object) return malformed("wrong_shape", "the data of a chat is an object", outcome);
  writer_.begin({chat_type, "chat", label_}, outcome.drafts.emplace_back());
  user_ = message_ = {};
  for (const Member& member : parts_.members(data).members) {
    if (member.key == "user") {
      user_ = member.value;
      member.value.is_string() ? writer_.put("username", member.value) : writer_.detail(member.key, member.value);
    } else if (member.key == "message") {
      message_ = member.value;
      member.value.is_string() ? writer_.put("message", member.value) : writer_.detail(member.key, member.value);
    } else {
      writer_.detail(member.key, member.value);
    }
  }
  for (const Member& member : frame.members) {
    if (member.key != "type" && member.key != "data") writer_.detail(member.key, member.value);
  }
  carry(now, outcome);
  return Said::chat;
}

Codec::Said Codec::unknown(const Value& whole, std::string_view type, const event::Now& now, Outcome& outcome) {
  writer_.begin({unknown_type, type, label_}, outcome.drafts.emplace_back());
  writer_.put("upstream", whole);
  return carry(now, outcome);
}

Codec::Said Codec::carry(const event::Now& now, Outcome& outcome) {
  writer_.finish(std::nullopt, now);
  outcome.kind = event::FrameKind::carrying;
  outcome.drafts.back().repaired = json_.repaired();
  return Said::event;
}

}  // namespace tributary::connectors::oha
