#include "sinks/channel/breaker.hpp"

#include <gtest/gtest.h>

#include <string>

#include "sinks/channel/token_bucket.hpp"

namespace tributary::sinks::channel {
namespace {

using namespace std::chrono_literals;

constexpr event::SteadyTime noon{12h};
constexpr auto never_again = event::SteadyTime::max();

class ChannelBreaker : public testing::Test {
 protected:
  void say(std::uint64_t number) {
    breaker.given(number);
    breaker.said(number, now);
  }
  void say_and_hear(std::uint64_t number) {
    say(number);
    breaker.heard(number, now);
  }
  void open() {
    for (int i = 0; i < 3; ++i) say_and_hear(++numbers);
    ASSERT_EQ(breaker.standing().state, BreakerState::open);
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    breaker.look(now);
  }
  std::string states() {
    std::string all;
    for (const auto& change : breaker.take_changes()) all += (all.empty() ? "" : " ") + std::string(name(change.state));
    return all;
  }
  event::SteadyTime now = noon;
  std::uint64_t numbers = 0;
  Breaker breaker{BreakerSettings{0.5, 10s, 60s}};
};

TEST_F(ChannelBreaker, OneOrTwoEchoesOpenNothing) {
  say_and_hear(1);
  say_and_hear(2);
  EXPECT_FALSE(breaker.is_open()) << "of two, both";
  EXPECT_EQ(breaker.standing().heard, 2U);
  EXPECT_EQ(states(), "");
}

TEST_F(ChannelBreaker, OpensAtTheShareOfWhatWasSaidWithinTheWindow) {
  for (std::uint64_t number = 1; number <= 4; ++number) say(number);
  breaker.heard(1, now);
  EXPECT_FALSE(breaker.is_open()) << "a quarter";
  breaker.heard(1, now);
  EXPECT_FALSE(breaker.is_open()) << "the same once more: each message counts once";
  breaker.heard(7, now);
  EXPECT_FALSE(breaker.is_open()) << "never said";
  breaker.heard(2, now);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.lets_through());
  const auto changes = breaker.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].said, 4U);
  EXPECT_EQ(changes[0].heard, 2U);
  EXPECT_EQ(changes[0].open_for, 60s);
}

TEST_F(ChannelBreaker, WhatIsOlderThanTheWindowCountsNoMore) {
  for (std::uint64_t number = 1; number <= 3; ++number) say_and_hear(number), now += 6s;
  EXPECT_FALSE(breaker.is_open()) << "never three within ten seconds";
  say(4);
  pass(10s);
  breaker.heard(4, now);
  EXPECT_EQ(breaker.standing().said, 0U);
  EXPECT_EQ(breaker.standing().heard, 0U);
}

TEST_F(ChannelBreaker, AfterItsTimeOneMessageIsTriedAndNoneBeforeItsFateIsKnown) {
  open();
  EXPECT_EQ(breaker.deadline(), now + 60s);
  pass(60s - 1ms);
  EXPECT_TRUE(breaker.is_open());
  pass(1ms);
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(breaker.lets_through());
  EXPECT_EQ(breaker.deadline(), never_again) << "until something is said";
  say(10);
  EXPECT_FALSE(breaker.lets_through());
  EXPECT_EQ(breaker.deadline(), now + 10s);
  pass(10s);
  EXPECT_TRUE(breaker.lets_through());
  EXPECT_EQ(states(), "open half_open closed");
  say(11), say(12);
  EXPECT_TRUE(breaker.lets_through());
}

TEST_F(ChannelBreaker, ATrialThatComesBackOpensItForTwiceAsLongUpToALimit) {
  open();
  std::chrono::milliseconds expected = 60s;
  for (int turn = 0; turn < 6; ++turn) {
    EXPECT_EQ(breaker.deadline() - now, expected);
    pass(expected);
    say_and_hear(100 + static_cast<std::uint64_t>(turn));
    ASSERT_TRUE(breaker.is_open());
    expected = std::min<std::chrono::milliseconds>(expected * 2, 60s * Breaker::longest);
  }
  EXPECT_EQ(expected, 480s);
  pass(expected);
  say(200);
  pass(10s);
  ASSERT_TRUE(breaker.lets_through());
  open();
  EXPECT_EQ(breaker.standing().open_for, 60s) << "it was closed meanwhile";
}

