#include "sinks/channel/queue.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "sinks/test_events.hpp"

namespace tributary::sinks::channel {
namespace {

using namespace std::chrono_literals;
using event::Dropped;
using event::MessageResult;

constexpr event::SteadyTime start{1h};
constexpr auto never = event::SteadyTime::max();

event::EventPtr event_at(event::SteadyTime received, std::size_t padding = 0) {
  auto made = std::make_shared<event::Event>(*make_event({.padding = std::string(padding, 'x')}));
  made->received_steady = received;
  return made;
}

class ChannelQueue : public testing::Test {
 protected:
  static QueueSettings confirmed(unsigned resend) {
    QueueSettings settings;
    settings.confirm_timeout = 5s;
    settings.resend = resend;
    return settings;
  }
  void offer(Queue& queue, int count = 1) {
    for (int i = 0; i < count; ++i) queue.offer(event_at(now), now);
  }
  std::uint64_t dropped(const Queue& queue, Dropped reason) const {
    return queue.ledger().dropped[static_cast<std::size_t>(reason)];
  }
  static void report_ends(Queue& queue) {
    EXPECT_TRUE(queue.ledger().balances());
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.bytes(), 0U);
    EXPECT_EQ(queue.ledger().in_flight, 0U);
    EXPECT_EQ(queue.due(start), never);
  }
  static void report_ends_at(Queue& queue, event::SteadyTime due) {
    EXPECT_TRUE(queue.ledger().balances());
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.due(start), due);
  }
  event::SteadyTime now = start;
};

TEST_F(ChannelQueue, GivesInOrderOfArrivalAndBooksWhatCameOfEach) {
  Queue queue({});
  EXPECT_EQ(queue.due(now), never);
  EXPECT_FALSE(queue.take(now));
  offer(queue, 4);
  EXPECT_LE(queue.due(now), now);
  EXPECT_EQ(queue.ledger().in_flight, 4U);
  for (std::uint64_t number = 1; number <= 4; ++number) EXPECT_EQ(queue.take(now)->number, number);
  EXPECT_FALSE(queue.take(now));
  queue.report(1, MessageResult::sent, now);
  queue.report(2, MessageResult::awaiting, now);
  queue.report(2, MessageResult::confirmed, now);
  queue.report(3, MessageResult::refused, now);
  queue.report(4, MessageResult::unsupported, now);
  queue.report(4, MessageResult::confirmed, now);  // late
  EXPECT_EQ(queue.ledger().sent, 1U);
  EXPECT_EQ(queue.ledger().delivered, 1U);
  EXPECT_EQ(dropped(queue, Dropped::refused), 2U);
  report_ends(queue);
}

TEST_F(ChannelQueue, WhatWasNeverSaidGoesToTheHeirInFrontOfItsOwn) {
  Queue before(confirmed(1)), heir({});
  std::vector<event::EventPtr> events;
  for (int i = 0; i < 5; ++i) events.push_back(event_at(now));
  for (int i = 0; i < 4; ++i) before.offer(events[static_cast<std::size_t>(i)], now);
  heir.offer(events[4], now);
  before.report(before.take(now)->number, MessageResult::awaiting, now);  // it was said
  EXPECT_EQ(before.take(now)->event, events[1]);                          // it is given, and comes back
  heir.inherit(before.take_unsaid());
  before.report(2, MessageResult::returned, now);
  heir.inherit(before.take_unsaid());
  EXPECT_EQ(before.ledger().offered, 1U);
  EXPECT_EQ(before.ledger().in_flight, 1U);
  EXPECT_TRUE(before.ledger().balances());
  EXPECT_EQ(heir.ledger().offered, 4U);
  for (const std::size_t i : {1U, 2U, 3U, 4U}) {
    const auto given = heir.take(now);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->event, events[i]);
    heir.report(given->number, MessageResult::sent, now);
  }
  report_ends(heir);
  before.report(1, MessageResult::confirmed, now);
  EXPECT_EQ(before.ledger().delivered, 1U);
  report_ends(before);
}

TEST_F(ChannelQueue, WhatHasNothingToSayIsNoLoss) {
  Queue queue({});
  offer(queue);
  queue.leave(queue.take(now)->number, Dropped::empty);
  EXPECT_EQ(dropped(queue, Dropped::empty), 1U);
  EXPECT_EQ(queue.ledger().lost(), 0U);
  report_ends(queue);
}

