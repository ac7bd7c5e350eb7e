#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "connectors/simulation/audience.hpp"
#include "event/event.hpp"

namespace tributary::connectors::stagecast {

/// An endless evening in a hall: chat, phones that send how they are held, votes in a storm while a moment is on, bits
/// of every JSON value, text that is none, and the platform's notices. The same seed gives the same evening.
/// Pure. Owner: the simulator. Thread: its owner's.
class Show {
 public:
  struct Act {
    std::string kind;  ///< for the account: chat, sensor, vote, value, text, start, stop
    std::string id;    ///< the canonical `_id` of a notice; else ""
    std::string frame;
    std::string json;  ///< the frame; where it is no JSON, the string of it
  };

  /// `audience` must outlive it. `shapes`: of A, B, C, text.
  Show(Audience& audience, std::string channel, std::vector<std::string> shapes);

  /// What happens next, at this time. The reference is valid until the next call.
  const Act& next(event::WallTime now);

 private:
  void say(std::string kind, bool wrapped, std::string value);
  void value();
  void text();
  void notice(event::WallTime now);
  std::string address();
  bool has(std::string_view shape) const;

  Audience& audience_;
  std::string channel_;
  std::vector<std::string> shapes_;
  std::string prefix_;
  std::uint32_t moments_ = 0;
  bool moment_on_ = false;
  std::uint64_t votes_left_ = 0;
  Act act_;
};

}  // namespace tributary::connectors::stagecast
