#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "event/event.hpp"

namespace tributary::connectors::users {

/// What was broadcast and has not come back: the server says it to everybody, and to us. An echo is known by its exact
/// text. Each saying has one echo, in as many copies as the server writes of everything; what comes beyond that is
/// somebody else's.
/// Owner: one protocol. Thread: its owner's. Pure. Failure: none; beyond the limits the oldest is forgotten.
class OwnEchoes {
 public:
  static constexpr std::size_t limit = 4096;
  static constexpr std::chrono::seconds patience{60};  ///< a server that is so late is not heard any more

  void said(std::string_view text, std::uint64_t number, event::SteadyTime now);
  struct Heard {
    std::uint64_t number = 0;
    bool first = false;  ///< the first copy
  };
  /// Nothing: it is none of ours. `copies`: of each frame; they come within `together`.
  std::optional<Heard> heard(std::string_view text, std::uint32_t copies, std::chrono::milliseconds together,
                             event::SteadyTime now);
  /// An echo of something is still to come.
  bool awaits(event::SteadyTime now);
  /// Nothing was heard for so long: what was said before counts as said later.
  void put_off(event::SteadyTime::duration pause);

 private:
  struct Saying {
    event::SteadyTime at;
    std::uint64_t number = 0;
    std::optional<event::SteadyTime> heard_at;  ///< its first copy
    std::uint32_t copies_left = 0;
  };
  using Sayings = std::deque<Saying>;

  void forget(event::SteadyTime now);
  void forget_oldest();

  std::unordered_map<std::size_t, Sayings> by_text_;  ///< by the text's hash; of one text in the order of saying
  std::deque<std::pair<event::SteadyTime, std::size_t>> in_order_;  ///< every saying: when, and the hash
};

}  // namespace tributary::connectors::users
