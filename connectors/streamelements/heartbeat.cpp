#include "connectors/streamelements/heartbeat.hpp"

#include <algorithm>

namespace tributary::connectors::streamelements {

void Heartbeat::reset() { *this = Heartbeat(engine_io_); }

void Heartbeat::begin(Duration interval, Duration timeout, Time now) {
  interval_ = std::clamp(interval, shortest, longest);
  timeout_ = std::clamp(timeout, shortest, longest);
  running_ = true;
  heard_ = now;
  unanswered_ = false;
  send_at_ = engine_io_ == 3 || paused_ ? now + interval_ : Time::max();
  dead_at_ = engine_io_ == 3 || paused_ ? Time::max() : now + silence_limit();
}

void Heartbeat::heard(Time now) {
  heard_ = now;
  unanswered_ = false;
}

Heartbeat::Beat Heartbeat::paused(bool paused, Time now) {
  paused_ = paused;
  if (!running_) return {};
  if (engine_io_ == 3) {
    // An answer may wait unread: after a pause it gets its whole time again.
    if (!paused && dead_at_ != Time::max()) dead_at_ = now + timeout_;
    return {};
  }
  send_at_ = paused ? now + interval_ : Time::max();
  dead_at_ = paused ? Time::max() : now + silence_limit();
  return {paused ? "3" : "", false};
}

Heartbeat::Beat Heartbeat::tick(Time now) {
  if (!running_) return {};
  if (!paused_ && now >= dead_at_) {
    const bool alive = engine_io_ == 3 ? !unanswered_ : heard_ + silence_limit() > now;
    if (!alive) return {"", true};
    dead_at_ = engine_io_ == 3 ? Time::max() : heard_ + silence_limit();
  }
  if (now < send_at_) return {};
  send_at_ = now + interval_;
  if (engine_io_ != 3) return {"3", false};
  // A question still unanswered keeps its deadline.
  if (!unanswered_) dead_at_ = now + timeout_;
  unanswered_ = true;
  return {"2", false};
}

Heartbeat::Time Heartbeat::deadline() const {
  if (!running_) return Time::max();
  return paused_ ? send_at_ : std::min(send_at_, dead_at_);
}

}  // namespace tributary::connectors::streamelements
