// The OHA conversation under libFuzzer: a list of messages, cut at each 0x1E byte; one that begins with 'b' is binary,
// 't' is a tick four seconds later, 'p' and 'r' pause and resume. What must hold for any input: no crash; each message
// is exactly one kind; neither the stream's key nor the token is in anything but the first frame; and whatever event
// comes out is one line of valid UTF-8 and JSON, a chat only of a message that is one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "connectors/oha/session.hpp"
#include "event/document.hpp"
#include "event/json.hpp"
#include "event/time.hpp"

using namespace tributary;
using connectors::Outcome;
using connectors::oha::Config;
using connectors::oha::Session;
using connectors::oha::TokenIn;
using nlohmann::json;

namespace {

constexpr std::string_view key = "fuzz-key", token = "fuzz-token";

void require(bool condition) {
  if (!condition) std::abort();
}

bool has_token = false;  ///< without one in its settings, the connector has no such secret

bool told(std::string_view text) {
  return text.find(key) != std::string_view::npos || (has_token && text.find(token) != std::string_view::npos);
}

void check(std::string_view input, const event::Draft& draft) {
  static event::Document document;
  const std::string text = draft.text + "}}";
  require(event::valid_utf8(text) && !told(text));
  require(text.find('\n') == std::string::npos);
  require(document.read(text));
  require(draft.id.offset + draft.id.size <= draft.text.size() && draft.id.size == 24);
  require(event::parse_time(draft.created_at.of(draft.text)) == draft.created);
  require(draft.upstream_channel == "maths-101");
  const auto sent = json::parse(input, nullptr, false);
  if (draft.repaired != 0 || !sent.is_object() || told(input)) return;
  if (draft.type.of(draft.text) == "chat") require(sent["data"].is_object());
}

void check(std::string_view input, const Outcome& outcome) {
  require(outcome.drafts.empty() == (outcome.kind != event::FrameKind::carrying));
  require((outcome.kind == event::FrameKind::malformed) == !outcome.malformed_reason.empty());
  for (const auto& remark : outcome.remarks) {
    require(!remark.code.empty() && event::valid_utf8(remark.detail) && event::valid_utf8(remark.subject));
    require(!told(remark.subject) && !told(remark.detail));
  }
  for (const auto& draft : outcome.drafts) check(input, draft);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Config config;
  config.label = "maths-101";
  has_token = size % 4 != 0;
  if (has_token) config.auth.emplace().in = size % 4 == 1 ? TokenIn::message : TokenIn::header;
  Session session("fuzz", config);
  event::Now now{event::SteadyTime{} + std::chrono::hours(1), event::WallTime{std::chrono::hours(500'000)}};
  session.dial({std::string(key), std::string(token)}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  while (!input.empty()) {
    const auto end = input.find('\x1E');
    const auto message = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    outcome.clear();
    if (message == "t") {
      now.steady += std::chrono::seconds(4);
      session.tick(now, outcome);
    } else if (message == "p" || message == "r") {
      session.paused(message == "p", now, outcome);
    } else if (message.starts_with('b')) {
      session.frame(message.substr(1), true, now, outcome);
    } else {
      session.frame(message, false, now, outcome);
    }
    check(message, outcome);
  }
  return 0;
}
