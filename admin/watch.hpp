#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "admin/event_queue.hpp"
#include "admin/program.hpp"
#include "admin/rate_history.hpp"
#include "admin/server.hpp"

namespace tributary::admin {

/// Watches the program for those who look at it: notes the rates every few seconds, and tells readers of /events what
/// comes, on one thread of its own. While there are no readers it has no tap. The tap only copies a pointer, so no
/// reader holds up the relay: one that is slow loses events and is told how many. `program` outlives it. Thread: any.
class Watch {
 public:
  /// A reader with so much unread is behind.
  static constexpr std::size_t behind = 128 * 1024;
  static constexpr std::chrono::seconds heartbeat{15};
  static constexpr std::chrono::milliseconds gathering{50};  ///< what comes meanwhile is written together

  explicit Watch(Program& program);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// The answer of /status, of now.
  std::string status();

  using Number = std::uint64_t;
  Number add_reader(std::shared_ptr<OpenAnswer> stream, EventFilter filter);
  void remove_reader(Number number);

 private:
  struct Reader {
    Number number = 0;
    std::shared_ptr<OpenAnswer> stream;
    EventQueue queue;
    std::chrono::steady_clock::time_point written;
  };

  void run();
  void tell(std::chrono::steady_clock::time_point now);
  void take(const event::EventPtr& event);

  Program& program_;
  std::mutex rates_mutex_;
  RateHistory rates_;

  std::mutex taps_mutex_;  ///< for adding and removing the tap, never taken by the tap
  std::uint64_t tap_ = 0;  ///< 0: none

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Reader> readers_;
  Number last_ = 0;
  bool waiting_ = false;  ///< something is to be told
  bool over_ = false;
  std::thread thread_;
};

}  // namespace tributary::admin