TEST_F(ChannelBreaker, ATrialThatWasNotSaidIsNone) {
  open();
  pass(60s);
  breaker.given(10);
  EXPECT_FALSE(breaker.lets_through());
  breaker.unsaid(10);
  EXPECT_TRUE(breaker.lets_through());
  say(11);
  breaker.unsaid(11);
  pass(10s);
  EXPECT_EQ(breaker.standing().state, BreakerState::half_open);
  EXPECT_TRUE(breaker.lets_through());
}

TEST_F(ChannelBreaker, GoesOnInTheSinkThatTakesThePlace) {
  open();
  pass(60s);
  say_and_hear(100);  // the trial: twice as long
  pass(20s);
  Breaker heir{BreakerSettings{0.5, 10s, 60s}};
  heir.take_over(breaker, now);
  EXPECT_TRUE(heir.is_open());
  EXPECT_EQ(heir.deadline(), now + 100s);
  const auto changes = heir.take_changes();
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_TRUE(changes[0].inherited);
  EXPECT_EQ(changes[0].open_for, 100s);

  Breaker shorter{BreakerSettings{0.5, 10s, 5s}};
  shorter.take_over(breaker, now);
  EXPECT_EQ(shorter.deadline(), now + 10s) << "its own time, doubled as often";
  Breaker none{BreakerSettings{}};
  none.take_over(breaker, now);
  EXPECT_TRUE(none.lets_through()) << "it has no breaker any more";

  pass(100s);
  say(101);  // a trial whose fate is not known yet
  Breaker another{BreakerSettings{0.5, 10s, 60s}};
  another.take_over(breaker, now);
  EXPECT_EQ(another.standing().state, BreakerState::half_open);
  EXPECT_TRUE(another.lets_through()) << "it tries one itself";
  another.given(1), another.said(1, now), another.heard(1, now);
  EXPECT_EQ(another.standing().open_for, 240s);
}

TEST_F(ChannelBreaker, CountsOnWithWhatWasSaidInItsPlaceBefore) {
  say_and_hear(1), say_and_hear(2);
  Breaker heir{BreakerSettings{0.5, 10s, 60s}};
  heir.take_over(breaker, now);
  EXPECT_TRUE(heir.take_changes().empty());
  heir.given(1), heir.said(1, now);
  EXPECT_EQ(heir.standing().said, 3U);
  heir.heard(1, now);
  EXPECT_TRUE(heir.is_open());
}

TEST_F(ChannelBreaker, WithoutAShareThereIsNone) {
  Breaker none{BreakerSettings{}};
  for (std::uint64_t number = 1; number <= 10; ++number) {
    none.given(number);
    none.said(number, now);
    none.heard(number, now);
  }
  EXPECT_TRUE(none.lets_through());
}

TEST(ChannelTokenBucket, GivesTheBurstAtOnceAndThenTheRate) {
  TokenBucket bucket(4, 3);
  event::SteadyTime now = noon;
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(bucket.free_at(), now);
    bucket.take(now);
  }
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(bucket.free_at(), now + 250ms);
    now = bucket.free_at();
    bucket.take(now);
  }
  EXPECT_EQ(now, noon + 250s) << "without drift";
  now += 1h;
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(bucket.free_at(), now) << "rest brings the burst back, and no more";
    bucket.take(now);
  }
  EXPECT_GT(bucket.free_at(), now);
  bucket.give_back();
  EXPECT_LE(bucket.free_at(), now);
}

TEST(ChannelTokenBucket, WithoutARateThereIsNoLimit) {
  TokenBucket bucket(0, 0);
  for (int i = 0; i < 100; ++i) bucket.take(noon);
  EXPECT_LE(bucket.free_at(), noon);
}

}  // namespace
}  // namespace tributary::sinks::channel
