#pragma once

#include <chrono>
#include <string_view>

#include "event/event.hpp"

namespace tributary::connectors::streamelements {

/// The Engine.IO heartbeat of one connection, seen from the client. On protocol 3 we ask `2` every interval and
/// something must be heard within the timeout; on 4 the server asks and something must be heard within both together.
/// Any frame is a sign of life, as for the reference client: a `3` may be waiting behind a flood of events.
///
/// The server counts only what we send, so pings go on while reading is paused; on 4, where we only ever answer and
/// cannot see the question then, a `3` goes unasked every interval.
/// Pure. Owner: one StreamElementsProtocol. Thread: its owner's. Failure: `dead` in the answer of `tick`.
class Heartbeat {
 public:
  using Time = event::SteadyTime;
  using Duration = std::chrono::milliseconds;

  struct Beat {
    std::string_view send;  ///< what to write now, or ""
    bool dead = false;      ///< the server is silent
  };

  explicit Heartbeat(int engine_io) : engine_io_(engine_io) {}

  /// The handshake came. Both are kept within [shortest, longest].
  void begin(Duration interval, Duration timeout, Time now);
  /// A new connection: silent until `begin`.
  void reset();
  /// Any frame.
  void heard(Time now);
  Beat paused(bool paused, Time now);
  Beat tick(Time now);
  Time deadline() const;
  Duration silence_limit() const { return engine_io_ == 3 ? timeout_ : interval_ + timeout_; }

  static constexpr Duration shortest{20};
  static constexpr Duration longest{600'000};

 private:
  int engine_io_;
  Duration interval_{0};
  Duration timeout_{0};
  bool running_ = false;
  bool paused_ = false;
  Time heard_{};
  Time send_at_ = Time::max();  ///< the next ping; on protocol 4 only while paused
  Time dead_at_ = Time::max();  ///< unless something was heard
  bool unanswered_ = false;     ///< nothing heard since our last ping
};

}  // namespace tributary::connectors::streamelements
