#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "event/ports.hpp"
#include "event/thread_check.hpp"
#include "sinks/observer.hpp"

namespace tributary::sinks {

/// Where lines go: a file, a terminal, a pipe. Owned by one LineSink. Thread: its owner's.
class LineTarget {
 public:
  struct Written {
    std::size_t bytes = 0;  ///< of `lines`, from the front
    int error = 0;          ///< errno; 0: all of it. EAGAIN: go on with the rest later. Else: the rest is not taken,
                            ///< and `bytes` ends at a line's end
  };
  virtual ~LineTarget() = default;
  /// `lines` is whole lines, or goes on in the middle of one after an EAGAIN.
  virtual Written write(std::string_view lines) = 0;
  virtual void reopen() {}
  virtual std::string_view subject() const = 0;  ///< its name in the news
};

/// A sink of JSON lines: events as they are, dead letters as `{"dead_letter":{…}}`. Takes activities only; state and
/// notices have no place in it. Lines are gathered in a buffer of at most 1 MiB (then `full`) and written at each poll.
/// What cannot be written is retriable when `keeps`, else failed. Owned by relay::Delivery; the observer outlives it.
/// Thread: sink, but `wake`.
class LineSink final : public event::Downstream {
 public:
  struct Settings {
    bool keeps = true;  ///< false: at most once
  };
  LineSink(std::unique_ptr<LineTarget> target, const Settings& settings, SinkObserver& observer);
  ~LineSink() override;

  std::string_view stream_of(const event::Event& event) override;
  std::string_view dead_letter_stream() const override { return "dead-letter"; }
  event::Sent send(std::string_view stream, const event::Event& event, std::uint64_t token,
                   event::Manner manner) override;
  event::Sent send(std::string_view stream, const event::DeadLetter& letter, std::uint64_t token,
                   event::Manner manner) override;
  void poll(std::chrono::milliseconds timeout, std::vector<event::DeliveryReport>& reports) override;
  void wake() override;
  void close() override;
  void reopen() override;
  bool acknowledges() const override { return settings_.keeps; }
  std::string_view stuck() const override { return stuck_; }

 private:
  struct Waiting {
    std::uint64_t token = 0;
    std::size_t end = 0;  ///< of its line in buffer_
  };
  template <class Append>
  event::Sent append(std::uint64_t token, Append&& line);
  bool flush(std::vector<event::DeliveryReport>& reports);
  void say(int error);

  [[no_unique_address]] event::ThreadCheck thread_;
  std::unique_ptr<LineTarget> target_;
  const Settings settings_;
  SinkObserver& observer_;
  std::string buffer_;
  std::deque<Waiting> waiting_;
  std::size_t written_ = 0;  ///< of buffer_
  std::string_view stuck_;   ///< why the last write came to nothing, "" when it did not
  bool down_ = false;        ///< and told

  std::mutex mutex_;  ///< guards woken_
  std::condition_variable changed_;
  bool woken_ = false;
};

}  // namespace tributary::sinks
