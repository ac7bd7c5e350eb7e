#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "event/event.hpp"

namespace tributary::daemon {

/// Whether the loops of the program go round: the main loop, each io thread, each sink's thread. Whoever wants to know
/// looks; nothing is measured in between, so that it costs nothing and needs no thread: a loop is stalled when it has
/// not gone round since a look that lies some time back. The spool's threads are not among them: a disk that hangs
/// ends nothing. Owned by App. Thread: any.
class LoopWatch {
 public:
  /// How often the loop has gone round; a loop that sleeps until it is asked is asked hereby to go round once more.
  /// Nothing: the loop has ended. Called under a lock, it must not block.
  using Rounds = std::function<std::optional<std::uint64_t>()>;

  /// A loop that has begun, e.g. "sink events"; another of the same name may still be there. It is watched until it
  /// says that it has ended.
  void watch(std::string name, Rounds rounds);
  /// What the loop does now may take until then, e.g. a configuration whose secrets come from commands.
  void pardon(const std::string& name, event::SteadyTime until);
  /// The loops that have not gone round for `patience` or longer, as far as looks before this one can tell.
  std::vector<std::string> stalled(std::chrono::milliseconds patience, event::SteadyTime now);

 private:
  struct Loop {
    std::string name;
    Rounds rounds;
    std::optional<std::uint64_t> seen;  ///< at the last look
    event::SteadyTime since = {};       ///< the first look that saw as many
  };
  std::mutex mutex_;
  std::vector<Loop> loops_;
  std::map<std::string, event::SteadyTime> pardons_;
};

}  // namespace tributary::daemon
