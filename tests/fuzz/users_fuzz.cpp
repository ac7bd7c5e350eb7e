// The Users conversation under libFuzzer. Beside what holds for all: 'e' is an end that repeats the secret, 'a' answers
// the connection's first probe, 'm' is a message to be said; no text of ours holds the secret; and what is unknown is
// kept as it was sent.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/users/protocol.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Outcome;
using connectors::users::Config;
using connectors::users::UsersProtocol;
using nlohmann::json;

namespace {

constexpr std::string_view secret = "fuzz-secret-that-is-fake";

void check(std::string_view input, const event::Draft& draft) {
  const json event = checked(draft);
  if (event.is_null() || draft.hops != 0) return;
  const auto sent = json::parse(input, nullptr, false);
  if (draft.repaired != 0 || !sent.is_object()) return;
  const auto& data = event["data"];
  if (event["type"] == "unknown") require(data["upstream"] == sent);
  if (sent.contains("error")) require(event["type"] == "unknown" || data["details"].contains("error"));
}

void check_all(std::string_view input, const Outcome& outcome) {
  check_outcome(outcome, secret);
  require(outcome.drafts.size() <= 1026);
  for (const auto& frame : outcome.sends) require(frame.payload.find(secret) == std::string::npos);
  for (const auto& draft : outcome.drafts) check(input, draft);
}

void end_that_tells(const UsersProtocol& session) {
  net::Ending ending{net::Reason::closed, "said " + std::string(secret), 1008};
  session.explain(ending);
  require(ending.reason != net::Reason::credential_refused || ending.detail.find(secret) == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  config.label = "main";
  config.api_key.emplace();
  config.listen = size % 16 != 1;
  config.marks = marks();
  UsersProtocol session("fuzz", config);
  const event::Now now = beginning();
  require(std::holds_alternative<net::DialTarget>(session.dial({std::string(secret)}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  const std::string probe = outcome.sends.at(0).payload;
  const auto special = [&](std::string_view message, Outcome& told) {
    if (message == "e") end_that_tells(session);
    if (message.starts_with('a')) session.frame(probe, false, now, told);
    return message == "e" || message.starts_with('a') || said(session, message, now, told);
  };
  converse(session, {reinterpret_cast<const char*>(data), size}, now, std::chrono::seconds(4), special, check_all);
  return 0;
}
