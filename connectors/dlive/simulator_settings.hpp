#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "connectors/simulation/behaviours.hpp"
#include "connectors/simulation/history.hpp"

namespace tributary::connectors::dlive {

/// How a simulated subscription socket behaves; the defaults are a well server. A value. Thread: any.
struct SimulatorSettings : StageSettings, HistorySettings {
  bool apollo = false;                   ///< its habits rather than gqlgen's
  std::chrono::milliseconds ka{25'000};  ///< between two `ka`
  bool early_ka = true;                  ///< one at once after the acknowledgement
  bool mute = false;                     ///< no `ka` at all
  std::vector<std::string> tokens;       ///< that are accepted; empty: every one, and none
  int refusal_close = 0;                 ///< code after connection_error; 0: the server's habit
  std::vector<std::string> streamers;    ///< that exist; subscriptions to others are silent. empty: all do
  std::string failing;                   ///< subscriptions to this streamer fail
  std::uint64_t fail_times = 0;          ///< so many times on a connection; 0: always
  std::uint64_t complete_every = 0;      ///< after each N events the server ends that subscription
  std::uint64_t null_every = 0;          ///< each Nth batch holds nulls
  std::uint64_t error_every = 0;         ///< after each N events data with errors and no data
  std::uint64_t duplicate_every = 0;     ///< each Nth event is written twice
  bool omit_id = false;                  ///< data without an id

  bool history_untimed = false;  ///< the API knows the time of texts only, and refuses to be asked for that of others

  // The API over HTTP, where names are looked up, messages are said and the last ones are told.
  enum class ApiFault : std::uint8_t {
    none,
    unauthorized,
    forbidden,
    limited,
    broken,
    errors,
    err,
    html,
    silent,
    reset
  };
  enum class Shown : std::uint8_t { after, before, never };
  std::uint16_t api_port = 0;                  ///< 0: a free one
  std::vector<std::string> user_tokens;        ///< that may speak; empty: every one
  ApiFault api_fault = ApiFault::none;         ///< what becomes of messages
  std::uint64_t api_fault_every = 1;           ///< of each Nth of them
  std::chrono::milliseconds api_delay{0};      ///< until a request is answered
  std::chrono::milliseconds chat_pace{2'000};  ///< a user's next message is refused before that
  std::size_t chat_length = 140;               ///< a longer one is refused
  Shown shown = Shown::after;                  ///< to the subscriptions: before or after the answer

  /// Throws std::invalid_argument: an unknown name, or a value it cannot have.
  static SimulatorSettings parse(const std::map<std::string, std::string>& behaviours);
  static std::vector<BehaviourDescription> descriptions();
};

}  // namespace tributary::connectors::dlive
