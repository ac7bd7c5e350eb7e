#include "net/session.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::net {
namespace {

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

SessionSettings without_pings() {
  SessionSettings settings;
  settings.ping_interval = 0ms;
  return settings;
}

TEST(Session, GoesFromIdleToLive) {
  Life life(without_pings());
  EXPECT_EQ(life.session.state(), State::idle);
  EXPECT_EQ(life.start(), "dial");
  EXPECT_EQ(life.session.state(), State::dialing);
  life.open();
  EXPECT_EQ(life.session.state(), State::handshaking);
  EXPECT_EQ(life.live(), "up 1");
  EXPECT_EQ(life.session.state(), State::live);
  EXPECT_EQ(life.session.deadline(), Session::Time::max());
}

TEST(Session, EveryLossIsFollowedByAWaitAndANewDial) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  EXPECT_EQ(life.ended(Reason::eof), "down eof from live, wait");
  EXPECT_EQ(life.waited, 1s);
  EXPECT_EQ(life.session.state(), State::waiting);
  EXPECT_EQ(life.pass(999ms), "");
  EXPECT_EQ(life.pass(1ms), "dial");
  EXPECT_EQ(life.come_alive(), "up 2");
}

TEST(Session, DelaysGrowUntilALifeWasLongEnough) {
  Life life(without_pings());
  life.start();
  std::chrono::milliseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    life.come_alive();
    life.pass(29s);
    EXPECT_EQ(life.ended(Reason::reset), "down reset from live, wait");
    longest = std::max(longest, life.waited);
    ASSERT_EQ(life.wait(), "dial");
  }
  EXPECT_GT(longest, 30s);
  EXPECT_LE(longest, 60s);
  life.come_alive();
  life.pass(30s);
  life.ended(Reason::reset);
  EXPECT_EQ(life.waited, 1s);
}

TEST(Session, ALongHandshakeIsNotALife) {
  SessionSettings settings = without_pings();
  settings.handshake = 0ms;
  Life life(settings);
  life.start();
  for (int i = 0; i < 30; ++i) {
    life.open();
    life.pass(1min);
    life.ended(Reason::eof);
    life.wait();
  }
  EXPECT_GT(life.waited, 1s);
}

TEST(Session, DialWatchdogBeginsWhenReallyDialing) {
  Life life;
  life.start();
  EXPECT_EQ(life.pass(1h), "") << "waiting for a secret or the budget is not dialing";
  life.session.dialed(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort dial_timeout");
  EXPECT_EQ(life.session.state(), State::draining);
  EXPECT_EQ(life.ended(Reason::stopped), "down dial_timeout, wait") << "our own reason stands";
}

TEST(Session, HandshakeWatchdog) {
  Life life(without_pings());
  life.start();
  life.pass(1s);
  life.open();
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort handshake_timeout");
  EXPECT_EQ(life.ended(Reason::reset), "down handshake_timeout, wait");
}

TEST(Session, PingsGoOutAndAPongKeepsTheConnection) {
  Life life;
  life.start();
  life.come_alive();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(life.pass(20s), "ping");
    life.pass(0ms);
    life.session.pong_received(life.now);
  }
  EXPECT_EQ(life.session.state(), State::live);
}

TEST(Session, PongWatchdogEndsASilentConnection) {
  Life life;
  life.start();
  life.come_alive();
  EXPECT_EQ(life.pass(20s), "ping");
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort pong_timeout");
  EXPECT_EQ(life.ended(Reason::reset), "down pong_timeout from live, wait");
}

TEST(Session, PingsFasterThanThePongTimeoutDoNotPushItAway) {
  SessionSettings settings;
  settings.ping_interval = 3s;
  Life life(settings);
  life.start();
  life.come_alive();
  EXPECT_EQ(life.pass(13s), "ping, ping, ping, ping, abort pong_timeout");
}

TEST(Session, MessagesAfterThePingPutThePongWatchdogOff) {
  Life life;
  life.start();
  life.come_alive();
  life.pass(20s);
  life.pass(8s);
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort pong_timeout");
}

TEST(Session, PingsBeginAtOpenAlsoWhenLiveComesLate) {
  SessionSettings settings;
  settings.ping_interval = 5s;
  Life life(settings);
  life.start();
  life.open();
  EXPECT_EQ(life.pass(5s), "ping");
}

TEST(Session, IdleWatchdogCountsMessagesNotPongs) {
  SessionSettings settings;
  settings.idle = 30s;
  Life life(settings);
  life.start();
  life.come_alive();
  life.pass(20s);
  life.session.pong_received(life.now);
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(20s), "ping");
  life.session.pong_received(life.now);
  EXPECT_EQ(life.pass(10s), "abort idle_timeout");
}

