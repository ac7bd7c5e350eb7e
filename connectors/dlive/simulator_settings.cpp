#include "connectors/dlive/simulator_settings.hpp"

#include <array>
#include <string_view>

namespace tributary::connectors::dlive {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

const std::array<Line, 14> behaviours{
    Line{{"server", "gqlgen|apollo", "whose habits: how errors look, what follows them, how frames end"},
         [](Settings& s, View v) {
           if (v != "gqlgen" && v != "apollo") throw BadValue{};
           s.apollo = v == "apollo";
         }},
    Line{{"ka", "DURATION", "between two `ka` (25s)"}, [](Settings& s, View v) { s.ka = read_duration(v); }},
    Line{{"early_ka", "on|off", "the first `ka` at once after the acknowledgement (on)"},
         [](Settings& s, View v) { s.early_ka = read_flag(v); }},
    Line{{"mute", "on|off", "no `ka` at all"}, [](Settings& s, View v) { s.mute = read_flag(v); }},
    Line{{"tokens", "A,B", "tokens that are accepted (every one)"},
         [](Settings& s, View v) { s.tokens = read_words(v); }},
    Line{{"refusal_close", "1000|1011", "close code after connection_error (gqlgen 1000, apollo 1011)"},
         [](Settings& s, View v) {
           if (v != "1000" && v != "1011") throw BadValue{};
           s.refusal_close = v == "1000" ? 1000 : 1011;
         }},
    Line{{"streamers", "A,B", "who exists; subscriptions to others are silent (everybody)"},
         [](Settings& s, View v) { s.streamers = read_words(v); }},
    Line{{"failing", "A", "subscriptions to this streamer fail"},
         [](Settings& s, View v) { s.failing = std::string(v); }},
    Line{{"fail_times", "N", "only the first N of a connection (all)"},
         [](Settings& s, View v) { s.fail_times = read_count(v); }},
    Line{{"complete_every", "N", "after each N events the server ends that subscription"},
         [](Settings& s, View v) { s.complete_every = read_count(v); }},
    Line{{"null_every", "N", "each Nth batch holds nulls"}, [](Settings& s, View v) { s.null_every = read_count(v); }},
    Line{{"error_every", "N", "after each N events data with errors and no data"},
         [](Settings& s, View v) { s.error_every = read_count(v); }},
    Line{{"duplicate_every", "N", "each Nth event is written twice"},
         [](Settings& s, View v) { s.duplicate_every = read_count(v); }},
    Line{{"omit_id", "on|off", "data without the id of its subscription"},
         [](Settings& s, View v) { s.omit_id = read_flag(v); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::dlive