TEST_F(ChannelQueue, WhatIsReturnedIsGivenAgainFirst) {
  Queue queue({});
  offer(queue, 2);
  EXPECT_EQ(queue.take(now)->number, 1U);
  queue.report(1, MessageResult::returned, now);
  EXPECT_FALSE(queue.take(now)) << "not at once: it would come back without end";
  EXPECT_EQ(queue.due(now), now + Queue::after_returned);
  now += Queue::after_returned;
  const auto again = queue.take(now);
  EXPECT_EQ(again->number, 1U);
  EXPECT_EQ(again->attempt, 1U) << "nothing of it was written";
  EXPECT_EQ(queue.take(now)->number, 2U);
}

TEST_F(ChannelQueue, AtItsLimitTheOldestThatWaitsIsDropped) {
  QueueSettings settings;
  settings.memory = event_at(now)->bytes() * 4;
  Queue queue(settings);
  offer(queue, 4);
  EXPECT_FALSE(queue.full());
  EXPECT_EQ(queue.take(now)->number, 1U);  // on its way: not dropped
  offer(queue, 2);
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(dropped(queue, Dropped::limit), 2U);
  EXPECT_LE(queue.bytes(), settings.memory);
  EXPECT_EQ(queue.take(now)->number, 4U);
  for (std::uint64_t number : {1U, 4U}) queue.report(number, MessageResult::sent, now);
  EXPECT_FALSE(queue.full()) << "below three quarters";
}

TEST_F(ChannelQueue, AnEventLargerThanTheLimitIsDroppedAndNothingElse) {
  QueueSettings settings;
  settings.memory = 20'000;
  Queue queue(settings);
  offer(queue, 2);
  queue.offer(event_at(now, 30'000), now);
  EXPECT_EQ(dropped(queue, Dropped::limit), 1U);
  EXPECT_EQ(queue.take(now)->number, 1U);
  EXPECT_EQ(queue.take(now)->number, 2U);
  EXPECT_TRUE(queue.ledger().balances());
}

TEST_F(ChannelQueue, WhatIsOlderThanMaxAgeIsDropped) {
  Queue queue({});
  offer(queue);
  now += 30s;
  queue.look(now);
  EXPECT_EQ(queue.ledger().in_flight, 1U) << "not older yet";
  now += 1ms;
  EXPECT_FALSE(queue.take(now));
  EXPECT_EQ(dropped(queue, Dropped::expired), 1U);
  report_ends(queue);
}

TEST_F(ChannelQueue, AgeCountsFromWhenTheEventWasReceived) {
  Queue queue({});
  queue.offer(event_at(now - 31s), now);
  queue.offer(event_at(now), now);
  EXPECT_EQ(queue.take(now)->number, 2U);
  EXPECT_EQ(dropped(queue, Dropped::expired), 1U);
}

TEST_F(ChannelQueue, WithoutMaxAgeNothingGrowsTooOld) {
  QueueSettings settings;
  settings.max_age = 0ms;
  Queue queue(settings);
  offer(queue);
  EXPECT_TRUE(queue.take(now + 24h));
}

TEST_F(ChannelQueue, WithoutAnAnswerItIsSaidAgainAndThenCountedAsSent) {
  Queue queue(confirmed(2));
  offer(queue);
  for (unsigned attempt = 1; attempt <= 3; ++attempt) {
    const auto given = queue.take(now);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->number, 1U);
    EXPECT_EQ(given->attempt, attempt);
    EXPECT_TRUE(given->event);
    queue.report(1, MessageResult::awaiting, now);
    EXPECT_EQ(queue.due(now), now + 5s);
    EXPECT_FALSE(queue.take(now + 4999ms));
    now += 5s;
  }
  EXPECT_FALSE(queue.take(now));
  EXPECT_EQ(queue.ledger().sent, 1U) << "it was handed over, nobody knows more";
  report_ends(queue);
}

TEST_F(ChannelQueue, WhileNothingIsReadTheTimeForAnAnswerStandsStill) {
  Queue queue(confirmed(0));  // within 5 s
  offer(queue, 2);
  ASSERT_TRUE(queue.take(now));
  queue.report(1, MessageResult::awaiting, now);
  now += 2s;
  queue.paused(true, now);
  ASSERT_TRUE(queue.take(now));
  queue.report(2, MessageResult::awaiting, now);
  EXPECT_EQ(queue.due(now), never);
  now += 20s;
  queue.look(now);
  EXPECT_EQ(queue.ledger().in_flight, 2U);
  queue.paused(false, now);
  EXPECT_EQ(queue.due(now), now + 3s);
  queue.look(now + 3s);
  EXPECT_EQ(queue.ledger().sent, 1U);
  queue.report(2, MessageResult::confirmed, now + 4s);
  EXPECT_EQ(queue.ledger().delivered, 1U);
  report_ends(queue);
}

TEST_F(ChannelQueue, AnAnswerThatComesAfterItsTimeStillConfirms) {
  Queue queue(confirmed(1));
  offer(queue);
  queue.take(now);
  queue.report(1, MessageResult::awaiting, now);
  queue.look(now + 5s);
  queue.report(1, MessageResult::confirmed, now + 6s);
  EXPECT_EQ(queue.ledger().delivered, 1U);
  report_ends(queue);
}

TEST_F(ChannelQueue, TheEndOfTheConnectionBringsWhatMayBeSaidAgainBack) {
  Queue again(confirmed(1)), once({});
  for (Queue* queue : {&again, &once}) {
    offer(*queue);
    queue->take(now);
    queue->report(1, MessageResult::awaiting, now);
    queue->report(1, MessageResult::unconfirmed, now);
  }
  EXPECT_EQ(again.take(now)->attempt, 2U);
  EXPECT_EQ(once.ledger().sent, 1U);
  report_ends(once);
}

TEST_F(ChannelQueue, WhatWasSaidOnceIsNoLossWhenItGrowsTooOld) {
  Queue queue(confirmed(3));
  offer(queue);
  queue.take(now);
  queue.report(1, MessageResult::awaiting, now);
  queue.report(1, MessageResult::unconfirmed, now);
  queue.look(now + 31s);
  EXPECT_EQ(queue.ledger().sent, 1U);
  EXPECT_EQ(dropped(queue, Dropped::expired), 0U);
}

TEST_F(ChannelQueue, WhatIsReturnedWhileItAwaitsAWordIsGivenAgainAsIfNeverSaid) {
  Queue queue(confirmed(0));
  offer(queue);
  queue.take(now);
  queue.report(1, MessageResult::awaiting, now);
  queue.report(1, MessageResult::returned, now);
  const auto again = queue.take(now + Queue::after_returned);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->event);
  EXPECT_EQ(again->attempt, 1U) << "nothing of it was written";
  queue.report(1, MessageResult::returned, now + 2s);
  queue.look(now + 31s);
  EXPECT_EQ(dropped(queue, Dropped::expired), 1U) << "not sent: it never left";
  report_ends(queue);
}

