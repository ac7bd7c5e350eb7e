#include "relay/fullness.hpp"

#include <gtest/gtest.h>

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using News = Fullness::News;

struct FullnessTest : testing::Test {
  News at(std::chrono::milliseconds time, bool full) { return fullness.look(start + time, full); }

  const event::SteadyTime start{1h};
  Fullness fullness{20s};
};

TEST_F(FullnessTest, IsToldOnceWhenItLastsAndOnceWhenThereIsRoom) {
  EXPECT_EQ(at(0s, true), News::none);
  EXPECT_EQ(at(1s, true), News::full);
  EXPECT_EQ(at(2s, true), News::none);
  EXPECT_EQ(at(5s, false), News::room);
  EXPECT_EQ(fullness.lasted(), 5s);
  EXPECT_EQ(at(6s, false), News::none);
}

TEST_F(FullnessTest, ABurstIsNotWorthALine) {
  EXPECT_EQ(at(0s, true), News::none);
  EXPECT_EQ(at(500ms, false), News::none);
}

TEST_F(FullnessTest, NeedsAPersonAfterItsPatienceAndAgainEveryTenMinutes) {
  at(0s, true), at(1s, true);
  EXPECT_EQ(at(19s, true), News::none);
  EXPECT_EQ(at(20s, true), News::still_full);
  EXPECT_EQ(fullness.lasted(), 20s);
  EXPECT_EQ(at(5min, true), News::none);
  EXPECT_EQ(at(10min + 20s, true), News::still_full);
  EXPECT_EQ(at(10min + 21s, true), News::none);
  EXPECT_EQ(at(11min, false), News::room);
}

TEST_F(FullnessTest, OneThatFillsAgainAndAgainIsToldSeldom) {
  at(0s, true), at(1s, true), at(2s, false);
  int told = 0;
  for (auto time = 2'000ms; time < 60s; time += 100ms) {
    told += at(time, (time.count() / 1000) % 4 != 0) != News::none ? 1 : 0;  // three seconds full, one not
  }
  EXPECT_EQ(told, 0) << "within a minute of the last time";
  EXPECT_EQ(at(70s, false), News::none);
  at(71s, true);
  EXPECT_EQ(at(72s, true), News::full);
}

}  // namespace
}  // namespace tributary::relay