TEST(Session, ZeroSwitchesWatchdogsOff) {
  SessionSettings settings;
  settings.dial = settings.handshake = settings.pong = settings.idle = settings.ping_interval = 0ms;
  Life life(settings);
  life.start();
  life.session.dialed(life.now);
  EXPECT_EQ(life.pass(24h), "");
  life.open();
  EXPECT_EQ(life.pass(24h), "");
  life.live();
  EXPECT_EQ(life.pass(24h), "");
}

TEST(Session, WhilePausedPingsGoOnAndReadingWatchdogsAreSuspended) {
  SessionSettings settings;
  settings.ping_interval = 4s;
  settings.pong = 5s;
  settings.idle = 6s;
  settings.pause_limit = 60s;
  Life life(settings);
  life.start();
  life.come_alive();
  life.pass(4s);
  EXPECT_EQ(life.paused(true), "");
  EXPECT_EQ(life.pass(40s), "ping, ping, ping, ping, ping, ping, ping, ping, ping, ping");
  EXPECT_EQ(life.paused(false), "");
  EXPECT_EQ(life.pass(3'999ms), "");
  EXPECT_EQ(life.pass(1001ms), "ping, abort pong_timeout") << "armed again from the moment of resuming";
}

TEST(Session, AMessageAlreadyReadWhenPausedArmsNothing) {
  SessionSettings settings;
  settings.idle = 6s;
  Life life(settings);
  life.start();
  life.come_alive();
  life.paused(true);
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(19s), "");
}

TEST(Session, ALateTickWithoutRoomDoesNothing) {
  Life life;
  life.start();
  life.ended(Reason::eof);
  life.paused(true);
  life.pass(1min);
  EXPECT_EQ(life.tick(), "");
}

TEST(Session, APauseStopsTheHandshakeClock) {
  Life life(without_pings());
  life.start();
  life.open();
  life.pass(6s);
  life.paused(true);
  EXPECT_EQ(life.pass(15s), "");
  life.paused(false);
  EXPECT_EQ(life.pass(3'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort handshake_timeout");
}

TEST(Session, APauseOverItsLimitEndsTheConnectionAndNothingIsDialedWithoutRoom) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  life.paused(true);
  EXPECT_EQ(life.pass(19'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort backpressure");
  EXPECT_EQ(life.ended(Reason::reset), "down backpressure from live, wait");
  EXPECT_EQ(life.pass(1h), "");
  EXPECT_EQ(life.paused(false), "dial");
}

TEST(Session, RoomBeforeTheDelayIsOverStillWaits) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  life.paused(true);
  life.ended(Reason::eof);
  EXPECT_EQ(life.paused(false), "");
  EXPECT_EQ(life.pass(1s), "dial");
}

TEST(Session, StartedWithoutRoomItWaitsForRoom) {
  Life life;
  life.paused(true);
  EXPECT_EQ(life.start(), "wait");
  EXPECT_EQ(life.session.deadline(), Session::Time::max());
  EXPECT_EQ(life.paused(false), "dial");
}

TEST(Session, OpenedWhilePausedTheLimitCountsFromOpen) {
  Life life(without_pings());
  life.start();
  life.paused(true);
  life.pass(1min);
  life.open();
  EXPECT_EQ(life.pass(19'999ms), "");
  EXPECT_EQ(life.pass(1ms), "abort backpressure");
}

TEST(Session, RefusedCredentialsWaitSlowlyAndDialAtOnceWhenTheyChange) {
  Life life(without_pings());
  life.start();
  life.open();
  EXPECT_EQ(life.fail(Reason::credential_refused), "close credential_refused");
  EXPECT_EQ(life.ended(Reason::closed), "down credential_refused, wait");
  EXPECT_GE(life.waited, 1min);
  EXPECT_LE(life.waited, 90s);
  EXPECT_EQ(life.wait(), "dial");
  life.open();
  life.fail(Reason::credential_refused);
  life.ended(Reason::closed);
  EXPECT_GE(life.waited, 2min);
  EXPECT_EQ(life.secret_changed(), "dial");
  life.open();
  life.fail(Reason::credential_refused);
  life.ended(Reason::closed);
  EXPECT_LE(life.waited, 90s) << "another credential, another ladder";
}

TEST(Session, AnUnreadableSecretParksAndIsLookedAtAgainSlowly) {
  Life life;
  life.start();
  EXPECT_EQ(life.ended(Reason::credential_unreadable), "down credential_unreadable, park");
  EXPECT_EQ(life.session.state(), State::parked);
  EXPECT_EQ(life.secret_changed(), "dial");
  life.ended(Reason::credential_unreadable);
  EXPECT_GE(life.waited, 1min);
  EXPECT_EQ(life.wait(), "dial");
}

TEST(Session, AChangedSecretDoesNotHurryAnOrdinaryWaitOrDisturbALife) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  EXPECT_EQ(life.secret_changed(), "");
  life.ended(Reason::eof);
  EXPECT_EQ(life.secret_changed(), "");
  EXPECT_EQ(life.pass(1s), "dial");
}

TEST(Session, WrongChannelAndEngineMismatchRetrySlowly) {
  for (const Reason reason : {Reason::wrong_channel, Reason::engine_io_mismatch, Reason::credential_expired}) {
    Life life(without_pings());
    life.start();
    life.open();
    life.fail(reason);
    EXPECT_EQ(life.ended(Reason::closed), "down " + std::string(name(reason)) + ", wait");
    EXPECT_GE(life.waited, 1min);
    EXPECT_EQ(life.wait(), "dial");
  }
}

TEST(Session, RetryAfterIsHonoured) {
  Life life;
  life.start();
  life.session.dialed(life.now);
  EXPECT_EQ(life.ended(Reason::upgrade_refused, 37), "down upgrade_refused, wait");
  EXPECT_EQ(life.waited, 37s);
}

TEST(Session, StopClosesPolitelyThenRests) {
  Life life;
  life.start();
  life.come_alive();
  EXPECT_EQ(life.stop(), "close stopped");
  EXPECT_FALSE(life.session.listening());
  EXPECT_EQ(life.ended(Reason::closed), "down stopped from live, stopped");
  EXPECT_EQ(life.session.state(), State::idle);
  EXPECT_EQ(life.pass(1h), "");
}

TEST(Session, StopEndsWithinItsDeadlineEvenWhenTheSocketSaysNothing) {
  Life life;
  life.start();
  life.come_alive();
  life.stop(500ms);
  EXPECT_EQ(life.pass(499ms), "");
  EXPECT_EQ(life.pass(1ms), "drop, down stopped from live, stopped");
}

TEST(Session, WithoutADeadlineAClosingSocketIsDroppedSoonAfterItsOwn) {
  Life life;
  life.start();
  life.come_alive();
  life.stop();
  EXPECT_EQ(life.pass(3s), "drop, down stopped from live, stopped");
}

TEST(Session, StopEndsEveryState) {
  {
    Life idle;
    EXPECT_EQ(idle.stop(), "stopped");
  }
  {
    Life preparing;
    preparing.start();
    EXPECT_EQ(preparing.stop(), "down stopped, stopped");
    EXPECT_EQ(preparing.session.deadline(), Session::Time::max());
  }
  {
    Life dialing;
    dialing.start();
    dialing.session.dialed(dialing.now);
    EXPECT_EQ(dialing.stop(), "abort stopped");
    EXPECT_EQ(dialing.ended(Reason::stopped), "down stopped, stopped");
  }
  {
    Life waiting;
    waiting.start();
    waiting.ended(Reason::eof);
    EXPECT_EQ(waiting.stop(), "stopped");
    EXPECT_EQ(waiting.pass(1h), "");
  }
  {
    Life parked;
    parked.start();
    parked.ended(Reason::credential_unreadable);
    EXPECT_EQ(parked.stop(), "stopped");
  }
  {
    Life draining;
    draining.start();
    draining.come_alive();
    draining.fail(Reason::disconnected);
    EXPECT_EQ(draining.stop(), "");
    EXPECT_EQ(draining.ended(Reason::closed), "down disconnected from live, stopped");
  }
}

TEST(Session, StopWhileReadingIsPausedIsPoliteToo) {
  Life life;
  life.start();
  life.come_alive();
  life.paused(true);
  EXPECT_EQ(life.stop(), "close stopped");
}

TEST(Session, StartDuringAStopBeginsAfterwards) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  life.stop();
  EXPECT_EQ(life.start(), "");
  EXPECT_EQ(life.ended(Reason::closed), "down stopped from live, stopped, dial");
  life.come_alive();
  life.stop();
  life.start();
  life.stop();
  EXPECT_EQ(life.ended(Reason::closed), "down stopped from live, stopped") << "the last word counts";
}

TEST(Session, StartTwiceIsOnce) {
  Life life;
  EXPECT_EQ(life.start(), "dial");
  EXPECT_EQ(life.start(), "");
}

TEST(Session, AfterItsOwnEndingNothingIsHeard) {
  Life life;
  life.start();
  life.come_alive();
  EXPECT_TRUE(life.session.listening());
  life.fail(Reason::wrong_channel);
  EXPECT_FALSE(life.session.listening());
  EXPECT_EQ(life.live(), "");
  EXPECT_EQ(life.fail(Reason::disconnected), "");
  EXPECT_EQ(life.ended(Reason::closed), "down wrong_channel from live, wait");
}

TEST(Session, LateInputsAreIgnored) {
  Life life;
  EXPECT_EQ(life.ended(Reason::eof), "");
  EXPECT_EQ(life.live(), "");
  life.session.opened(life.now);
  EXPECT_EQ(life.session.state(), State::idle);
  life.start();
  life.ended(Reason::eof);
  EXPECT_EQ(life.ended(Reason::eof), "");
  life.session.opened(life.now);
  EXPECT_EQ(life.session.state(), State::waiting);
}

}  // namespace
}  // namespace tributary::net