TEST_F(ChannelQueue, ANewConnectionTakesAtOnceWhatTheLastOneReturned) {
  Queue queue({});
  offer(queue);
  queue.take(now);
  queue.report(1, MessageResult::returned, now);
  queue.connected();
  EXPECT_TRUE(queue.take(now));
}

TEST_F(ChannelQueue, WhatAwaitsAWordForEverMakesRoomForWhatIsNew) {
  for (const unsigned resend : {0U, 3U}) {
    QueueSettings settings;
    settings.memory = event_at(now)->bytes() * 4;
    settings.resend = resend;
    Queue queue(settings);
    for (std::uint64_t number = 1; number <= 100; ++number) {
      offer(queue);
      ASSERT_EQ(queue.take(now)->number, number) << "resend " << resend;
      queue.report(number, MessageResult::awaiting, now);
      ASSERT_LE(queue.bytes(), settings.memory);
    }
    EXPECT_EQ(dropped(queue, Dropped::limit), 0U) << "an alert is worth more than a word on an old one";
    EXPECT_EQ(queue.ledger().sent, 96U);
    EXPECT_FALSE(queue.full());
    queue.report(97, MessageResult::unconfirmed, now);  // waits to be said again
    offer(queue, 1);
    EXPECT_EQ(queue.ledger().sent, 97U);
    EXPECT_EQ(dropped(queue, Dropped::limit), 0U);
  }
}

TEST_F(ChannelQueue, AtTheEndTheRestIsDroppedAsStoppedAndItsReceiptsKnow) {
  Queue queue({});
  std::vector<bool> kept;
  for (int i = 0; i < 2; ++i) {
    auto event = std::make_shared<event::Event>(*make_event());
    event->received_steady = now;
    event->receipt = std::make_shared<event::Receipt>([&](bool all) { kept.push_back(all); });
    queue.offer(std::move(event), now);
  }
  queue.take(now);
  queue.report(1, MessageResult::sent, now);
  queue.drop_rest();
  EXPECT_EQ(dropped(queue, Dropped::stopped), 1U);
  EXPECT_EQ(queue.ledger().lost(), 1U);
  EXPECT_EQ(kept, (std::vector<bool>{true, false}));
  report_ends(queue);
}

