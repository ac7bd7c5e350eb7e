#include "admin/rate_history.hpp"

#include <gtest/gtest.h>

#include "admin/status_fixture.hpp"

namespace tributary::admin {
namespace {

using namespace samples;

Snapshot with_events(std::chrono::milliseconds after, std::uint64_t events) {
  auto snapshot = quiet_snapshot(noon + after);
  snapshot.connectors = {live_connector("hall", events)};
  return snapshot;
}

TEST(RateHistory, CountsWhatCameInEachStep) {
  RateHistory rates;
  rates.add(with_events(0s, 100));
  EXPECT_TRUE(rates.events("hall").empty());
  EXPECT_EQ(rates.rate("hall"), 0);
  rates.add(with_events(5s, 110));
  rates.add(with_events(10s, 110));
  EXPECT_EQ(rates.events("hall"), (std::vector<double>{10, 0}));
  EXPECT_DOUBLE_EQ(rates.rate("hall"), 1.0);
  EXPECT_TRUE(rates.events("arcade").empty());
}

TEST(RateHistory, AMissedStepIsSpreadEvenlyAndAnEarlyOneIsLeftOut) {
  RateHistory rates;
  rates.add(with_events(0s, 0));
  rates.add(with_events(15s, 30));
  EXPECT_EQ(rates.events("hall"), (std::vector<double>{10, 10, 10}));
  rates.add(with_events(16s, 40));
  EXPECT_EQ(rates.events("hall").size(), 3U);
  rates.add(with_events(20s, 50));
  EXPECT_EQ(rates.events("hall"), (std::vector<double>{10, 10, 10, 20}));
}

TEST(RateHistory, KeepsFiveMinutesAndTellsTheRateOfTheLastOne) {
  RateHistory rates;
  std::uint64_t events = 0;
  for (int i = 0; i <= 100; ++i) rates.add(with_events(i * 5s, events += i < 80 ? 5 : 10));
  EXPECT_EQ(rates.events("hall").size(), RateHistory::steps);
  EXPECT_DOUBLE_EQ(rates.rate("hall"), 2.0);
  rates.add(with_events(2h, events));  // a long sleep
  EXPECT_EQ(rates.events("hall").size(), RateHistory::steps);
  EXPECT_EQ(rates.rate("hall"), 0);
}

TEST(RateHistory, BeginsAnewWhenCountOrClockGoBackAndForgetsWhatIsGone) {
  RateHistory rates;
  rates.add(with_events(0s, 10));
  rates.add(with_events(5s, 20));
  rates.add(with_events(10s, 3));
  EXPECT_TRUE(rates.events("hall").empty());
  rates.add(with_events(15s, 4));
  EXPECT_EQ(rates.events("hall"), std::vector<double>{1});
  auto stalled = quiet_snapshot(noon + 20s);
  stalled.stalled = {"io"};
  rates.add(stalled);
  EXPECT_EQ(rates.events("hall").size(), 1U) << "its loop did not answer; it is not gone";
  rates.add(quiet_snapshot(noon + 25s));
  EXPECT_TRUE(rates.events("hall").empty());
}

}  // namespace
}  // namespace tributary::admin
