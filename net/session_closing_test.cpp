#include <gtest/gtest.h>

#include "net/session_fixture.hpp"

/// Between an end of our own making, which is told at once, and the end of its socket.
namespace tributary::net {
namespace {

/// Every delay is over before a socket has ended.
SessionSettings without_delay() {
  SessionSettings settings = without_pings();
  settings.backoff.base = settings.backoff.cap = 1ms;
  return settings;
}

/// Live, then ended by the protocol.
std::string fail_live(Life& life, Reason reason) {
  life.start();
  life.come_alive();
  return life.fail(reason);
}

TEST(Session, TellsItsOwnEndingAtOnceAndOnce) {
  Life life(without_pings());
  EXPECT_EQ(fail_live(life, Reason::credential_refused),
            "down credential_refused from live, wait, close credential_refused");
  EXPECT_EQ(life.session.state(), State::waiting);
  EXPECT_EQ(life.session.last_ending().reason, Reason::credential_refused);
  EXPECT_EQ(life.pass(1s), "");
  EXPECT_EQ(life.ended(Reason::closed), "");
  EXPECT_EQ(life.session.last_ending().reason, Reason::credential_refused) << "our own reason stands";
  EXPECT_EQ(life.wait(), "dial");
}

TEST(Session, TheDelayRunsWhileTheSocketCloses) {
  Life life(without_pings());
  fail_live(life, Reason::disconnected);
  EXPECT_EQ(life.waited, 1s);
  life.pass(400ms);
  life.ended(Reason::closed);
  EXPECT_EQ(life.pass(599ms), "");
  EXPECT_EQ(life.pass(1ms), "dial");
}

TEST(Session, NothingIsDialedBeforeTheOldSocketHasEnded) {
  Life life(without_delay());
  fail_live(life, Reason::disconnected);
  EXPECT_EQ(life.waited, 1ms);
  EXPECT_EQ(life.pass(2'999ms), "");
  EXPECT_EQ(life.ended(Reason::closed), "");
  EXPECT_EQ(life.pass(0ms), "dial");
  EXPECT_EQ(life.come_alive(), "up 2");
}

TEST(Session, ASocketThatDoesNotEndIsDroppedAndTheNextIsDialed) {
  Life life(without_delay());
  fail_live(life, Reason::disconnected);
  EXPECT_EQ(life.pass(2'999ms), "");
  EXPECT_EQ(life.pass(1ms), "drop, dial");
  EXPECT_EQ(life.come_alive(), "up 2");
  EXPECT_EQ(life.ended(Reason::eof), "down eof from live, wait") << "of the new socket";
}

TEST(Session, ADropLeavesTheDelayAsItIs) {
  Life life(without_pings());
  fail_live(life, Reason::wrong_channel);
  EXPECT_EQ(life.pass(3s), "drop");
  EXPECT_EQ(life.session.state(), State::waiting);
  EXPECT_EQ(life.pass(life.waited - 3'001ms), "");
  EXPECT_EQ(life.pass(1ms), "dial");
}

TEST(Session, ADroppedDialIsNotDialedBesideTheOldOne) {
  Life life(without_delay());
  life.start();
  life.session.dialed(life.now);
  EXPECT_EQ(life.pass(10s), "down dial_timeout, wait, abort dial_timeout");
  life.session.opened(life.now);
  EXPECT_EQ(life.session.state(), State::waiting) << "too late";
  EXPECT_EQ(life.pass(3s), "drop, dial");
}

TEST(Session, ParkedWithASocketThatStillCloses) {
  Life life(without_pings());
  EXPECT_EQ(fail_live(life, Reason::credential_unreadable),
            "down credential_unreadable from live, park, close credential_unreadable");
  EXPECT_EQ(life.session.state(), State::parked);
  EXPECT_EQ(life.pass(3s), "drop");
  EXPECT_EQ(life.secret_changed(), "dial");
}

TEST(Session, StopWaitsForTheClosingSocket) {
  {
    Life ends(without_delay());
    fail_live(ends, Reason::disconnected);
    EXPECT_EQ(ends.stop(), "");
    EXPECT_EQ(ends.session.state(), State::draining);
    EXPECT_EQ(ends.ended(Reason::closed), "stopped");
    EXPECT_EQ(ends.pass(1h), "");
  }
  {
    Life never_ends(without_delay());
    fail_live(never_ends, Reason::disconnected);
    EXPECT_EQ(never_ends.stop(500ms), "");
    EXPECT_EQ(never_ends.pass(499ms), "");
    EXPECT_EQ(never_ends.pass(1ms), "drop, stopped");
    EXPECT_EQ(never_ends.start(), "dial");
  }
  {
    Life has_ended(without_pings());
    fail_live(has_ended, Reason::disconnected);
    has_ended.ended(Reason::closed);
    EXPECT_EQ(has_ended.stop(), "stopped");
  }
}

TEST(Session, ASecretChangedWhileTheSocketClosesDialsWhenItHasEnded) {
  Life life(without_pings());
  fail_live(life, Reason::credential_refused);
  EXPECT_EQ(life.secret_changed(), "");
  EXPECT_EQ(life.secret_changed(), "");
  EXPECT_EQ(life.pass(2s), "");
  life.ended(Reason::closed);
  EXPECT_EQ(life.pass(0ms), "dial");
  life.open();
  life.fail(Reason::credential_refused);
  EXPECT_LE(life.waited, 90s) << "another credential, another ladder";
}

TEST(Session, RoomWhileTheSocketClosesDialsWhenItHasEnded) {
  Life life(without_delay());
  life.start();
  life.come_alive();
  life.paused(true);
  EXPECT_EQ(life.pass(20s), "down backpressure from live, wait, abort backpressure");
  EXPECT_EQ(life.pass(1ms), "");
  EXPECT_EQ(life.paused(false), "");
  EXPECT_EQ(life.ended(Reason::reset), "");
  EXPECT_EQ(life.pass(0ms), "dial");
}

}  // namespace
}  // namespace tributary::net
