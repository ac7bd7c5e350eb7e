#include "connectors/simulation/behaviours.hpp"

#include <array>
#include <charconv>

#include "config/spelling.hpp"
#include "config/values.hpp"

namespace tributary::connectors {
namespace {

using View = std::string_view;

}  // namespace

bool read_flag(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  throw BadValue{};
}

std::uint64_t read_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) throw BadValue{};
  return value;
}

std::chrono::milliseconds read_duration(std::string_view text) {
  const auto value = config::parse_duration(text);
  if (!value) throw BadValue{};
  return *value;
}

std::vector<std::string> read_words(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = text.find(',');
    list.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return list;
}

std::string unknown_behaviour(const std::string& name, const std::vector<BehaviourDescription>& known) {
  std::vector<std::string_view> names;
  for (const auto& one : known) names.push_back(one.name);
  const auto near = config::nearest(name, names);
  return "there is no behaviour " + config::quote(name) +
         (near ? "; did you mean " + config::quote(*near) + "?" : "; `tributary simulate CONNECTOR --help` lists them");
}

std::span<const Behaviour<StageSettings>> StageSettings::table() {
  using Line = Behaviour<StageSettings>;
  static const std::array lines{
      Line{{"pace", "people|even", "lulls and bursts around the rate, or none"},
           [](StageSettings& s, View v) {
             if (v != "people" && v != "even") throw BadValue{};
             s.people = v == "people";
           }},
      Line{{"broadcast", "on|off", "each event to every client instead of one in turn"},
           [](StageSettings& s, View v) { s.broadcast = read_flag(v); }},
      Line{{"burst", "N", "events come N at once"}, [](StageSettings& s, View v) { s.burst = read_count(v); }},
      Line{{"goodbye_after", "DURATION", "end every connection about that long after it is live"},
           [](StageSettings& s, View v) { s.goodbye_after = read_duration(v); }},
      Line{{"goodbye", "close|reset", "how: a close frame, or an end of TCP without one (close)"},
           [](StageSettings& s, View v) {
             if (v != "close" && v != "reset") throw BadValue{};
             s.goodbye = v == "close" ? Goodbye::close : Goodbye::reset;
           }},
      Line{{"binary_every", "N", "after each N events a binary frame"},
           [](StageSettings& s, View v) { s.binary_every = read_count(v); }},
      Line{{"garbage_every", "N", "after each N events a frame that is no JSON"},
           [](StageSettings& s, View v) { s.garbage_every = read_count(v); }},
      Line{{"oversize_after", "N", "after N events, once, a frame of 5 MiB"},
           [](StageSettings& s, View v) { s.oversize_after = read_count(v); }},
      Line{{"segment", "N", "TCP segments to the client of at most N bytes"},
           [](StageSettings& s, View v) { s.segment_bytes = read_count(v); }},
      Line{{"hang", "on|off", "take TCP connections and never answer"},
           [](StageSettings& s, View v) { s.hang = read_flag(v); }},
      Line{{"frames", "FILE", "notes every text that a client says or is told, JSON lines"},
           [](StageSettings& s, View v) { s.frames = std::string(v); }},
  };
  return lines;
}

}  // namespace tributary::connectors
