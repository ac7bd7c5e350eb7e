#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "event/channel.hpp"

/// What a connector may rely on in whatever it publishes for: the suite that the real outlet of channel sinks and the
/// fake one of the connectors' tests must both pass, so that no test of a connector meets a kinder sink than it will.
/// A test file says INSTANTIATE_TEST_SUITE_P(Which, OutboundConformance, testing::Values(&make)).
namespace tributary::support {

/// An Outbound to be judged.
class OutboundSubject {
 public:
  virtual ~OutboundSubject() = default;
  virtual event::Outbound& outbound() = 0;
  /// One more message to be said.
  virtual void offer() = 0;
};

using MakeOutboundSubject = std::unique_ptr<OutboundSubject> (*)();

class OutboundConformance : public testing::TestWithParam<MakeOutboundSubject> {
 protected:
  using Result = event::MessageResult;
  static constexpr auto never = event::SteadyTime::max();

  OutboundConformance() : subject(GetParam()()), it(subject->outbound()) {
    it.on_work([this] { ++woken; });
  }
  ~OutboundConformance() override { it.on_work({}); }
  void go_live() { it.live(true, now); }
  /// The number of the next message; 0: there is none now, and then the next is later.
  std::uint64_t take() {
    const auto message = it.take(now);
    if (!message) {
      EXPECT_GT(it.due(now), now.steady) << "it would be asked without end";
      return 0;
    }
    attempt = message->attempt;
    EXPECT_TRUE(message->event);
    return message->number;
  }
  void report(std::uint64_t number, Result result) { it.report({number, result, {}, {}}, now); }
  /// Lets the time pass for which it holds back what was returned.
  void wait_for_returned() {
    const auto due = it.due(now);
    ASSERT_NE(due, never);
    ASSERT_LE(due - now.steady, std::chrono::seconds(10));
    now.steady = due;
  }

  const std::unique_ptr<OutboundSubject> subject;
  event::Outbound& it;
  event::Now now{std::chrono::steady_clock::now(), {}};
  int woken = 0;
  unsigned attempt = 0;  ///< of the last `take`
};

TEST_P(OutboundConformance, GivesNothingWhileItsConnectorIsNotLive) {
  subject->offer();
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(it.due(now), never);
  it.live(false, now);
  EXPECT_EQ(take(), 0U);
  go_live();
  EXPECT_NE(take(), 0U);
  it.live(false, now);
  subject->offer();
  EXPECT_EQ(take(), 0U);
}

TEST_P(OutboundConformance, GivesEachMessageOnceAndInOrder) {
  go_live();
  for (int i = 0; i < 3; ++i) subject->offer();
  std::uint64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    EXPECT_LE(it.due(now), now.steady);
    const auto number = take();
    EXPECT_GT(number, last);
    EXPECT_EQ(attempt, 1U);
    last = number;
  }
  EXPECT_EQ(take(), 0U);
  EXPECT_EQ(it.due(now), never);
}

TEST_P(OutboundConformance, WhatIsReturnedIsGivenAgainFirstButNotAtOnce) {
  go_live();
  subject->offer();
  subject->offer();
  const auto number = take();
  woken = 0;
  report(number, Result::returned);
  EXPECT_EQ(woken, 1) << "nobody else says that there is something again";
  EXPECT_EQ(take(), 0U) << "it would be said and returned without end";
  wait_for_returned();
  EXPECT_EQ(take(), number);
  EXPECT_EQ(attempt, 1U) << "nothing of it was written";
}

TEST_P(OutboundConformance, WhatIsReturnedAfterAwaitingIsGivenAgain) {
  go_live();
  subject->offer();
  const auto number = take();
  report(number, Result::awaiting);
  EXPECT_EQ(take(), 0U);
  woken = 0;
  report(number, Result::returned);
  EXPECT_EQ(woken, 1);
  wait_for_returned();
  EXPECT_EQ(take(), number);
  EXPECT_EQ(attempt, 1U);
}

TEST_P(OutboundConformance, ANewConnectionIsGivenAtOnceWhatTheLastOneReturned) {
  go_live();
  subject->offer();
  const auto number = take();
  report(number, Result::returned);
  it.live(false, now);
  go_live();
  EXPECT_EQ(take(), number);
}

TEST_P(OutboundConformance, ALastWordIsTheLast) {
  go_live();
  for (const auto last : {Result::sent, Result::confirmed, Result::refused, Result::unsupported}) {
    subject->offer();
    const auto number = take();
    ASSERT_NE(number, 0U);
    report(number, last);
    for (const auto late : {Result::returned, Result::awaiting, Result::unconfirmed, Result::echoed}) {
      report(number, late);
    }
    now.steady += std::chrono::seconds(10);
    EXPECT_EQ(take(), 0U) << event::name(last);
  }
}

TEST_P(OutboundConformance, AnEchoIsNoLastWord) {
  go_live();
  subject->offer();
  const auto number = take();
  report(number, Result::awaiting);
  report(number, Result::echoed);
  report(number, Result::returned);
  wait_for_returned();
  EXPECT_EQ(take(), number);
}

TEST_P(OutboundConformance, ANumberThatWasNeverGivenIsIgnored) {
  go_live();
  for (const auto result : {Result::returned, Result::sent, Result::unconfirmed, Result::awaiting, Result::echoed}) {
    report(1'000'000, result);
    now.steady += std::chrono::seconds(10);
    EXPECT_EQ(take(), 0U) << event::name(result);
  }
}

TEST_P(OutboundConformance, WakesItsConnectorForWhatIsNewUntilThatIsGone) {
  go_live();
  subject->offer();
  EXPECT_EQ(woken, 1);
  take();
  subject->offer();
  EXPECT_EQ(woken, 2);
  take();
  it.on_work({});
  subject->offer();
  EXPECT_EQ(woken, 2);
}

}  // namespace tributary::support
