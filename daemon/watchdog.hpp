#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tributary::daemon {

/// When a service manager that waits `patience` for a ping is told that all loops go round: a look every third of it,
/// and a ping if no loop has been still for half of it. But a sink's thread that has nothing to do goes round only once
/// a second: no loop is held to less than three.
struct WatchdogTimes {
  std::chrono::milliseconds every, still;
  explicit WatchdogTimes(std::chrono::microseconds patience);
};

/// Pings the service manager's watchdog while every loop goes round. It has a thread of its own, so that a main loop
/// that reads secrets for long is no reason to end the program; LoopWatch knows how long it may. Thread: main.
class Watchdog {
 public:
  struct Actions {
    std::function<std::vector<std::string>(std::chrono::milliseconds)> stalled;  ///< as App::stalled
    std::function<void()> ping;
    std::function<void(const std::vector<std::string>& loops)> tell;  ///< that no ping is sent, because of these
  };
  /// No `patience`: nobody waits for pings, and it does nothing. The actions run on its thread and outlive it.
  Watchdog(std::optional<std::chrono::microseconds> patience, Actions actions);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void look(const WatchdogTimes& times);

  const Actions actions_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;  ///< the last: it uses all of them
};

}  // namespace tributary::daemon
