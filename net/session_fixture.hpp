#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <variant>

#include "net/session.hpp"

/// For the tests of Session: a session with a clock by hand, whose answers are words.
namespace tributary::net {

using namespace std::chrono_literals;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

/// A session and its clock; every input answers with the actions in words.
class Life {
 public:
  explicit Life(const SessionSettings& settings = {}) : session(settings, 1) {}

  std::string start() {
    return say([&] { session.start(now, actions); });
  }
  std::string stop(std::chrono::milliseconds within = 1h) {
    return say([&] { session.stop(now, now + within, actions); });
  }
  std::string live() {
    return say([&] { session.live(now, actions); });
  }
  std::string fail(Reason reason) {
    return say([&] { session.fail(ending(reason), now, actions); });
  }
  std::string ended(Reason reason, int retry_after = 0) {
    Ending end = ending(reason);
    end.retry_after_seconds = retry_after;
    return say([&] { session.ended(end, now, actions); });
  }
  std::string secret_changed() {
    return say([&] { session.secret_changed(now, actions); });
  }
  std::string tick() {
    return say([&] { session.tick(now, actions); });
  }
  std::string paused(bool paused) {
    return say([&] { session.paused(paused, now, actions); });
  }
  void open() {
    session.dialed(now);
    session.opened(now);
  }
  std::string come_alive() {
    open();
    return live();
  }
  /// Lets time pass, ticking at each deadline.
  std::string pass(std::chrono::milliseconds time) {
    const auto end = now + time;
    return say([&] {
      for (int i = 0; i < 10'000 && session.deadline() <= end; ++i) {
        now = std::max(now, session.deadline());
        session.tick(now, actions);
      }
      now = end;
    });
  }
  /// Passes the wait, whatever its length.
  std::string wait() { return pass(std::chrono::ceil<std::chrono::milliseconds>(session.deadline() - now)); }

  std::chrono::milliseconds waited{0};  ///< the last wait's delay
  Session session;
  Session::Time now = Session::Time{} + 1h;

 private:
  static Ending ending(Reason reason) {
    Ending end;
    end.reason = reason;
    return end;
  }
  template <class Input>
  std::string say(Input input) {
    actions.clear();
    input();
    std::string words;
    for (const Action& action : actions) {
      if (!words.empty()) words += ", ";
      words += std::visit(
          Overloaded{[](const action::Dial&) -> std::string { return "dial"; },
                     [](const action::Ping&) -> std::string { return "ping"; },
                     [](const action::Close& a) { return "close " + std::string(name(a.ending.reason)); },
                     [](const action::Abort& a) { return "abort " + std::string(name(a.ending.reason)); },
                     [](const action::Drop&) -> std::string { return "drop"; },
                     [](const action::Up& a) { return "up " + std::to_string(a.connection); },
                     [](const action::Down& a) {
                       return "down " + std::string(name(a.ending.reason)) + (a.was_live ? " from live" : "");
                     },
                     [this](const action::Wait& a) -> std::string {
                       waited = a.delay;
                       return a.parked ? "park" : "wait";
                     },
                     [](const action::Stopped&) -> std::string { return "stopped"; }},
          action);
    }
    return words;
  }
  Actions actions;
};

inline SessionSettings without_pings() {
  SessionSettings settings;
  settings.ping_interval = 0ms;
  return settings;
}

}  // namespace tributary::net
