#include "connectors/stagecast/simulator_settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tributary::connectors::stagecast {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

Settings::Refusal refusal(View text) {
  if (text == "silence") return Settings::Refusal::silence;
  if (text == "close") return Settings::Refusal::close;
  if (text == "drop") return Settings::Refusal::drop;
  if (text == "binary") return Settings::Refusal::binary;
  throw BadValue{};
}

std::vector<std::string> shapes(View text) {
  auto list = read_words(text);
  const auto known = [](const std::string& shape) {
    return shape == "A" || shape == "B" || shape == "C" || shape == "text";
  };
  if (list.empty() || !std::all_of(list.begin(), list.end(), known)) throw BadValue{};
  return list;
}

std::vector<std::string> accounts(View text) {
  auto list = read_words(text);
  const auto whole = [](const std::string& account) { return account.find(':') != std::string::npos; };
  if (!std::all_of(list.begin(), list.end(), whole)) throw BadValue{};
  return list;
}

const std::array<Line, 9> behaviours{
    Line{{"channel", "NAME", "the channel of the show (simulated-hall)"},
         [](Settings& s, View v) { s.channel = std::string(v); }},
    Line{{"accounts", "EMAIL:PASSWORD,…", "who may send (everyone, when there are no tokens either)"},
         [](Settings& s, View v) { s.accounts = accounts(v); }},
    Line{{"tokens", "A,B", "tokens that are accepted"}, [](Settings& s, View v) { s.tokens = read_words(v); }},
    Line{{"ok", "text|binary", "the frame that `ok` comes in (text)"},
         [](Settings& s, View v) {
           if (v != "text" && v != "binary") throw BadValue{};
           s.binary_ok = v == "binary";
         }},
    Line{{"ok_delay", "DURATION", "until `ok`; the show goes on meanwhile"},
         [](Settings& s, View v) { s.ok_delay = read_duration(v); }},
    Line{{"early", "N", "broadcasts written right before `ok`"}, [](Settings& s, View v) { s.early = read_count(v); }},
    Line{{"refusal", "silence|close|drop|binary",
          "bad credentials: no answer, a close frame, an end of TCP, words in a binary frame (silence)"},
         [](Settings& s, View v) { s.refusal = refusal(v); }},
    Line{{"shapes", "A,B,C,text", "what the show consists of; a shape named twice comes more often"},
         [](Settings& s, View v) { s.shapes = shapes(v); }},
    Line{{"wrap", "on|off", "pass on what members send as {from, msg}, or as it is (on)"},
         [](Settings& s, View v) { s.wrap = read_flag(v); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::stagecast