TEST_F(ChannelQueue, WhatTheConnectorHasInItsHandsAtTheStopIsBookedByWhatBecameOfIt) {
  Queue queue(confirmed(3));
  offer(queue, 5);
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(queue.take(now));
  queue.report(1, MessageResult::awaiting, now);
  queue.stop();
  EXPECT_EQ(queue.ledger().sent, 1U);
  EXPECT_EQ(dropped(queue, Dropped::stopped), 1U) << "what was waiting";
  EXPECT_EQ(queue.ledger().in_flight, 3U);
  EXPECT_FALSE(queue.take(now));
  queue.report(2, MessageResult::awaiting, now);  // it has left
  queue.report(3, MessageResult::returned, now);  // it never will
  queue.report(4, MessageResult::unconfirmed, now);
  EXPECT_EQ(queue.ledger().sent, 3U);
  EXPECT_EQ(dropped(queue, Dropped::stopped), 2U);
  report_ends(queue);
}

TEST_F(ChannelQueue, AgeingAndTheLimitAreNoLossARefusalIs) {
  event::SinkLedger ledger;
  ledger.dropped[static_cast<std::size_t>(Dropped::expired)] = 1;
  ledger.dropped[static_cast<std::size_t>(Dropped::limit)] = 1;
  EXPECT_EQ(ledger.lost(), 0U);
  ledger.dropped[static_cast<std::size_t>(Dropped::refused)] = 1;
  EXPECT_EQ(ledger.lost(), 1U);
}

TEST_F(ChannelQueue, WhatIsOverTheRateWaitsForTheNextToken) {
  QueueSettings settings;
  settings.rate = {2, 3};
  Queue queue(settings);
  offer(queue, 6);
  for (std::uint64_t number = 1; number <= 3; ++number) EXPECT_EQ(queue.take(now)->number, number);
  EXPECT_FALSE(queue.take(now));
  EXPECT_EQ(queue.due(now), now + 500ms);
  EXPECT_FALSE(queue.take(now + 499ms));
  EXPECT_EQ(queue.take(now + 500ms)->number, 4U);
  EXPECT_EQ(queue.take(now + 1s)->number, 5U);
  EXPECT_EQ(dropped(queue, Dropped::limit), 0U);
}

TEST_F(ChannelQueue, WhatIsOverTheRateGrowsTooOldAtItsMoment) {
  QueueSettings settings;
  settings.rate = {0.01, 1};
  Queue queue(settings);
  offer(queue, 2);
  EXPECT_TRUE(queue.take(now));
  EXPECT_FALSE(queue.take(now));
  const auto due = queue.due(now);
  EXPECT_GT(due, now + 30s) << "so that it is dropped in time";
  EXPECT_LT(due, now + 31s);
  EXPECT_FALSE(queue.take(due));
  EXPECT_EQ(dropped(queue, Dropped::expired), 1U);
}

TEST_F(ChannelQueue, SayingAgainCountsForTheRateAndWhatIsReturnedDoesNot) {
  QueueSettings settings = confirmed(5);
  settings.rate = {0.2, 2};
  Queue queue(settings);
  offer(queue);
  ASSERT_TRUE(queue.take(now));
  queue.report(1, MessageResult::returned, now);
  now += 1s;
  for (unsigned attempt = 1; attempt <= 2; ++attempt) {
    const auto given = queue.take(now);
    ASSERT_TRUE(given) << "two tokens are left";
    EXPECT_EQ(given->attempt, attempt);
    queue.report(1, MessageResult::awaiting, now);
    queue.report(1, MessageResult::unconfirmed, now);
  }
  EXPECT_FALSE(queue.take(now));
  EXPECT_EQ(queue.due(now), now + 5s);
}

TEST_F(ChannelQueue, WhileTheBreakerIsOpenWhatWaitsAndWhatComesIsDropped) {
  QueueSettings settings;
  settings.breaker = {0.5, 10s, 60s};
  settings.max_age = 0ms;
  Queue queue(settings);
  offer(queue, 5);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    ASSERT_TRUE(queue.take(now));
    queue.report(number, MessageResult::sent, now);
  }
  queue.report(1, MessageResult::echoed, now);
  EXPECT_EQ(dropped(queue, Dropped::breaker), 0U) << "a third";
  queue.report(3, MessageResult::echoed, now);
  EXPECT_EQ(dropped(queue, Dropped::breaker), 2U);
  offer(queue);
  EXPECT_EQ(dropped(queue, Dropped::breaker), 3U);
  report_ends_at(queue, now + 60s);
  now = queue.due(now);
  offer(queue, 3);
  ASSERT_TRUE(queue.take(now)) << "the trial";
  queue.report(6, MessageResult::sent, now);
  EXPECT_FALSE(queue.take(now));
  EXPECT_EQ(queue.due(now), now + 10s);
  now += 10s;
  for (std::uint64_t number : {7U, 8U}) {
    EXPECT_TRUE(queue.take(now));
    queue.report(number, MessageResult::sent, now);
  }
  EXPECT_EQ(queue.ledger().lost(), 0U);
}

