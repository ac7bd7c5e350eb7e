#include "daemon/loop_watch.hpp"

#include <algorithm>
#include <utility>

namespace tributary::daemon {

void LoopWatch::watch(std::string name, Rounds rounds) {
  const std::lock_guard lock(mutex_);
  loops_.push_back({std::move(name), std::move(rounds), std::nullopt, {}});
}

void LoopWatch::pardon(const std::string& name, event::SteadyTime until) {
  const std::lock_guard lock(mutex_);
  pardons_[name] = until;
}

std::vector<std::string> LoopWatch::stalled(std::chrono::milliseconds patience, event::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  std::erase_if(loops_, [&](Loop& loop) {
    const auto rounds = loop.rounds();
    if (!rounds) return true;
    const auto pardon = pardons_.find(loop.name);
    const bool pardoned = pardon != pardons_.end() && now < pardon->second;
    if (pardoned || loop.seen != rounds) {
      loop.seen = rounds;
      loop.since = now;
    } else if (now - loop.since >= patience) {
      names.push_back(loop.name);
    }
    return false;
  });
  return names;
}

}  // namespace tributary::daemon
