#include "connectors/users/simulator_settings.hpp"

#include <algorithm>
#include <array>

namespace tributary::connectors::users {
namespace {

using Settings = SimulatorSettings;
using Line = Behaviour<Settings>;
using View = std::string_view;

Settings::Form form(View text) {
  if (text == "lists") return Settings::Form::lists;
  if (text == "single") return Settings::Form::single;
  if (text == "newer") return Settings::Form::newer;
  throw BadValue{};
}

/// `*` stands for any text.
bool matches(View pattern, View text) {
  const auto star = pattern.find('*');
  if (star == View::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  pattern.remove_prefix(star + 1);
  text.remove_prefix(star);
  for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
    if (matches(pattern, text.substr(skipped))) return true;
  }
  return false;
}

const std::array<Line, 7> behaviours{
    Line{
        {"origins", "A,B*", "approved origins; others get 101 and are dropped; two that match: everything twice (all)"},
        [](Settings& s, View v) { s.origins = read_words(v); }},
    Line{{"keys", "A,B", "values of users-api-key that are accepted; others get 101 and are dropped"},
         [](Settings& s, View v) { s.keys = read_words(v); }},
    Line{{"deaf", "DURATION", "after open: what comes is lost, and nothing is said"},
         [](Settings& s, View v) { s.deaf = read_duration(v); }},
    Line{{"copies", "N", "everything N times (as many as origins match)"},
         [](Settings& s, View v) { s.copies = read_count(v); }},
    Line{
        {"form", "lists|single|newer", "v0.2.2 with files[], v0.3 with file, or `type` with names and no Echo (lists)"},
        [](Settings& s, View v) { s.form = form(v); }},
    Line{{"lose_every", "N", "of N broadcasts one is not heard, so that no echo of it comes"},
         [](Settings& s, View v) { s.lose_every = read_count(v); }},
    Line{{"label", "NAME", "the connector's label, for the ids of the account (simulated-accounts)"},
         [](Settings& s, View v) { s.label = std::string(v); }},
};

}  // namespace

std::uint64_t SimulatorSettings::handlers(std::string_view origin) const {
  auto count = static_cast<std::uint64_t>(
      std::count_if(origins.begin(), origins.end(), [&](const auto& pattern) { return matches(pattern, origin); }));
  if (origins.empty()) count = 1;
  return count != 0 && copies != 0 ? copies : count;
}

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  return read_behaviours<SimulatorSettings>(behaviours, given);
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  return describe_behaviours<SimulatorSettings>(behaviours);
}

}  // namespace tributary::connectors::users
