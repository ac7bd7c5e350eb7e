#include "net/session.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tributary::net {
namespace {

using std::chrono::milliseconds;
using Time = Session::Time;
constexpr Time never = Time::max();

/// How much longer than its own deadline the socket may take to tell its end before it is dropped.
constexpr milliseconds drop_grace{1'000};

Time after(Time now, milliseconds timeout) { return timeout.count() > 0 ? now + timeout : never; }

std::string within(std::string_view what, milliseconds timeout) {
  std::string text(what);
  text += " within ";
  if (timeout.count() % 1000 == 0) return text + std::to_string(timeout.count() / 1000) + " s";
  return text + std::to_string(timeout.count()) + " ms";
}

Ending ending_of(Reason reason, std::string detail) {
  Ending ending;
  ending.reason = reason;
  ending.detail = std::move(detail);
  return ending;
}

}  // namespace

std::string_view name(State state) noexcept {
  switch (state) {
    case State::idle:
      return "idle";
    case State::dialing:
      return "dialing";
    case State::handshaking:
      return "handshaking";
    case State::live:
      return "live";
    case State::draining:
      return "draining";
    case State::waiting:
      return "waiting";
    case State::parked:
      return "parked";
  }
  return "idle";
}

Session::Session(const SessionSettings& settings, std::uint64_t seed)
    : settings_(settings), backoff_(settings.backoff, seed) {}

void Session::start(Time now, Actions& actions) {
  if (state_ == State::idle) begin_attempt(now, actions);
  if (state_ == State::draining) restart_ = true;
}

void Session::stop(Time now, Time by, Actions& actions) {
  restart_ = false;
  if (state_ == State::dialing || open()) {
    const bool handshake = open();
    over(ending_of(Reason::stopped, ""), now, actions);
    if (in_flight_) end_socket(handshake, now, actions);
  }
  if (!in_flight_) return stopped(now, actions);
  if (state_ != State::draining) enter(State::draining, now);
  close_by_ = std::min(close_by_, by);
}

void Session::dialed(Time now) {
  if (state_ != State::dialing) return;
  in_flight_ = true;
  dial_by_ = after(now, settings_.dial);
}

void Session::opened(Time now) {
  if (state_ != State::dialing) return;
  in_flight_ = true;
  disarm();
  enter(State::handshaking, now);
  ping_at_ = after(now, settings_.ping_interval);
  if (paused_) {
    handshake_left_ = settings_.handshake;
    pause_by_ = after(now, settings_.pause_limit);
  } else {
    handshake_by_ = after(now, settings_.handshake);
  }
}

void Session::live(Time now, Actions& actions) {
  if (state_ != State::handshaking) return;
  enter(State::live, now);
  handshake_by_ = never;
  if (!paused_) idle_by_ = after(now, settings_.idle);
  was_live_ = true;
  live_since_ = now;
  actions.push_back(action::Up{++connections_});
}

void Session::frame_received(Time now) {
  if (!open() || paused_) return;
  if (state_ == State::live) idle_by_ = after(now, settings_.idle);
  // The pong may stand in line behind messages: whoever sends them is not gone.
  if (ping_unanswered_) pong_by_ = after(now, settings_.pong);
}

void Session::pong_received(Time now) {
  static_cast<void>(now);
  ping_unanswered_ = false;
  pong_by_ = never;
}

void Session::fail(Ending ending, Time now, Actions& actions) {
  if (open() || (state_ == State::dialing && in_flight_)) {
    leave(std::move(ending), true, now, actions);
  } else if (state_ == State::dialing) {
    ended(std::move(ending), now, actions);
  }
}

void Session::ended(Ending ending, Time now, Actions& actions) {
  in_flight_ = false;
  switch (state_) {
    case State::idle:
      return;
    case State::waiting:
    case State::parked:
      close_by_ = never;  // over long since: `tick` may begin the next attempt now
      return;
    case State::draining:
      return stopped(now, actions);
    case State::dialing:
    case State::handshaking:
    case State::live:
      return leave(std::move(ending), false, now, actions);
  }
}

void Session::secret_changed(Time now, Actions& actions) {
  if (state_ != State::waiting && state_ != State::parked) return;
  if (ladder(last_ending_) == Ladder::fast) return;
  backoff_.forget_refusals();
  attempt_at_ = now;
  if (!in_flight_) begin_attempt(now, actions);
}

void Session::paused(bool paused, Time now, Actions& actions) {
  if (paused == paused_) return;
  paused_ = paused;
  if (open() && paused) {
    handshake_left_ = handshake_by_ == never ? Time::duration::zero() : handshake_by_ - now;
    handshake_by_ = pong_by_ = idle_by_ = never;
    pause_by_ = after(now, settings_.pause_limit);
  } else if (open()) {
    pause_by_ = never;
    if (ping_unanswered_) pong_by_ = after(now, settings_.pong);
    if (state_ == State::live) idle_by_ = after(now, settings_.idle);
    if (state_ == State::handshaking && settings_.handshake.count() > 0) handshake_by_ = now + handshake_left_;
  } else if (!paused && !in_flight_ && attempt_at_ <= now) {
    begin_attempt(now, actions);
  }
}

void Session::tick(Time now, Actions& actions) {
  switch (state_) {
    case State::idle:
      return;
    case State::waiting:
    case State::parked:
      if (now >= close_by_) {
        actions.push_back(action::Drop{});
        in_flight_ = false;
        close_by_ = never;
      }
      if (!in_flight_ && !paused_ && now >= attempt_at_) begin_attempt(now, actions);
      return;
    case State::dialing:
      if (now >= dial_by_) {
        leave(ending_of(Reason::dial_timeout, within("not connected", settings_.dial)), false, now, actions);
      }
      return;
    case State::handshaking:
    case State::live:
      tick_open(now, actions);
      return;
    case State::draining:
      if (now < close_by_) return;
      actions.push_back(action::Drop{});
      in_flight_ = false;
      stopped(now, actions);
      return;
  }
}

void Session::tick_open(Time now, Actions& actions) {
  if (now >= pause_by_) {
    leave(ending_of(Reason::backpressure, within("no room in the sinks", settings_.pause_limit)), false, now, actions);
  } else if (now >= handshake_by_) {
    leave(ending_of(Reason::handshake_timeout, within("not let in", settings_.handshake)), false, now, actions);
  } else if (now >= pong_by_) {
    leave(ending_of(Reason::pong_timeout, within("no pong", settings_.pong)), false, now, actions);
  } else if (now >= idle_by_) {
    leave(ending_of(Reason::idle_timeout, within("no message", settings_.idle)), false, now, actions);
  } else if (now >= ping_at_) {
    ping_at_ = now + settings_.ping_interval;
    actions.push_back(action::Ping{});
    if (!ping_unanswered_ && !paused_) pong_by_ = after(now, settings_.pong);
    ping_unanswered_ = true;
  }
}

Session::Time Session::deadline() const {
  if (state_ == State::waiting || state_ == State::parked) {
    if (in_flight_) return close_by_;
    return paused_ ? never : attempt_at_;
  }
  return std::min({dial_by_, handshake_by_, pong_by_, idle_by_, pause_by_, close_by_, ping_at_});
}

void Session::enter(State state, Time now) {
  state_ = state;
  since_ = now;
}

void Session::disarm() {
  attempt_at_ = ping_at_ = dial_by_ = handshake_by_ = pong_by_ = idle_by_ = pause_by_ = close_by_ = never;
  ping_unanswered_ = false;
}

void Session::begin_attempt(Time now, Actions& actions) {
  disarm();
  was_live_ = in_flight_ = false;
  if (paused_) {
    enter(State::waiting, now);
    attempt_at_ = now;  // as soon as there is room
    actions.push_back(action::Wait{milliseconds(0), false, ending_of(Reason::backpressure, "no room in the sinks")});
    return;
  }
  enter(State::dialing, now);
  actions.push_back(action::Dial{});
}

void Session::leave(Ending ending, bool politely, Time now, Actions& actions) {
  const bool handshake = politely && open();
  over(std::move(ending), now, actions);
  wait(now, actions);
  if (in_flight_) end_socket(handshake, now, actions);
}

/// Said at once and first: a peer that does not answer our close frame does not hold the news up.
void Session::over(Ending ending, Time now, Actions& actions) {
  disarm();
  if (was_live_) backoff_.lived(now - live_since_);
  last_ending_ = std::move(ending);
  actions.push_back(action::Down{last_ending_, std::exchange(was_live_, false)});
}

void Session::wait(Time now, Actions& actions) {
  const Ladder rungs = ladder(last_ending_);
  const milliseconds delay = backoff_.next(rungs, std::chrono::seconds(last_ending_.retry_after_seconds));
  enter(rungs == Ladder::parked ? State::parked : State::waiting, now);
  attempt_at_ = now + delay;
  actions.push_back(action::Wait{delay, rungs == Ladder::parked, last_ending_});
}

void Session::end_socket(bool handshake, Time now, Actions& actions) {
  close_by_ = now + settings_.close + drop_grace;
  if (handshake) {
    actions.push_back(action::Close{last_ending_});
  } else {
    actions.push_back(action::Abort{last_ending_});
  }
}

void Session::stopped(Time now, Actions& actions) {
  disarm();
  if (state_ != State::idle) enter(State::idle, now);
  actions.push_back(action::Stopped{});
  if (std::exchange(restart_, false)) begin_attempt(now, actions);
}

}  // namespace tributary::net
