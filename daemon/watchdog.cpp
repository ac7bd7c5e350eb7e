#include "daemon/watchdog.hpp"

#include <algorithm>
#include <utility>

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds slowest_round = 3s;

}  // namespace

WatchdogTimes::WatchdogTimes(std::chrono::microseconds patience)
    : every(std::max(10ms, std::chrono::duration_cast<std::chrono::milliseconds>(patience / 3))),
      still(std::max(slowest_round, std::chrono::duration_cast<std::chrono::milliseconds>(patience / 2))) {}

Watchdog::Watchdog(std::optional<std::chrono::microseconds> patience, Actions actions) : actions_(std::move(actions)) {
  if (patience) thread_ = std::thread([this, times = WatchdogTimes(*patience)] { look(times); });
}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ended_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::look(const WatchdogTimes& times) {
  std::vector<std::string> told;
  std::unique_lock lock(mutex_);
  do {
    auto stalled = actions_.stalled(times.still);
    if (stalled.empty()) actions_.ping();
    if (!stalled.empty() && stalled != told) actions_.tell(stalled);
    told = std::move(stalled);
  } while (!ended_.wait_for(lock, times.every, [this] { return end_; }));
}

}  // namespace tributary::daemon
