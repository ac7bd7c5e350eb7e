#include "relay/drain.hpp"

#include <gtest/gtest.h>

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using End = Drain::End;

struct DrainTest : testing::Test {
  DrainTest() { drain.begin(start); }
  End after(std::chrono::milliseconds time, const Drain::Look& look) {
    return drain.look(start + time, start + 25s, look);
  }

  const event::SteadyTime start{1h};
  Drain drain;
};

TEST_F(DrainTest, EndsAtOnceWhenNothingIsLeft) {
  EXPECT_EQ(after(0ms, {.empty = true}), End::empty);
  EXPECT_EQ(after(30s, {.empty = true}), End::empty) << "not time_over: nothing is lost";
}

TEST_F(DrainTest, WaitsForEventsUntilItsTimeIsOver) {
  EXPECT_EQ(after(0ms, {}), End::none);
  EXPECT_EQ(after(24'999ms, {}), End::none);
  EXPECT_EQ(after(25s, {}), End::time_over);
}

TEST_F(DrainTest, NoticesAloneAreWaitedForLessThanASecond) {
  EXPECT_EQ(after(500ms, {.only_notices = true}), End::none);
  EXPECT_EQ(after(900ms, {.only_notices = true}), End::only_notices);
}

TEST_F(DrainTest, NoticesThatAreLeftAfterTheEventsHaveHadTheirTime) {
  EXPECT_EQ(after(5s, {}), End::none);
  EXPECT_EQ(after(5'001ms, {.only_notices = true}), End::only_notices);
}

TEST_F(DrainTest, AWireThatCannotWriteIsWaitedForLessThanTwoSeconds) {
  EXPECT_EQ(after(0ms, {.stuck = true}), End::none);
  EXPECT_EQ(after(1s, {.stuck = true}), End::none);
  EXPECT_EQ(after(1'900ms, {.stuck = true}), End::stuck);
}

TEST_F(DrainTest, AWireThatWritesNowAndThenIsNotStuck) {
  for (int second = 0; second < 24; ++second) {
    const auto at = std::chrono::seconds(second);
    EXPECT_EQ(after(at, {.stuck = true, .done = static_cast<std::uint64_t>(second)}), End::none) << second;
    EXPECT_EQ(after(at + 1ms, {.done = static_cast<std::uint64_t>(second)}), End::none) << second;
  }
  EXPECT_EQ(after(24s, {.stuck = true, .done = 23}), End::none) << "stuck since just now";
}

TEST_F(DrainTest, OneThatDeliversAlthoughItSeemsStuckIsWaitedFor) {
  for (std::uint64_t second = 0; second < 25; ++second) {
    EXPECT_EQ(after(std::chrono::seconds(second), {.stuck = true, .done = second}), End::none) << second;
  }
}

}  // namespace
}  // namespace tributary::relay
