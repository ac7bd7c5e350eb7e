#include "net/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tributary::net {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, FirstDelayIsTheBase) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_EQ(Backoff({}, seed).next(Ladder::fast, 0s), 1s);
}

TEST(Backoff, DelaysStayBetweenBaseAndDoublingCapAndFillThatRange) {
  for (unsigned n = 0; n < 10; ++n) {
    const std::chrono::milliseconds high = std::min<std::chrono::milliseconds>(60s, 1s * (1u << n));
    std::chrono::milliseconds least = 1h, most = 0ms;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      Backoff backoff({}, seed);
      for (unsigned i = 0; i < n; ++i) backoff.next(Ladder::fast, 0s);
      const auto delay = backoff.next(Ladder::fast, 0s);
      ASSERT_GE(delay, 1s);
      ASSERT_LE(delay, high);
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    EXPECT_LE(least, 1s + (high - 1s) / 20) << n;
    EXPECT_GE(most, high - (high - 1s) / 20) << n;
  }
}

TEST(Backoff, ManyLossesNeverOverflowTheCap) {
  Backoff backoff({}, 1);
  for (int i = 0; i < 1000; ++i) {
    const auto delay = backoff.next(Ladder::fast, 0s);
    ASSERT_GE(delay, 1s);
    ASSERT_LE(delay, 60s);
  }
}

TEST(Backoff, OnlyALongLifeResets) {
  Backoff backoff({}, 7);
  for (int i = 0; i < 8; ++i) backoff.next(Ladder::fast, 0s);
  backoff.lived(29'999ms);
  std::vector<std::chrono::milliseconds> delays;
  for (int i = 0; i < 40; ++i) delays.push_back(backoff.next(Ladder::fast, 0s));
  EXPECT_GT(*std::max_element(delays.begin(), delays.end()), 30s);
  backoff.lived(30s);
  EXPECT_EQ(backoff.next(Ladder::fast, 0s), 1s);
}

TEST(Backoff, ALongLifeForgetsRefusalsToo) {
  Backoff backoff({}, 7);
  for (int i = 0; i < 5; ++i) backoff.next(Ladder::slow, 0s);
  backoff.lived(30s);
  EXPECT_LE(backoff.next(Ladder::slow, 0s), 90s);
}

TEST(Backoff, RetryAfterIsALowerBoundAndCapped) {
  Backoff backoff({}, 3);
  EXPECT_EQ(backoff.next(Ladder::fast, 40s), 40s);
  EXPECT_EQ(backoff.next(Ladder::fast, 7200s), 15min);
  for (int i = 0; i < 10; ++i) backoff.next(Ladder::fast, 0s);
  EXPECT_GE(backoff.next(Ladder::fast, 1s), 1s);
  EXPECT_GE(backoff.next(Ladder::slow, 1s), 1min);
}

TEST(Backoff, RefusalsClimbFromOneToFifteenMinutes) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Backoff backoff({}, seed);
    std::chrono::milliseconds low = 1min;
    for (int i = 0; i < 8; ++i) {
      const auto delay = backoff.next(Ladder::slow, 0s);
      EXPECT_GE(delay, low);
      EXPECT_LE(delay, std::min<std::chrono::milliseconds>(low * 3 / 2, 15min));
      low = std::min<std::chrono::milliseconds>(low * 2, 15min);
    }
    EXPECT_EQ(backoff.next(Ladder::slow, 0s), 15min);
  }
}

TEST(Backoff, ANewCredentialBeginsTheSlowLadderAnewAndLeavesTheFastOne) {
  Backoff backoff({}, 5);
  for (int i = 0; i < 6; ++i) backoff.next(Ladder::slow, 0s);
  backoff.forget_refusals();
  EXPECT_LE(backoff.next(Ladder::slow, 0s), 90s);
}

TEST(Backoff, TheSameSeedGivesTheSameDelays) {
  Backoff one({}, 42), other({}, 42);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(one.next(Ladder::fast, 0s), other.next(Ladder::fast, 0s));
}

TEST(Backoff, EachReasonClimbsItsLadder) {
  EXPECT_EQ(ladder(Reason::credential_unreadable), Ladder::parked);
  EXPECT_EQ(ladder(Reason::credential_refused), Ladder::slow);
  EXPECT_EQ(ladder(Reason::credential_expired), Ladder::slow);
  EXPECT_EQ(ladder(Reason::wrong_channel), Ladder::slow);
  EXPECT_EQ(ladder(Reason::engine_io_mismatch), Ladder::slow);
  EXPECT_EQ(ladder(Reason::eof), Ladder::fast);
  EXPECT_EQ(ladder(Reason::internal), Ladder::fast);
  EXPECT_EQ(ladder(Reason::tls_failed), Ladder::fast);
}

TEST(Backoff, ACapBelowTheBaseMeansTheBase) {
  BackoffSettings settings;
  settings.base = 5s;
  settings.cap = 2s;
  Backoff backoff(settings, 1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(backoff.next(Ladder::fast, 0s), 5s);
}

}  // namespace
}  // namespace tributary::net
