#include "relay/latency.hpp"

#include <gtest/gtest.h>

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;

TEST(Latency, says_nothing_of_nothing) {
  EXPECT_EQ(Latency{}.count(), 0U);
  EXPECT_EQ(Latency{}.within(1), 0us);
}

TEST(Latency, is_exact_below_sixteen_microseconds) {
  Latency latency;
  for (int i = 0; i < 16; ++i) latency.add(std::chrono::microseconds(i));
  EXPECT_EQ(latency.count(), 16U);
  EXPECT_EQ(latency.within(0.5), 7us);
  EXPECT_EQ(latency.within(1), 15us);
}

TEST(Latency, rounds_up_by_at_most_a_sixteenth) {
  for (std::int64_t took = 1; took < 3'600'000'000; took = took * 17 / 16 + 1) {
    Latency latency;
    latency.add(std::chrono::microseconds(took));
    const auto told = latency.within(0.99).count();
    EXPECT_GE(told, took);
    EXPECT_LE(told, took + took / 16);
  }
}

TEST(Latency, tells_parts_apart) {
  Latency latency;
  for (int i = 0; i < 98; ++i) latency.add(4ms);
  latency.add(20ms);
  latency.add(300ms);
  EXPECT_LT(latency.within(0.98), 5ms);
  EXPECT_GE(latency.within(0.99), 20ms);
  EXPECT_LT(latency.within(0.99), 22ms);
  EXPECT_GE(latency.within(1), 300ms);
}

TEST(Latency, has_a_coarse_histogram_with_exact_bounds) {
  Latency latency;
  for (const auto took : {0us, 1'000us, 1'001us, 60'000'000us, 60'000'001us}) latency.add(took);
  const auto histogram = latency.coarse().histogram();
  ASSERT_EQ(histogram.bounds.size(), 12U);
  ASSERT_EQ(histogram.counts.size(), 12U);
  EXPECT_DOUBLE_EQ(histogram.bounds.front(), 0.001);
  EXPECT_DOUBLE_EQ(histogram.bounds.back(), 60);
  EXPECT_EQ(histogram.counts[0], 2U) << "a bound belongs to its own bucket";
  EXPECT_EQ(histogram.counts[1], 3U) << "cumulative";
  EXPECT_EQ(histogram.counts[10], 3U);
  EXPECT_EQ(histogram.counts[11], 4U);
  EXPECT_EQ(histogram.count, 5U);
  EXPECT_NEAR(histogram.sum, 120.002002, 1e-9);
}

TEST(Latency, bounds_what_cannot_be) {
  Latency latency;
  latency.add(-5s);
  EXPECT_EQ(latency.within(1), 0us);
  latency.add(24h * 365);
  EXPECT_GE(latency.within(1), 1h);
}

}  // namespace
}  // namespace tributary::relay
