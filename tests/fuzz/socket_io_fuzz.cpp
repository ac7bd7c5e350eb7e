// The StreamElements conversation under libFuzzer, of both Engine.IO protocols. Beside what holds for all: what we send
// is a packet, and none but `authenticate` holds the token (an answer to a ping repeats what the server said).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "connectors/streamelements/protocol.hpp"
#include "connectors/streamelements/socket_io.hpp"
#include "tests/fuzz/conversation.hpp"

using namespace tributary;
using namespace tributary::fuzz;
using connectors::Outcome;
using connectors::streamelements::Config;
using connectors::streamelements::Packet;
using connectors::streamelements::StreamElementsProtocol;

namespace {

constexpr std::string_view token = "fuzz-token-that-is-fake";

void talk(int engine_io, std::string_view input) {
  Config config;
  config.engine_io = engine_io;
  config.test_events = config.state_updates = true;
  StreamElementsProtocol session("fuzz", config);
  const event::Now now = beginning();
  require(std::holds_alternative<net::DialTarget>(session.dial({std::string(token)}, now)));
  Outcome outcome;
  session.open(1, now, outcome);
  const auto check = [&](std::string_view, const Outcome& told) {
    check_outcome(told, token);
    require(!told.down || session.deadline() == event::SteadyTime::max());
    for (const auto& frame : told.sends) {
      require(Packet::read(frame.payload).kind != Packet::Kind::broken);
      require(frame.payload.find(token) == std::string::npos || frame.payload.starts_with('3') ||
              frame.payload.starts_with("42[\"authenticate\""));
    }
  };
  converse(session, input, now, std::chrono::seconds(1), nothing_special, check);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  talk(input.front() == '4' ? 4 : 3, input.substr(1));
  return 0;
}
