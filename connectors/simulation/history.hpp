#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/simulation/api_door.hpp"
#include "event/event.hpp"

namespace tributary::connectors {

/// How the door of a simulator answers at which what was said can be read back. A value. Thread: any.
struct HistorySettings {
  enum class Fault : std::uint8_t { none, unauthorized, forbidden, limited, broken, nonsense, silent, reset };
  Fault history_fault = Fault::none;
  std::uint64_t history_fault_times = 0;           ///< of the first so many requests; 0: of all
  std::chrono::seconds retry_after{2};             ///< of `limited`
  static Fault read_fault(std::string_view text);  ///< 401 | 403 | 429 | 500 | nonsense | silent | reset; else BadValue
};

/// What a simulated upstream has said, whether anybody heard it or not. The oldest is forgotten. Owned by the
/// Play. Thread: its owner's.
class History {
 public:
  static constexpr std::size_t limit = 50'000;
  struct Said {
    std::string channel, json;
    event::WallTime at;
  };

  void add(std::string_view channel, std::string_view json, event::WallTime at);
  /// The newest of a channel from `from` on and before `to`, at most so many; the newest first.
  std::vector<const Said*> newest(std::string_view channel, event::WallTime from, event::WallTime to,
                                  std::size_t most) const;

  /// Counts a request. True: it is one that meets the fault, and has got what it gets.
  bool spoils(const HistorySettings& settings, ApiDoor& door, const net::HttpServer::Reply& reply);
  std::uint64_t asked() const { return asked_; }

 private:
  std::deque<Said> said_;
  std::uint64_t asked_ = 0;
};

}  // namespace tributary::connectors
