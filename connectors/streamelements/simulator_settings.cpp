#include "connectors/streamelements/simulator_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tributary::connectors::streamelements {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

Settings::Farewell farewell(std::string_view text) {
  if (text == "none") return Settings::Farewell::none;
  if (text == "leave") return Settings::Farewell::leave;
  if (text == "close") return Settings::Farewell::close;
  if (text == "reset") return Settings::Farewell::reset;
  throw BadValue{};
}

Settings::Silence silence(std::string_view text) {
  if (text == "open") return Settings::Silence::open;
  if (text == "join") return Settings::Silence::join;
  if (text == "authenticate") return Settings::Silence::authenticate;
  if (text == "live") return Settings::Silence::live;
  throw BadValue{};
}

const std::array<Line, 28> behaviours{
    Line{{"engine_io", "3|4|both", "which Engine.IO protocol is spoken; others are refused with 400"},
         [](Settings& s, View v) {
           if (v != "3" && v != "4" && v != "both") throw BadValue{};
           s.engine_io = v == "both" ? 0 : v[0] - '0';
         }},
    Line{{"deaf", "on|off", "speak Engine.IO 3 whatever is asked, as old servers do"},
         [](Settings& s, View v) { s.deaf = read_flag(v); }},
    Line{{"ping_interval", "DURATION", "as told in the handshake (25s)"},
         [](Settings& s, View v) { s.ping_interval = read_duration(v); }},
    Line{{"ping_timeout", "DURATION", "as told in the handshake (5s; newer servers say 20s)"},
         [](Settings& s, View v) { s.ping_timeout = read_duration(v); }},
    Line{{"upgrades", "on|off", "whether the handshake has `upgrades`"},
         [](Settings& s, View v) { s.upgrades = read_flag(v); }},
    Line{{"max_payload", "on|off", "whether the handshake has `maxPayload`"},
         [](Settings& s, View v) { s.max_payload = read_flag(v); }},
    Line{{"silence", "open|join|authenticate|live", "say nothing any more from that stage on"},
         [](Settings& s, View v) { s.silence = silence(v); }},
    Line{{"mute", "on|off", "answer no heartbeat"}, [](Settings& s, View v) { s.mute = read_flag(v); }},
    Line{{"tokens", "A,B", "tokens that are accepted (every one)"},
         [](Settings& s, View v) { s.tokens = read_words(v); }},
    Line{{"token_lifetime", "DURATION", "from the start; then tokens are refused and sessions ended"},
         [](Settings& s, View v) { s.token_lifetime = read_duration(v); }},
    Line{{"refusal", "message|bare", "`unauthorized` with or without a payload"},
         [](Settings& s, View v) {
           if (v != "message" && v != "bare") throw BadValue{};
           s.refusal_in_words = v == "message";
         }},
    Line{{"after_refusal", "none|leave|close|reset",
          "leave the socket open, say 41, close it, end TCP without a close frame"},
         [](Settings& s, View v) { s.after_refusal = farewell(v); }},
    Line{{"channel", "HEX", "the channelId of `authenticated` and of the events"},
         [](Settings& s, View v) { s.channel = std::string(v); }},
    Line{{"goodbye_after", "DURATION", "end every session that long after it is live"},
         [](Settings& s, View v) { s.farewell_after = read_duration(v); }},
    Line{{"goodbye", "leave|close|reset", "how: 41, a close frame, an end of TCP without one (leave)"},
         [](Settings& s, View v) { s.farewell = farewell(v); }},
    Line{{"error_after", "DURATION", "a `44` that long after live"},
         [](Settings& s, View v) { s.error_after = read_duration(v); }},
    Line{{"duplicate_every", "N", "each Nth event is written twice, with another nonce"},
         [](Settings& s, View v) { s.duplicate_every = read_count(v); }},
    Line{{"mock_every", "N", "after each N events one that is marked isMock"},
         [](Settings& s, View v) { s.mock_every = read_count(v); }},
    Line{{"test_every", "N", "after each N events one event:test"},
         [](Settings& s, View v) { s.test_every = read_count(v); }},
    Line{{"updates", "on|off", "nine event:update with each subscription"},
         [](Settings& s, View v) { s.updates = read_flag(v); }},
    Line{{"ack_every", "N", "each Nth event wants an ack"}, [](Settings& s, View v) { s.ack_every = read_count(v); }},
    Line{{"unattended", "on|off", "the show goes on while nobody is there: the activities API tells of it afterwards"},
         [](Settings& s, View v) { s.unattended = read_flag(v); }},
    Line{{"api_port", "PORT", "where the activities API listens (a free one)"},
         [](Settings& s, View v) {
           const auto port = read_count(v);
           if (port > 65'535) throw BadValue{};
           s.api_port = static_cast<std::uint16_t>(port);
         }},
    Line{{"api_delay", "DURATION", "until it answers (none)"},
         [](Settings& s, View v) { s.api_delay = read_duration(v); }},
    Line{{"history_fault", "401|403|429|500|nonsense|silent|reset", "what a request for activities meets"},
         [](Settings& s, View v) { s.history_fault = Settings::read_fault(v); }},
    Line{{"history_fault_times", "N", "only the first N requests (all)"},
         [](Settings& s, View v) { s.history_fault_times = read_count(v); }},
    Line{{"history_page", "N", "it gives no more activities at once (500)"},
         [](Settings& s, View v) { s.history_page = std::max<std::uint64_t>(read_count(v), 1); }},
    Line{{"retry_after", "DURATION", "Retry-After of `history_fault=429`, in seconds (2s)"},
         [](Settings& s, View v) { s.retry_after = std::chrono::ceil<std::chrono::seconds>(read_duration(v)); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::streamelements
