#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "net/backoff.hpp"
#include "net/reason.hpp"

namespace tributary::net {

/// Where one connection is in its life.
enum class State : std::uint8_t {
  idle,         ///< not wanted
  dialing,      ///< reading secrets, waiting for the dial budget, TCP, TLS, upgrade
  handshaking,  ///< the websocket is open, the upstream has not yet said that we are in
  live,
  draining,  ///< stopped, and the socket has yet to end
  waiting,   ///< for the next attempt
  parked,    ///< a person must act before anything can be dialled; looked at again slowly
};
std::string_view name(State state) noexcept;

/// Every duration of a session. Zero switches that watchdog (or the pings) off.
struct SessionSettings {
  std::chrono::milliseconds dial{10'000};       ///< from `dialed` to `opened`
  std::chrono::milliseconds handshake{10'000};  ///< from `opened` to `live`
  std::chrono::milliseconds pong{10'000};       ///< from our ping to its pong, or to any message after it
  std::chrono::milliseconds idle{0};            ///< without a message while live
  std::chrono::milliseconds ping_interval{20'000};
  std::chrono::milliseconds pause_limit{20'000};  ///< reading stopped for so long: Reason::backpressure
  std::chrono::milliseconds close{2'000};         ///< from our close frame to giving the socket up
  BackoffSettings backoff;
};

/// What a session wants done, in order.
namespace action {
struct Dial {};  ///< begin an attempt; answer with `dialed`, `opened` or `ended`
struct Ping {};  ///< a websocket ping
struct Close {
  Ending ending;
};  ///< farewell and close handshake; `ended` follows
struct Abort {
  Ending ending;
};               ///< hard end at once; `ended` follows
struct Drop {};  ///< the socket did not end in time: forget it, no `ended` will be heard
struct Up {
  std::uint64_t connection = 0;
};  ///< live; counts from 1
struct Down {
  Ending ending;
  bool was_live = false;
};             ///< an attempt or a life is over; told when it is decided, the socket may have yet to end
struct Wait {  ///< until the next attempt
  std::chrono::milliseconds delay{0};
  bool parked = false;
  Ending ending;
};
struct Stopped {};  ///< the answer to `stop`: nothing is open any more
}  // namespace action
using Action = std::variant<action::Dial, action::Ping, action::Close, action::Abort, action::Drop, action::Up,
                            action::Down, action::Wait, action::Stopped>;
using Actions = std::vector<Action>;

/// The life common to all connections: idle → dialing → handshaking → live → waiting → dialing … → draining → idle.
/// What we end ourselves is over at once: Down and Wait come before Close or Abort. The next attempt begins only when
/// the old socket has ended or was dropped, also when the delay is over before.
/// Pure: every input carries the steady time, every answer is appended to `actions`; inputs that make no sense in the
/// current state (late ones) are ignored. Owned by the one who does its I/O. Thread: any, one at a time.
///
/// Watchdogs, each with its own deadline and reason: dial, handshake, pong, idle, pause, close. While paused those that
/// depend on reading (handshake, pong, idle) are suspended; our pings go on.
class Session {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Session(const SessionSettings& settings, std::uint64_t seed);

  void start(Time now, Actions& actions);
  /// Leaves politely: close handshake when open, else at once; `by` at the latest. Ends in action::Stopped.
  void stop(Time now, Time by, Actions& actions);
  /// The socket is really being dialled now: secrets are read and the dial budget has let us.
  void dialed(Time now);
  void opened(Time now);
  /// The upstream said that we are in.
  void live(Time now, Actions& actions);
  void frame_received(Time now);
  void pong_received(Time now);
  /// This connection must end, says the protocol above: it is over with this reason, and the socket closes politely.
  void fail(Ending ending, Time now, Actions& actions);
  /// The attempt or connection is over.
  void ended(Ending ending, Time now, Actions& actions);
  /// A secret differs from the one last used: dials at once if it waits for that, or as soon as the old socket ended.
  void secret_changed(Time now, Actions& actions);
  /// Back-pressure: reading stops or goes on. Without room no new attempt begins.
  void paused(bool paused, Time now, Actions& actions);
  void tick(Time now, Actions& actions);

  /// When `tick` is due; Time::max() for never.
  Time deadline() const;
  State state() const { return state_; }
  /// Why it is waiting or parked, or was last ended.
  const Ending& last_ending() const { return last_ending_; }
  Time since() const { return since_; }
  std::uint64_t connections() const { return connections_; }
  bool is_paused() const { return paused_; }
  /// Messages that come now are to be understood: from open until an end of our own making.
  bool listening() const { return open(); }

 private:
  void enter(State state, Time now);
  void disarm();
  void begin_attempt(Time now, Actions& actions);
  void leave(Ending ending, bool politely, Time now, Actions& actions);
  void over(Ending ending, Time now, Actions& actions);
  void wait(Time now, Actions& actions);
  void end_socket(bool handshake, Time now, Actions& actions);
  void stopped(Time now, Actions& actions);
  void tick_open(Time now, Actions& actions);
  bool open() const { return state_ == State::handshaking || state_ == State::live; }

  SessionSettings settings_;
  Backoff backoff_;
  State state_ = State::idle;
  Time since_{};
  Time live_since_{};
  bool restart_ = false;    ///< started again before the stop was through
  bool was_live_ = false;   ///< this connection has been live
  bool in_flight_ = false;  ///< a socket exists; while waiting or parked it is the old one, which has yet to end
  bool paused_ = false;
  bool ping_unanswered_ = false;
  std::uint64_t connections_ = 0;
  Ending last_ending_;
  std::chrono::steady_clock::duration handshake_left_{0};  ///< kept over a pause
  // Each watchdog's moment; Time::max() is off.
  Time attempt_at_ = Time::max();
  Time ping_at_ = Time::max();
  Time dial_by_ = Time::max();
  Time handshake_by_ = Time::max();
  Time pong_by_ = Time::max();
  Time idle_by_ = Time::max();
  Time pause_by_ = Time::max();
  Time close_by_ = Time::max();
};

}  // namespace tributary::net
