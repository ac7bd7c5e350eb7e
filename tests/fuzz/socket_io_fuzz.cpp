// The StreamElements conversation under libFuzzer: a list of messages, cut at each 0x1E byte; one that begins with 'b'
// is binary, 't' is a tick a second later, 'p' and 'r' pause and resume. What must hold for any input: no crash, each
// message is exactly one kind, no end without a reason, and no text of ours but `authenticate` holds the token (an
// answer to a ping repeats what the server said).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/streamelements/session.hpp"
#include "connectors/streamelements/socket_io.hpp"
#include "event/json.hpp"

using namespace tributary;
using connectors::Outcome;
using connectors::streamelements::Config;
using connectors::streamelements::Packet;
using connectors::streamelements::Session;

namespace {

constexpr std::string_view token = "fuzz-token-that-is-fake";

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const Outcome& outcome) {
  const bool carries = !outcome.drafts.empty() || !outcome.ignored.empty();
  require(carries == (outcome.kind == event::FrameKind::carrying));
  require((outcome.kind == event::FrameKind::malformed) == !outcome.malformed_reason.empty());
  if (outcome.down) {
    require(outcome.down->reason != net::Reason::none);
    require(outcome.down->detail.size() <= 300);
    require(outcome.down->detail.find(token) == std::string::npos);
    require(event::valid_utf8(outcome.down->detail));
  }
  for (const auto& frame : outcome.sends) {
    require(Packet::read(frame.payload).kind != Packet::Kind::broken);
    require(frame.payload.find(token) == std::string::npos || frame.payload.starts_with('3') ||
            frame.payload.starts_with("42[\"authenticate\""));
  }
}

void converse(int engine_io, std::string_view input) {
  Config config;
  config.engine_io = engine_io;
  config.test_events = config.state_updates = true;
  Session session("fuzz", config);
  event::Now now{event::SteadyTime{} + std::chrono::hours(1), event::WallTime{std::chrono::hours(500'000)}};
  require(std::holds_alternative<net::DialTarget>(session.dial({std::string(token)}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  while (!input.empty()) {
    const auto end = input.find('\x1E');
    const auto message = input.substr(0, end);
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
    now.steady += std::chrono::seconds(1);
    now.wall += std::chrono::seconds(1);
    outcome.clear();
    if (message == "t") {
      session.tick(now, outcome);
    } else if (message == "p" || message == "r") {
      session.paused(message == "p", now, outcome);
    } else if (message.starts_with('b')) {
      session.frame(message.substr(1), true, now, outcome);
    } else {
      session.frame(message, false, now, outcome);
    }
    check(outcome);
    if (outcome.down) {
      require(session.deadline() == event::SteadyTime::max());
      session.open(2, now, outcome);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  converse(input.front() == '4' ? 4 : 3, input.substr(1));
  return 0;
}
