// The Stagecast conversation under libFuzzer. Beside what holds for all: 'e' is an end that repeats the secret, 'm' a
// message to be said; no text but the first frame holds it; and a broadcast's payload is what was sent.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/stagecast/protocol.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Outcome;
using connectors::stagecast::Config;
using connectors::stagecast::StagecastProtocol;
using nlohmann::json;

namespace {

constexpr std::string_view secret = "fuzz-secret-that-is-fake";

void check(std::string_view input, const event::Draft& draft) {
  const json event = checked(draft);
  if (event.is_null() || draft.hops != 0) return;
  if (input.find('\0') != std::string_view::npos) return;  // the end of the text to the other reader
  const auto sent = json::parse(input, nullptr, false);
  if (draft.repaired != 0 || sent.is_discarded() || event["type"] != "broadcast") return;
  const auto& data = event["data"];
  require(data["payload"] == sent || (data.contains("username") && data["payload"] == sent["msg"]));
}

void check_all(std::string_view input, const Outcome& outcome) {
  check_outcome(outcome, secret);
  require(outcome.drafts.size() <= 1);
  for (const auto& frame : outcome.sends) require(frame.payload.find(secret) == std::string::npos);
  for (const auto& draft : outcome.drafts) check(input, draft);
}

void end_that_tells(const StagecastProtocol& session) {
  net::Ending ending{net::Reason::closed, "said " + std::string(secret), 1008};
  session.explain(ending);
  require(ending.reason != net::Reason::credential_refused || ending.detail.find(secret) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  config.channel = "hall";
  if (size % 4 != 0) config.auth.emplace().token.emplace();
  config.listen = size % 16 != 1;
  config.marks = marks();
  StagecastProtocol session("fuzz", config);
  const event::Now now = beginning();
  require(std::holds_alternative<net::DialTarget>(session.dial({std::string(secret)}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  const auto special = [&](std::string_view message, Outcome& told) {
    if (message == "e") end_that_tells(session);
    return message == "e" || said(session, message, now, told);
  };
  converse(session, {reinterpret_cast<const char*>(data), size}, now, std::chrono::seconds(4), special, check_all);
  return 0;
}
