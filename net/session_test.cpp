#include <gtest/gtest.h>

#include "net/session_fixture.hpp"

namespace tributary::net {
namespace {

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

TEST(Session, RefusedCredentialsWaitSlowlyAndDialAtOnceWhenTheyChange) {
  Life life(without_pings());
  life.start();
  life.open();
  EXPECT_EQ(life.fail(Reason::credential_refused), "down credential_refused, wait, close credential_refused");
  EXPECT_EQ(life.ended(Reason::closed), "");
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
    const std::string word(name(reason));
    EXPECT_EQ(life.fail(reason), "down " + word + ", wait, close " + word);
    EXPECT_EQ(life.ended(Reason::closed), "");
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
  EXPECT_EQ(life.stop(), "down stopped from live, close stopped");
  EXPECT_EQ(life.session.state(), State::draining);
  EXPECT_FALSE(life.session.listening());
  EXPECT_EQ(life.ended(Reason::closed), "stopped");
  EXPECT_EQ(life.session.state(), State::idle);
  EXPECT_EQ(life.pass(1h), "");
}

TEST(Session, StopEndsWithinItsDeadlineEvenWhenTheSocketSaysNothing) {
  Life life;
  life.start();
  life.come_alive();
  life.stop(500ms);
  EXPECT_EQ(life.pass(499ms), "");
  EXPECT_EQ(life.pass(1ms), "drop, stopped");
}

TEST(Session, WithoutADeadlineAClosingSocketIsDroppedSoonAfterItsOwn) {
  Life life;
  life.start();
  life.come_alive();
  life.stop();
  EXPECT_EQ(life.pass(3s), "drop, stopped");
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
    EXPECT_EQ(dialing.stop(), "down stopped, abort stopped");
    EXPECT_EQ(dialing.ended(Reason::stopped), "stopped");
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
}

TEST(Session, StopWhileReadingIsPausedIsPoliteToo) {
  Life life;
  life.start();
  life.come_alive();
  life.paused(true);
  EXPECT_EQ(life.stop(), "down stopped from live, close stopped");
}

TEST(Session, StartDuringAStopBeginsAfterwards) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  life.stop();
  EXPECT_EQ(life.start(), "");
  EXPECT_EQ(life.ended(Reason::closed), "stopped, dial");
  life.come_alive();
  life.stop();
  life.start();
  life.stop();
  EXPECT_EQ(life.ended(Reason::closed), "stopped") << "the last word counts";
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
  EXPECT_EQ(life.fail(Reason::wrong_channel), "down wrong_channel from live, wait, close wrong_channel");
  EXPECT_FALSE(life.session.listening());
  EXPECT_EQ(life.live(), "");
  EXPECT_EQ(life.fail(Reason::disconnected), "");
  EXPECT_EQ(life.ended(Reason::closed), "");
  EXPECT_EQ(life.session.last_ending().reason, Reason::wrong_channel);
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
