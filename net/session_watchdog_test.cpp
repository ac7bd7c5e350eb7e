#include <gtest/gtest.h>

#include "net/session_fixture.hpp"

namespace tributary::net {
namespace {

TEST(Session, DialWatchdogBeginsWhenReallyDialing) {
  Life life;
  life.start();
  EXPECT_EQ(life.pass(1h), "") << "waiting for a secret or the budget is not dialing";
  life.session.dialed(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "down dial_timeout, wait, abort dial_timeout");
  EXPECT_EQ(life.session.state(), State::waiting);
  EXPECT_EQ(life.ended(Reason::stopped), "");
  EXPECT_EQ(life.session.last_ending().reason, Reason::dial_timeout) << "our own reason stands";
}

TEST(Session, HandshakeWatchdog) {
  Life life(without_pings());
  life.start();
  life.pass(1s);
  life.open();
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "down handshake_timeout, wait, abort handshake_timeout");
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
  EXPECT_EQ(life.pass(1ms), "down pong_timeout from live, wait, abort pong_timeout");
}

TEST(Session, PingsFasterThanThePongTimeoutDoNotPushItAway) {
  SessionSettings settings;
  settings.ping_interval = 3s;
  Life life(settings);
  life.start();
  life.come_alive();
  EXPECT_EQ(life.pass(13s), "ping, ping, ping, ping, down pong_timeout from live, wait, abort pong_timeout");
}

TEST(Session, MessagesAfterThePingPutThePongWatchdogOff) {
  Life life;
  life.start();
  life.come_alive();
  life.pass(20s);
  life.pass(8s);
  life.session.frame_received(life.now);
  EXPECT_EQ(life.pass(9'999ms), "");
  EXPECT_EQ(life.pass(1ms), "down pong_timeout from live, wait, abort pong_timeout");
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
  EXPECT_EQ(life.pass(10s), "down idle_timeout from live, wait, abort idle_timeout");
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
  EXPECT_EQ(life.pass(1001ms), "ping, down pong_timeout from live, wait, abort pong_timeout")
      << "armed again from the moment of resuming";
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
  EXPECT_EQ(life.pass(1ms), "down handshake_timeout, wait, abort handshake_timeout");
}

TEST(Session, APauseOverItsLimitEndsTheConnectionAndNothingIsDialedWithoutRoom) {
  Life life(without_pings());
  life.start();
  life.come_alive();
  life.paused(true);
  EXPECT_EQ(life.pass(19'999ms), "");
  EXPECT_EQ(life.pass(1ms), "down backpressure from live, wait, abort backpressure");
  EXPECT_EQ(life.ended(Reason::reset), "");
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
  EXPECT_EQ(life.pass(1ms), "down backpressure, wait, abort backpressure");
}

}  // namespace
}  // namespace tributary::net
