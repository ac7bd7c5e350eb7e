#include "connectors/dlive/simulator_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace tributary::connectors::dlive {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

std::uint64_t read_below(View text, std::uint64_t limit) {
  const auto number = read_count(text);
  if (number >= limit) throw BadValue{};
  return number;
}

Settings::Fault read_fault(View text) {
  using Fault = Settings::Fault;
  static constexpr std::array<std::pair<View, Fault>, 9> faults{{{"401", Fault::unauthorized},
                                                                 {"403", Fault::forbidden},
                                                                 {"429", Fault::limited},
                                                                 {"500", Fault::broken},
                                                                 {"errors", Fault::errors},
                                                                 {"err", Fault::err},
                                                                 {"html", Fault::html},
                                                                 {"silent", Fault::silent},
                                                                 {"reset", Fault::reset}}};
  const auto found = std::find_if(faults.begin(), faults.end(), [&](const auto& line) { return line.first == text; });
  if (found == faults.end()) throw BadValue{};
  return found->second;
}

Settings::Shown read_shown(View text) {
  if (text == "after") return Settings::Shown::after;
  if (text == "before") return Settings::Shown::before;
  if (text == "never") return Settings::Shown::never;
  throw BadValue{};
}

const std::array<Line, 23> behaviours{
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
    Line{{"api_port", "PORT", "where the API listens (a free one)"},
         [](Settings& s, View v) { s.api_port = static_cast<std::uint16_t>(read_below(v, 65'536)); }},
    Line{{"user_tokens", "A,B", "tokens of users who may speak (every one)"},
         [](Settings& s, View v) { s.user_tokens = read_words(v); }},
    Line{
        {"api_fault", "401|403|429|500|errors|err|html|silent|reset", "what a message that is said over the API meets"},
        [](Settings& s, View v) { s.api_fault = read_fault(v); }},
    Line{{"api_fault_every", "N", "only each Nth message meets it (1)"},
         [](Settings& s, View v) { s.api_fault_every = std::max<std::uint64_t>(read_count(v), 1); }},
    Line{{"retry_after", "DURATION", "Retry-After of `api_fault=429`, in seconds (2s)"},
         [](Settings& s, View v) { s.retry_after = std::chrono::ceil<std::chrono::seconds>(read_duration(v)); }},
    Line{{"api_delay", "DURATION", "until the API answers (none)"},
         [](Settings& s, View v) { s.api_delay = read_duration(v); }},
    Line{{"chat_pace", "DURATION", "a user's next message is refused before that (2s)"},
         [](Settings& s, View v) { s.chat_pace = read_duration(v); }},
    Line{{"chat_length", "N", "a message of more characters is refused (140)"},
         [](Settings& s, View v) { s.chat_length = read_count(v); }},
    Line{{"shown", "after|before|never", "what is said comes on subscriptions after its answer, before it (after)"},
         [](Settings& s, View v) { s.shown = read_shown(v); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::dlive
