// The Stagecast conversation under libFuzzer: a list of messages, cut at each 0x1E byte; one that begins with 'b' is
// binary, 't' is a tick four seconds later, 'p' and 'r' pause and resume. What must hold for any input: no crash; each
// message is exactly one kind; no end without a reason; no text but the first frame holds the secret; and whatever
// event comes out is one line of valid UTF-8 and JSON whose parts lie where the draft says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/stagecast/session.hpp"
#include "event/document.hpp"
#include "event/json.hpp"
#include "event/time.hpp"

using namespace tributary;
using connectors::Outcome;
using connectors::stagecast::Config;
using connectors::stagecast::Session;
using nlohmann::json;

namespace {

constexpr std::string_view secret = "fuzz-secret-that-is-fake";

void require(bool condition) {
  if (!condition) std::abort();
}

void check(std::string_view input, const event::Draft& draft) {
  static event::Document document;
  const std::string text = draft.text + "}}";
  require(event::valid_utf8(text));
  require(text.find('\n') == std::string::npos);
  require(document.read(text));
  require(draft.id.offset + draft.id.size <= draft.text.size() && draft.id.size == 24);
  require(event::parse_time(draft.created_at.of(draft.text)) == draft.created);
  json event;
  try {
    event = json::parse(text);
  } catch (const json::out_of_range&) {
    return;  // a number beyond double is JSON all the same
  }
  const auto& data = event["data"];
  require(data.is_object() && event["relay"]["upstreamChannel"] == draft.upstream_channel);
  require(!data.contains("username") || data["username"].is_string());
  require(!data.contains("message") || data["message"].is_string());
  if (input.find('\0') != std::string_view::npos) return;  // the end of the text to the other reader
  const auto sent = json::parse(input, nullptr, false);
  if (draft.repaired != 0 || sent.is_discarded() || event["type"] != "broadcast") return;
  require(data["payload"] == sent || (data.contains("username") && data["payload"] == sent["msg"]));
}

void check(std::string_view input, const Outcome& outcome) {
  const bool carries = !outcome.drafts.empty() || !outcome.ignored.empty();
  require(carries == (outcome.kind == event::FrameKind::carrying));
  require((outcome.kind == event::FrameKind::malformed) == !outcome.malformed_reason.empty());
  require(outcome.drafts.size() <= 1);
  if (outcome.down) {
    require(outcome.down->reason != net::Reason::none);
    require(outcome.down->detail.size() <= 300);
    require(outcome.down->detail.find(secret) == std::string::npos);
    require(event::valid_utf8(outcome.down->detail));
  }
  for (const auto& frame : outcome.sends) require(frame.payload.find(secret) == std::string::npos);
  for (const auto& draft : outcome.drafts) check(input, draft);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Config config;
  config.channel = "hall";
  if (size % 4 != 0) config.auth.emplace().token.emplace();
  config.listen = size % 16 != 1;
  Session session("fuzz", config);
  event::Now now{event::SteadyTime{} + std::chrono::hours(1), event::WallTime{std::chrono::hours(500'000)}};
  require(std::holds_alternative<net::DialTarget>(session.dial({std::string(secret)}, now)));
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
    } else if (message == "e") {
      net::Ending ending{net::Reason::closed, "said " + std::string(secret), 1008};
      session.explain(ending);
      require(ending.reason != net::Reason::credential_refused || ending.detail.find(secret) == std::string::npos);
    } else if (message.starts_with('b')) {
      session.frame(message.substr(1), true, now, outcome);
    } else {
      session.frame(message, false, now, outcome);
    }
    check(message, outcome);
    if (outcome.down) session.open(2, now, outcome);
  }
  return 0;
}
