#include "connectors/oha/simulator_settings.hpp"

#include <array>
#include <string_view>

namespace tributary::connectors::oha {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

const std::array<Line, 12> behaviours{
    Line{{"tokens", "A,B", "tokens that are known (every one)"}, [](Settings& s, View v) { s.tokens = read_words(v); }},
    Line{{"streams", "A,B", "keys of live streams; others are refused with 403 (all are)"},
         [](Settings& s, View v) { s.streams = read_words(v); }},
    Line{{"refuse", "403|500", "refuse every upgrade"},
         [](Settings& s, View v) {
           if (v != "403" && v != "500") throw BadValue{};
           s.refuse = v == "403" ? 403 : 500;
         }},
    Line{{"greet", "on|off", "say `auth` after connecting (on)"}, [](Settings& s, View v) { s.greet = read_flag(v); }},
    Line{{"exception_after", "N", "close with 1011 after N events of a connection"},
         [](Settings& s, View v) { s.exception_after = read_count(v); }},
    Line{{"unknown_every", "N", "each Nth event is of a type nobody knows (20)"},
         [](Settings& s, View v) { s.unknown_every = read_count(v); }},
    Line{{"error_every", "N", "after each N events an `error`"},
         [](Settings& s, View v) { s.error_every = read_count(v); }},
    Line{{"refuse_chat_every", "N", "each Nth message that clients say gets an `error` and reaches nobody"},
         [](Settings& s, View v) { s.refuse_chat_every = read_count(v); }},
    Line{{"echo", "on|off", "show everybody's words to who said them, too (on)"},
         [](Settings& s, View v) { s.echo = read_flag(v); }},
    Line{{"chat_delay", "DURATION", "until a client's message is shown or refused (none)"},
         [](Settings& s, View v) { s.chat_delay = read_duration(v); }},
    Line{{"ping_interval", "DURATION", "between two pings of the server (none)"},
         [](Settings& s, View v) { s.ping_interval = read_duration(v); }},
    Line{{"pong_timeout", "DURATION", "then TCP ends without a close frame (30s)"},
         [](Settings& s, View v) { s.pong_timeout = read_duration(v); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::oha
