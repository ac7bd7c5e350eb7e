#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/simulator.hpp"

// The behaviours of a simulator: `--set NAME=VALUE`. A connector has a table of its own; each line says what the name
// is for and puts the value into a settings struct. Pure. Thread: any.

namespace tributary::connectors {

/// A value that its behaviour cannot have; thrown by the readers below and by a table's lines.
struct BadValue {};

bool read_flag(std::string_view text);            ///< on | off
std::uint64_t read_count(std::string_view text);  ///< decimal digits
std::chrono::milliseconds read_duration(std::string_view text);
std::vector<std::string> read_words(std::string_view text);  ///< A,B,C

template <class Settings>
struct Behaviour {
  BehaviourDescription description;
  void (*apply)(Settings& settings, std::string_view value);  ///< throws BadValue
};

/// False when the table has no such name. Throws std::invalid_argument for a value it cannot have.
template <class Settings>
bool apply_behaviour(std::span<const Behaviour<Settings>> table, Settings& settings, const std::string& name,
                     const std::string& value) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Behaviour<Settings>& line) { return line.description.name == name; });
  if (found == table.end()) return false;
  try {
    found->apply(settings, value);
  } catch (const BadValue&) {
    throw std::invalid_argument("behaviour `" + name + "` cannot be `" + value + "`; expected " +
                                std::string(found->description.value));
  }
  return true;
}

/// What every simulator can be asked to do; the defaults are a well server. A value. Thread: any.
struct StageSettings {
  enum class Goodbye : std::uint8_t { close, reset };

  bool people = true;  ///< lulls and bursts around the rate; else even
  bool broadcast = false;
  bool unattended = false;  ///< the show goes on while nobody is there; for connectors whose API tells of it afterwards
  std::uint64_t burst = 0;
  std::chrono::milliseconds goodbye_after{0};  ///< counted from live; 0: never
  Goodbye goodbye = Goodbye::close;
  std::uint64_t binary_every = 0;
  std::uint64_t garbage_every = 0;
  std::uint64_t oversize_after = 0;
  std::uint64_t segment_bytes = 0;  ///< TCP segments to the client of at most so many bytes
  bool hang = false;                ///< TCP is taken, and nothing is ever answered
  std::string frames;               ///< a file in which every text frame is noted, see FrameLog; "": none

  static std::span<const Behaviour<StageSettings>> table();
};

template <class Settings>
std::vector<BehaviourDescription> describe_behaviours(std::span<const Behaviour<Settings>> own) {
  std::vector<BehaviourDescription> list;
  for (const auto& line : own) list.push_back(line.description);
  for (const auto& line : StageSettings::table()) {
    const auto same = [&](const BehaviourDescription& other) { return other.name == line.description.name; };
    if (std::none_of(list.begin(), list.end(), same)) list.push_back(line.description);
  }
  return list;
}

/// "there is no behaviour `x`; did you mean `y`?"
std::string unknown_behaviour(const std::string& name, const std::vector<BehaviourDescription>& known);

/// `own` first, then the lines of every simulator (`Settings` derives from StageSettings). Throws
/// std::invalid_argument: an unknown name, or a value it cannot have.
template <class Settings>
Settings read_behaviours(std::span<const Behaviour<Settings>> own, const std::map<std::string, std::string>& given) {
  Settings settings;
  for (const auto& [name, value] : given) {
    if (apply_behaviour(own, settings, name, value)) continue;
    if (apply_behaviour<StageSettings>(StageSettings::table(), settings, name, value)) continue;
    throw std::invalid_argument(unknown_behaviour(name, describe_behaviours(own)));
  }
  return settings;
}

}  // namespace tributary::connectors
