// The DLive conversation under libFuzzer: a list of messages, cut at each 0x1E byte; one that begins with 'b' is
// binary, 't' is a tick two seconds later, 'p' and 'r' pause and resume. What must hold for any input: no crash; each
// message is exactly one kind; no end without a reason; and whatever event comes out is one line of valid UTF-8 and
// JSON whose parts lie where the draft says, made of an object.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "connectors/dlive/session.hpp"
#include "event/document.hpp"
#include "event/json.hpp"
#include "event/time.hpp"

using namespace tributary;
using connectors::Outcome;
using connectors::dlive::Config;
using connectors::dlive::Session;
using nlohmann::json;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const event::Draft& draft) {
  static event::Document document;
  const std::string text = draft.text + "}}";
  require(event::valid_utf8(text));
  require(text.find('\n') == std::string::npos);
  require(document.read(text));
  require(draft.id.offset + draft.id.size <= draft.text.size() && draft.id.size == 24);
  require(event::parse_time(draft.created_at.of(draft.text)) == draft.created);
  require(draft.upstream_channel == "dbl-lee" || draft.upstream_channel == "other");
  json event;
  try {
    event = json::parse(text);
  } catch (const json::out_of_range&) {
    return;  // a number beyond double is JSON all the same
  }
  const auto& data = event["data"];
  require(data.is_object());
  require(event["type"] != "unknown" || data["upstream"].is_object());
  require(!data.contains("amount") || data["amount"].is_number());
  require(!data.contains("username") || data["username"].is_string());
}

void check(const Outcome& outcome) {
  require(outcome.drafts.empty() == (outcome.kind != event::FrameKind::carrying));
  require((outcome.kind == event::FrameKind::malformed) == !outcome.malformed_reason.empty());
  require(!outcome.down || outcome.down->reason != net::Reason::none);
  for (const auto& remark : outcome.remarks) require(!remark.code.empty() && event::valid_utf8(remark.detail));
  for (const auto& draft : outcome.drafts) check(draft);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Config config;
  config.streamers = {"dbl-lee", "other"};
  config.resubscribe_limit = 3;
  Session session("fuzz", config);
  event::Now now{event::SteadyTime{} + std::chrono::hours(1), event::WallTime{std::chrono::hours(500'000)}};
  session.dial({}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  if (size % 8 != 0) session.frame(R"({"type":"connection_ack"})", false, now, outcome);
  while (!input.empty()) {
    const auto end = input.find('\x1E');
    const auto message = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    outcome.clear();
    if (message == "t") {
      now.steady += std::chrono::seconds(2);
      if (session.deadline() <= now.steady) session.tick(now, outcome);
    } else if (message == "p" || message == "r") {
      session.paused(message == "p", now, outcome);
    } else if (message.starts_with('b')) {
      session.frame(message.substr(1), true, now, outcome);
    } else {
      session.frame(message, false, now, outcome);
    }
    check(outcome);
    if (outcome.down) session.open(2, now, outcome);
  }
  return 0;
}
