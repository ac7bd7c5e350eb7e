#include "connectors/streamelements/simulator_settings.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>

#include "config/values.hpp"

namespace tributary::connectors::streamelements {
namespace {

using Settings = SimulatorSettings;
struct BadValue {};

bool flag(std::string_view text) {
  if (text == "on") return true;
  if (text == "off") return false;
  throw BadValue{};
}

std::uint64_t count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) throw BadValue{};
  return value;
}

std::chrono::milliseconds duration(std::string_view text) {
  const auto value = config::parse_duration(text);
  if (!value) throw BadValue{};
  return *value;
}

Settings::Goodbye goodbye(std::string_view text) {
  if (text == "none") return Settings::Goodbye::none;
  if (text == "leave") return Settings::Goodbye::leave;
  if (text == "close") return Settings::Goodbye::close;
  if (text == "reset") return Settings::Goodbye::reset;
  throw BadValue{};
}

Settings::Silence silence(std::string_view text) {
  if (text == "tcp") return Settings::Silence::tcp;
  if (text == "open") return Settings::Silence::open;
  if (text == "join") return Settings::Silence::join;
  if (text == "authenticate") return Settings::Silence::authenticate;
  if (text == "live") return Settings::Silence::live;
  throw BadValue{};
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> list;
  while (!text.empty()) {
    const auto comma = text.find(',');
    list.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return list;
}

struct Behaviour {
  BehaviourDescription description;
  void (*apply)(Settings&, std::string_view);
};

using View = std::string_view;

const std::array behaviours{
    Behaviour{{"engine_io", "3|4|both", "which Engine.IO protocol is spoken; others are refused with 400"},
              [](Settings& s, View v) {
                if (v != "3" && v != "4" && v != "both") throw BadValue{};
                s.engine_io = v == "both" ? 0 : v[0] - '0';
              }},
    Behaviour{{"deaf", "on|off", "speak Engine.IO 3 whatever is asked, as old servers do"},
              [](Settings& s, View v) { s.deaf = flag(v); }},
    Behaviour{{"ping_interval", "DURATION", "as told in the handshake (25s)"},
              [](Settings& s, View v) { s.ping_interval = duration(v); }},
    Behaviour{{"ping_timeout", "DURATION", "as told in the handshake (5s; newer servers say 20s)"},
              [](Settings& s, View v) { s.ping_timeout = duration(v); }},
    Behaviour{{"upgrades", "on|off", "whether the handshake has `upgrades`"},
              [](Settings& s, View v) { s.upgrades = flag(v); }},
    Behaviour{{"max_payload", "on|off", "whether the handshake has `maxPayload`"},
              [](Settings& s, View v) { s.max_payload = flag(v); }},
    Behaviour{{"silence", "tcp|open|join|authenticate|live", "say nothing any more from that stage on"},
              [](Settings& s, View v) { s.silence = silence(v); }},
    Behaviour{{"mute", "on|off", "answer no heartbeat"}, [](Settings& s, View v) { s.mute = flag(v); }},
    Behaviour{{"tokens", "A,B", "tokens that are accepted (every one)"},
              [](Settings& s, View v) { s.tokens = words(v); }},
    Behaviour{{"token_lifetime", "DURATION", "from the start; then tokens are refused and sessions ended"},
              [](Settings& s, View v) { s.token_lifetime = duration(v); }},
    Behaviour{{"refusal", "message|bare", "`unauthorized` with or without a payload"},
              [](Settings& s, View v) {
                if (v != "message" && v != "bare") throw BadValue{};
                s.refusal_in_words = v == "message";
              }},
    Behaviour{{"after_refusal", "none|leave|close|reset", "leave the socket open, say 41, close it, reset TCP"},
              [](Settings& s, View v) { s.after_refusal = goodbye(v); }},
    Behaviour{{"channel", "HEX", "the channelId of `authenticated` and of the events"},
              [](Settings& s, View v) { s.channel = std::string(v); }},
    Behaviour{{"goodbye_after", "DURATION", "end every session that long after it is live"},
              [](Settings& s, View v) { s.goodbye_after = duration(v); }},
    Behaviour{{"goodbye", "leave|close|reset", "how: 41, a close frame, a TCP reset (leave)"},
              [](Settings& s, View v) { s.goodbye = goodbye(v); }},
    Behaviour{{"error_after", "DURATION", "a `44` that long after live"},
              [](Settings& s, View v) { s.error_after = duration(v); }},
    Behaviour{{"pace", "people|even", "lulls and bursts around the rate, or none"},
              [](Settings& s, View v) {
                if (v != "people" && v != "even") throw BadValue{};
                s.people = v == "people";
              }},
    Behaviour{{"broadcast", "on|off", "each event to every session instead of one in turn"},
              [](Settings& s, View v) { s.broadcast = flag(v); }},
    Behaviour{{"burst", "N", "events come N at once"}, [](Settings& s, View v) { s.burst = count(v); }},
    Behaviour{{"duplicate_every", "N", "each Nth event is written twice, with another nonce"},
              [](Settings& s, View v) { s.duplicate_every = count(v); }},
    Behaviour{{"mock_every", "N", "after each N events one that is marked isMock"},
              [](Settings& s, View v) { s.mock_every = count(v); }},
    Behaviour{{"test_every", "N", "after each N events one event:test"},
              [](Settings& s, View v) { s.test_every = count(v); }},
    Behaviour{{"updates", "on|off", "nine event:update with each subscription"},
              [](Settings& s, View v) { s.updates = flag(v); }},
    Behaviour{{"binary_every", "N", "after each N events a binary event"},
              [](Settings& s, View v) { s.binary_every = count(v); }},
    Behaviour{{"garbage_every", "N", "after each N events a frame that is no JSON"},
              [](Settings& s, View v) { s.garbage_every = count(v); }},
    Behaviour{{"ack_every", "N", "each Nth event wants an ack"}, [](Settings& s, View v) { s.ack_every = count(v); }},
    Behaviour{{"oversize_after", "N", "after N events, once, a frame of 5 MiB"},
              [](Settings& s, View v) { s.oversize_after = count(v); }},
    Behaviour{{"segment", "N", "TCP segments to the client of at most N bytes"},
              [](Settings& s, View v) { s.segment_bytes = count(v); }},
};

}  // namespace

SimulatorSettings SimulatorSettings::parse(const std::map<std::string, std::string>& given) {
  SimulatorSettings settings;
  for (const auto& [name, value] : given) {
    const auto found = std::find_if(behaviours.begin(), behaviours.end(),
                                    [&name = name](const Behaviour& b) { return b.description.name == name; });
    if (found == behaviours.end()) throw std::invalid_argument("unknown behaviour `" + name + "`");
    try {
      found->apply(settings, value);
    } catch (const BadValue&) {
      throw std::invalid_argument("behaviour `" + name + "` cannot be `" + value + "`; expected " +
                                  std::string(found->description.value));
    }
  }
  return settings;
}

std::vector<BehaviourDescription> SimulatorSettings::descriptions() {
  std::vector<BehaviourDescription> list;
  for (const auto& behaviour : behaviours) list.push_back(behaviour.description);
  return list;
}

}  // namespace tributary::connectors::streamelements
