// The OHA conversation under libFuzzer. Beside what holds for all: neither the stream's key nor the token is in
// anything but the first frame, and a chat comes only of a message that is one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/oha/protocol.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Outcome;
using connectors::oha::Config;
using connectors::oha::OhaProtocol;
using connectors::oha::TokenIn;

namespace {

constexpr std::string_view key = "fuzz-key", token = "fuzz-token";

bool has_token = false;  ///< without one in its settings, the connector has no such secret

bool told(std::string_view text) {
  return text.find(key) != std::string_view::npos || (has_token && text.find(token) != std::string_view::npos);
}

void check(std::string_view input, const Outcome& outcome) {
  check_outcome(outcome, key);
  for (const auto& remark : outcome.remarks) require(!told(remark.subject) && !told(remark.detail));
  for (const auto& draft : outcome.drafts) {
    checked(draft);
    require(!told(draft.text));
    require(draft.upstream_channel == "maths-101");
    const auto sent = nlohmann::json::parse(input, nullptr, false);
    if (draft.repaired != 0 || !sent.is_object() || told(input)) continue;
    if (draft.type.of(draft.text) == "chat") require(sent["data"].is_object());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  config.label = "maths-101";
  has_token = size % 4 != 0;
  if (has_token) config.auth.emplace().in = size % 4 == 1 ? TokenIn::message : TokenIn::header;
  OhaProtocol session("fuzz", config);
  const event::Now now = beginning();
  session.dial({std::string(key), std::string(token)}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  converse(session, {reinterpret_cast<const char*>(data), size}, now, std::chrono::seconds(4), nothing_special, check);
  return 0;
}