TEST_F(ChannelQueue, WhatCannotComeRoundIsNotHeldUpHoweverOftenItIsCopied) {
  QueueSettings settings;
  settings.breaker = {0.5, 10s, 60s};
  settings.may_come_round = [](const event::Event& event) { return event.type_text() == "chat"; };
  Queue queue(settings);
  const auto offer_one = [&](const std::string& type) {
    auto made = std::make_shared<event::Event>(*make_event({.type = type}));
    made->received_steady = now;
    queue.offer(made, now);
  };
  const auto say = [&](std::uint64_t number, bool copied) {
    const auto given = queue.take(now);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->number, number);
    queue.report(number, MessageResult::sent, now);
    if (copied) queue.report(number, MessageResult::echoed, now);
  };
  for (std::uint64_t number = 1; number <= 50; ++number) offer_one("tip"), say(number, true);
  EXPECT_EQ(queue.breaker().standing().state, BreakerState::closed) << "somebody copies every tip";
  EXPECT_EQ(queue.breaker().standing().said, 0U) << "they do not count";

  for (std::uint64_t number = 51; number <= 53; ++number) offer_one("chat");
  offer_one("tip"), offer_one("chat");  // 54, 55
  for (std::uint64_t number = 51; number <= 53; ++number) say(number, true);
  EXPECT_EQ(queue.breaker().standing().state, BreakerState::open) << "somebody copies every word";
  EXPECT_EQ(dropped(queue, Dropped::breaker), 1U) << "the words that waited";
  offer_one("chat");
  EXPECT_EQ(dropped(queue, Dropped::breaker), 2U);
  offer_one("tip");  // 56
  say(54, true), say(56, true);

  now += 60s;
  offer_one("chat"), offer_one("chat"), offer_one("tip");  // 57, 58, 59
  say(57, false);
  say(59, false);
  EXPECT_FALSE(queue.take(now)) << "words wait until the fate of the trial is known";
  EXPECT_EQ(queue.due(now), now + 10s);
  now += 10s;
  say(58, false);
  EXPECT_TRUE(queue.ledger().balances());
  EXPECT_EQ(dropped(queue, Dropped::breaker), 2U);
}

TEST_F(ChannelQueue, ATrialThatIsRefusedOrReturnedIsFollowedByAnother) {
  QueueSettings settings;
  settings.breaker = {0.5, 10s, 60s};
  Queue queue(settings);
  offer(queue, 3);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    ASSERT_TRUE(queue.take(now));
    queue.report(number, MessageResult::sent, now);
    queue.report(number, MessageResult::echoed, now);
  }
  now += 60s;
  offer(queue, 2);
  EXPECT_EQ(queue.take(now)->number, 4U);
  queue.report(4, MessageResult::refused, now);
  EXPECT_EQ(queue.take(now)->number, 5U);
  queue.report(5, MessageResult::returned, now);
  now += Queue::after_returned;
  EXPECT_EQ(queue.take(now)->number, 5U);
}

TEST_F(ChannelQueue, WhatHasComeRoundIsDroppedAndMayOpenTheBreaker) {
  QueueSettings settings;
  settings.rate = {1, 3};
  settings.breaker = {0.3, 10s, 60s};
  Queue queue(settings);
  offer(queue, 5);
  for (std::uint64_t number = 1; number <= 3; ++number) {
    ASSERT_TRUE(queue.take(now));
    if (number < 3) queue.report(number, MessageResult::sent, now);
  }
  queue.came_round(3, std::nullopt, now);
  EXPECT_EQ(dropped(queue, Dropped::breaker), 1U);
  ASSERT_TRUE(queue.take(now)) << "it took no token";
  queue.report(4, MessageResult::sent, now);
  now += 1s;
  ASSERT_TRUE(queue.take(now));
  queue.came_round(5, 1, now);
  EXPECT_EQ(dropped(queue, Dropped::breaker), 2U);
  EXPECT_EQ(queue.breaker().standing().state, BreakerState::open) << "one of three came back for certain";
  EXPECT_TRUE(queue.ledger().balances());
}

}  // namespace
}  // namespace tributary::sinks::channel
