// The DLive conversation under libFuzzer. Beside what holds for all: an event is of a streamer who is subscribed to,
// and an unknown one is made of an object.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectors/dlive/protocol.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Outcome;
using connectors::dlive::Config;
using connectors::dlive::DLiveProtocol;

namespace {

void check(std::string_view, const Outcome& outcome) {
  check_outcome(outcome, {});
  for (const auto& draft : outcome.drafts) {
    const auto event = checked(draft);
    require(draft.upstream_channel == "dbl-lee" || draft.upstream_channel == "other");
    require(event.is_null() || event["type"] != "unknown" || event["data"]["upstream"].is_object());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Config config;
  config.streamers = {"dbl-lee", "other"};
  config.resubscribe_limit = 3;
  DLiveProtocol session("fuzz", config);
  const event::Now now = beginning();
  session.dial({}, now);
  Outcome outcome;
  session.open(1, now, outcome);
  if (size % 8 != 0) session.frame(R"({"type":"connection_ack"})", false, now, outcome);
  converse(session, {reinterpret_cast<const char*>(data), size}, now, std::chrono::seconds(2), nothing_special, check);
  return 0;
}
