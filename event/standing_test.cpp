#include "event/standing.hpp"

#include <gtest/gtest.h>

namespace tributary::event {
namespace {

TEST(Standing, GoesOnFromWhatStoodThereBefore) {
  OutletStanding now;
  now.latency = {{0.1, 1}, {1, 2}, 3, 4.5};
  now.brokers.resize(2);
  now.brokers[0].name = "one:9092", now.brokers[0].sent = 5, now.brokers[0].waiting = 1;
  now.brokers[1].name = "new:9092", now.brokers[1].sent = 1;
  now.copies = 2;
  OutletStanding earlier = now;
  earlier.brokers[0].retries = 7, earlier.brokers[0].errors = 8, earlier.brokers[0].timeouts = 9;
  earlier.brokers[1].name = "gone:9092";
  earlier.oldest_age = std::chrono::seconds(90);
  earlier.parked = {"stream.events"};
  now.go_on_from(earlier);
  EXPECT_EQ(now.latency.counts, (std::vector<std::uint64_t>{2, 4}));
  EXPECT_EQ(now.latency.count, 6U);
  EXPECT_DOUBLE_EQ(now.latency.sum, 9);
  EXPECT_EQ(now.oldest_age, std::nullopt) << "what the one before waited for is not its own";
  EXPECT_EQ(now.copies, 4U);
  EXPECT_TRUE(now.parked.empty());
  ASSERT_EQ(now.brokers.size(), 2U);
  EXPECT_EQ(now.brokers[0].sent, 10U);
  EXPECT_EQ(now.brokers[0].retries, 7U);
  EXPECT_EQ(now.brokers[0].errors, 8U);
  EXPECT_EQ(now.brokers[0].timeouts, 9U);
  EXPECT_EQ(now.brokers[0].waiting, 1U) << "a gauge is of now";
  EXPECT_EQ(now.brokers[1].sent, 1U);
}

TEST(Standing, TakesTheBoundsOfTheOtherWhereItHasNone) {
  Histogram empty;
  empty += Histogram{{1}, {2}, 3, 4};
  EXPECT_EQ(empty.bounds, std::vector<double>{1});
  EXPECT_EQ(empty.counts, std::vector<std::uint64_t>{2});
  empty += Histogram{};
  EXPECT_EQ(empty.count, 3U);
}

}  // namespace
}  // namespace tributary::event
