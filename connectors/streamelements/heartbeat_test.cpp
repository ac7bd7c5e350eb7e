#include "connectors/streamelements/heartbeat.hpp"

#include <gtest/gtest.h>

namespace tributary::connectors::streamelements {
namespace {

using namespace std::chrono_literals;
using Time = Heartbeat::Time;

Time at(std::chrono::milliseconds since_begin) { return Time{1h} + since_begin; }

Heartbeat begun(int engine_io) {
  Heartbeat heartbeat(engine_io);
  heartbeat.begin(25s, 5s, at(0ms));
  return heartbeat;
}

TEST(Heartbeat, IsSilentBeforeTheHandshake) {
  Heartbeat heartbeat(3);
  EXPECT_EQ(heartbeat.deadline(), Time::max());
  EXPECT_EQ(heartbeat.tick(at(1h)).send, "");
  EXPECT_FALSE(heartbeat.tick(at(1h)).dead);
}

TEST(Heartbeat, OfProtocol3AsksEveryInterval) {
  auto heartbeat = begun(3);
  for (auto now = 25s; now <= 250s; now += 25s) {
    ASSERT_EQ(heartbeat.deadline(), at(now));
    ASSERT_EQ(heartbeat.tick(at(now)).send, "2");
    heartbeat.heard(at(now + 10ms));
    EXPECT_FALSE(heartbeat.tick(heartbeat.deadline()).dead);
  }
}

TEST(Heartbeat, OfProtocol3DiesWhenAPingIsNotAnswered) {
  auto heartbeat = begun(3);
  heartbeat.heard(at(24s));
  EXPECT_EQ(heartbeat.tick(at(25s)).send, "2");
  EXPECT_EQ(heartbeat.deadline(), at(30s));
  EXPECT_FALSE(heartbeat.tick(at(29s)).dead);
  EXPECT_TRUE(heartbeat.tick(at(30s)).dead);
}

TEST(Heartbeat, OfProtocol3TakesAnyFrameForAnAnswer) {
  auto heartbeat = begun(3);
  heartbeat.tick(at(25s));
  heartbeat.heard(at(29s));
  EXPECT_FALSE(heartbeat.tick(at(30s)).dead);
  EXPECT_EQ(heartbeat.deadline(), at(50s));
}

TEST(Heartbeat, OfProtocol3GoesOnAskingWhilePausedAndDoesNotDie) {
  auto heartbeat = begun(3);
  heartbeat.tick(at(25s));
  EXPECT_EQ(heartbeat.paused(true, at(26s)).send, "");
  EXPECT_EQ(heartbeat.deadline(), at(50s));
  EXPECT_EQ(heartbeat.tick(at(50s)).send, "2");
  EXPECT_FALSE(heartbeat.tick(at(60s)).dead);
  heartbeat.paused(false, at(60s));
  EXPECT_EQ(heartbeat.deadline(), at(65s));
  EXPECT_TRUE(heartbeat.tick(at(65s)).dead);
}

TEST(Heartbeat, WithATimeoutLongerThanTheIntervalStillDies) {
  Heartbeat heartbeat(3);
  heartbeat.begin(1s, 10s, at(0ms));
  for (auto now = 1s; now < 11s; now += 1s) EXPECT_FALSE(heartbeat.tick(at(now)).dead) << now.count();
  EXPECT_TRUE(heartbeat.tick(at(11s)).dead);
}

TEST(Heartbeat, OfProtocol4DiesOfSilenceOnly) {
  auto heartbeat = begun(4);
  EXPECT_EQ(heartbeat.deadline(), at(30s));
  heartbeat.heard(at(20s));
  EXPECT_FALSE(heartbeat.tick(at(30s)).dead);
  EXPECT_EQ(heartbeat.deadline(), at(50s));
  EXPECT_TRUE(heartbeat.tick(at(50s)).dead);
}

TEST(Heartbeat, OfProtocol4AnswersUnaskedWhilePaused) {
  auto heartbeat = begun(4);
  EXPECT_EQ(heartbeat.paused(true, at(10s)).send, "3");
  EXPECT_EQ(heartbeat.deadline(), at(35s));
  EXPECT_EQ(heartbeat.tick(at(35s)).send, "3");
  EXPECT_EQ(heartbeat.tick(at(60s)).send, "3");
  heartbeat.paused(false, at(61s));
  EXPECT_EQ(heartbeat.deadline(), at(91s));
}

TEST(Heartbeat, KeepsAbsurdIntervalsWithinBounds) {
  Heartbeat heartbeat(3);
  heartbeat.begin(0ms, 0ms, at(0ms));
  EXPECT_EQ(heartbeat.deadline(), at(Heartbeat::shortest));
  heartbeat.begin(std::chrono::hours(1000), 5s, at(0ms));
  EXPECT_EQ(heartbeat.deadline(), at(Heartbeat::longest));
}

}  // namespace
}  // namespace tributary::connectors::streamelements
