#include "relay/outbox.hpp"

#include <gtest/gtest.h>

#include <map>

#include "relay/dead_letter.hpp"
#include "relay/outbox_fixture.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using event::DeliveryReport;
using event::Sent;
using event::Verdict;

/// A wire by hand: what was sent stays in flight until the test says what became of it.
class OutboxTest : public testing::Test {
 protected:
  struct Flying {
    std::string name;
    std::uint64_t token;
  };

  OutboxTest() { make({}); }
  void make(Outbox::Settings settings, std::string letters = "letters") {
    outbox = std::make_unique<Outbox>(settings, std::move(letters), static_cast<Outbox::MakeLetter>(&letter_of));
  }
  void offer(const std::string& key, int number) { outbox->offer(event_of(key, number), "topic"); }

  static std::string name_of(const Outbox::Next& next) {
    if (next.letter != nullptr) return "letter:" + std::string(next.letter->reason);
    return std::string(next.event->key_text()) + std::to_string(next.event->sequence);
  }
  /// Sends everything that may be sent now, e.g. "a1 a2 b1"; what goes alone has a mark: "a1!".
  std::string send() {
    std::string names;
    for (Outbox::Next next; outbox->next(now, next);) {
      const std::string name = name_of(next);
      const auto answer = answers.count(name) != 0 ? answers[name] : Sent::accepted;
      if (answer == Sent::accepted) {
        names += (names.empty() ? "" : " ") + name + (next.manner == event::Manner::alone ? "!" : "");
        flying.push_back({name, next.token});
      }
      outbox->sent(next.token, answer, now);
      if (answer == Sent::full) break;
    }
    return names;
  }
  void report(const std::string& name, Verdict verdict) {
    const auto found = std::find_if(flying.begin(), flying.end(), [&](const auto& one) { return one.name == name; });
    ASSERT_NE(found, flying.end()) << name << " is not in flight";
    const DeliveryReport answer{found->token, verdict, "CODE"};
    flying.erase(found);
    outbox->report(answer, now);
    balance();
  }
  void report_all(Verdict verdict) {
    while (!flying.empty()) report(flying.front().name, verdict);
  }
  void balance() { EXPECT_TRUE(outbox->ledger().balances()); }

  std::unique_ptr<Outbox> outbox;
  std::vector<Flying> flying;
  std::map<std::string, Sent> answers;
  event::SteadyTime now{1h};
};

TEST_F(OutboxTest, DeliversInOrderAndForgets) {
  offer("a", 1), offer("b", 1), offer("a", 2);
  EXPECT_EQ(send(), "a1 a2 b1");
  EXPECT_EQ(outbox->ledger().in_flight, 3U);
  report_all(Verdict::delivered);
  EXPECT_TRUE(outbox->empty());
  EXPECT_EQ(outbox->bytes(), 0U);
  EXPECT_EQ(outbox->ledger().delivered, 3U);
}

TEST_F(OutboxTest, ReplaysALaneContiguouslyFromItsFirstUnfinishedRecord) {
  for (int i = 0; i <= 6; ++i) offer("a", i);
  send();
  report("a0", Verdict::delivered);
  report("a1", Verdict::retriable);
  offer("a", 7);
  EXPECT_EQ(send(), "") << "nothing is sent to the lane until all its reports are in";
  for (auto name : {"a2", "a3", "a4", "a5"}) report(name, Verdict::retriable);
  report("a6", Verdict::delivered);
  EXPECT_EQ(send(), "") << "it waits a moment";
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1 a2 a3 a4 a5 a6 a7");
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().delivered, 8U);
  EXPECT_EQ(outbox->ledger().replayed, 6U);
}

TEST_F(OutboxTest, AFailingLaneLeavesOthersFlowing) {
  offer("a", 1), offer("b", 1);
  send();
  report("a1", Verdict::denied);
  report("b1", Verdict::delivered);
  offer("a", 2), offer("b", 2);
  EXPECT_EQ(send(), "b2");
  const auto alerts = outbox->take_alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].what, SinkAlert::What::lane_parked);
  EXPECT_EQ(alerts[0].stream, "topic");
  EXPECT_EQ(alerts[0].code, "CODE");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!") << "tried again slowly, and nothing behind it";
  report("a1", Verdict::delivered);
  EXPECT_EQ(send(), "a2");
  EXPECT_EQ(outbox->take_alerts().at(0).what, SinkAlert::What::lane_resumed);
}

TEST_F(OutboxTest, AMissingTopicParksTheLaneBeforeAnythingIsSent) {
  answers["a1"] = Sent::denied;
  offer("a", 1), offer("b", 1);
  EXPECT_EQ(send(), "b1");
  answers.clear();
  EXPECT_EQ(send(), "");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
}

TEST_F(OutboxTest, ParkedLanesOfAStreamAreTriedOneAfterTheOther) {
  offer("a", 1), offer("b", 1), offer("c", 1);
  send();
  report("a1", Verdict::denied), report("b1", Verdict::denied);
  now = outbox->deadline();
  offer("c", 2);
  EXPECT_EQ(send(), "c2 a1!") << "b1 waits for a1, c does not";
  report("a1", Verdict::denied);
  EXPECT_EQ(send(), "b1!");
  report("b1", Verdict::delivered);
  EXPECT_EQ(send(), "a1!") << "what lets b1 pass may let a1 pass";
  report("a1", Verdict::delivered);
  report_all(Verdict::delivered);
  EXPECT_TRUE(outbox->empty());
}

TEST_F(OutboxTest, ManyParkedLanesOfAStreamAreOneAlertRepeatedSlowly) {
  for (char key = 'a'; key <= 'j'; ++key) offer(std::string(1, key), 1);
  send();
  report_all(Verdict::denied);
  auto alerts = outbox->take_alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].what, SinkAlert::What::lane_parked);
  std::vector<int> told;  // seconds after the first
  for (int second = 1; second <= 1'500; ++second) {
    now += 1s;
    while (!send().empty()) report_all(Verdict::denied);
    for (const auto& alert : outbox->take_alerts()) {
      EXPECT_EQ(alert.what, SinkAlert::What::still_parked);
      EXPECT_EQ(alert.events, 10U);
      told.push_back(second);
    }
  }
  ASSERT_EQ(told.size(), 3U) << "after a minute, then every ten";
  EXPECT_NEAR(told[0], 60, 11);
  EXPECT_NEAR(told[1] - told[0], 600, 11);
}

TEST_F(OutboxTest, AStreamThatIsRefusedForAnotherReasonIsToldAnew) {
  answers["a1"] = Sent::denied;
  offer("a", 1);
  send();
  EXPECT_EQ(outbox->take_alerts().at(0).code, "denied");
  answers.clear();
  now = outbox->deadline();
  send();
  report("a1", Verdict::denied);
  EXPECT_EQ(outbox->take_alerts().at(0).code, "CODE");
}

TEST_F(OutboxTest, OneRecordThatPassesTriesAllParkedLanesOfItsStream) {
  offer("a", 1), offer("b", 1);
  send();
  report_all(Verdict::denied);
  outbox->take_alerts();
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::denied);
  EXPECT_EQ(send(), "b1!");
  report("b1", Verdict::delivered);
  EXPECT_TRUE(outbox->take_alerts().empty()) << "a waits still";
  EXPECT_EQ(send(), "a1!") << "at once, not after ten seconds";
  report("a1", Verdict::delivered);
  EXPECT_EQ(outbox->take_alerts().at(0).what, SinkAlert::What::lane_resumed);
}

TEST_F(OutboxTest, AStreamThatIsRepairedIsTriedAtOnce) {
  offer("a", 1);
  outbox->offer(event_of("a", 2), "other");
  send();
  report_all(Verdict::denied);
  EXPECT_EQ(send(), "");
  outbox->repaired("topic", now);
  outbox->repaired("unheard-of", now);
  EXPECT_EQ(send(), "a1!") << "and the other stream waits on";
}

TEST_F(OutboxTest, AtTheStopAParkedStreamIsTriedAtOnceAndDroppedAfterALastChance) {
  for (char key = 'a'; key <= 'e'; ++key) offer(std::string(1, key), 1), offer(std::string(1, key), 2);
  outbox->offer(event_of("n", 1, event::Kind::notice), "topic");
  outbox->offer(event_of("z", 1), "other");
  send();
  report_all(Verdict::denied);
  outbox->take_alerts();
  outbox->stop(now);
  const auto stopped = now;
  while (!outbox->empty() && now - stopped < 2s) {
    while (!send().empty()) {
      while (!flying.empty()) report(flying[0].name, flying[0].name == "z1" ? Verdict::delivered : Verdict::denied);
    }
    now = std::max(now, std::min(outbox->deadline(), now + 10ms));
  }
  EXPECT_TRUE(outbox->empty());
  EXPECT_LT(now - stopped, 1s);
  EXPECT_EQ(outbox->ledger().delivered, 1U) << "what is not refused goes out";
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::denied)], 10U);
  EXPECT_EQ(outbox->ledger().notices_dropped, 1U);
  balance();
  const auto alerts = outbox->take_alerts();
  const auto given_up = std::count_if(alerts.begin(), alerts.end(),
                                      [](const auto& alert) { return alert.what == SinkAlert::What::given_up; });
  EXPECT_EQ(given_up, 1) << "once for the stream";
}

TEST_F(OutboxTest, AtTheStopARepairThatIsSeenAtTheSecondTryIsInTime) {
  offer("a", 1), offer("a", 2);
  send();
  report_all(Verdict::denied);
  outbox->stop(now);
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::denied);
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::delivered);
  EXPECT_EQ(send(), "a2");
  report("a2", Verdict::delivered);
  EXPECT_TRUE(outbox->empty());
  EXPECT_EQ(outbox->ledger().lost(), 0U);
}

TEST_F(OutboxTest, AtTheStopWhatWaitsForARetryIsTriedAtOnce) {
  offer("a", 1);
  for (int i = 0; i < 8; ++i) {
    send();
    report("a1", Verdict::retriable);
    now = outbox->deadline();
  }
  send();
  report("a1", Verdict::retriable);
  EXPECT_GT(outbox->deadline() - now, 4s);
  outbox->stop(now);
  EXPECT_EQ(send(), "a1");
  report("a1", Verdict::retriable);
  EXPECT_LT(outbox->deadline() - now, 1s) << "and often after that";
}

TEST_F(OutboxTest, KnowsWhenOnlyNoticesAreLeft) {
  outbox->offer(event_of("n", 1, event::Kind::notice), "relay");
  EXPECT_TRUE(outbox->only_notices());
  offer("a", 1);
  EXPECT_FALSE(outbox->only_notices());
}

TEST_F(OutboxTest, RetriesWithGrowingDelayUpToItsCap) {
  offer("a", 1);
  std::vector<std::chrono::milliseconds> delays;
  for (int i = 0; i < 8; ++i) {
    send();
    report("a1", Verdict::retriable);
    delays.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(outbox->deadline() - now));
    now = outbox->deadline();
  }
  EXPECT_EQ(delays, (std::vector<std::chrono::milliseconds>{100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s}));
}

TEST_F(OutboxTest, ARebuiltProducerReplaysAtOnce) {
  offer("a", 1), offer("a", 2), offer("b", 1);
  send();
  report_all(Verdict::purged);
  EXPECT_EQ(send(), "a1 a2 b1");
}

TEST_F(OutboxTest, SendsEachRecordOfARefusedBatchAloneAndTheGuiltyOneIsADeadLetter) {
  for (int i = 0; i < 6; ++i) offer(i % 2 == 0 ? "a" : "b", i);
  EXPECT_EQ(send(), "a0 a2 a4 b1 b3 b5");
  report_all(Verdict::record_fault);
  std::string sent;
  for (std::string names = send(); !names.empty(); names = send()) {
    sent += (sent.empty() ? "" : " ") + names;
    while (!flying.empty()) report(flying[0].name, flying[0].name == "b3" ? Verdict::record_fault : Verdict::delivered);
  }
  EXPECT_EQ(sent, "a0! b1! a2! b3! letter:record_refused a4! b5!");
  EXPECT_EQ(outbox->ledger().delivered, 5U);
  EXPECT_EQ(outbox->ledger().dead_lettered, 1U);
  EXPECT_EQ(outbox->ledger().offered, 6U);
  EXPECT_TRUE(outbox->empty());
}

TEST_F(OutboxTest, ARecordThatTheBrokerFindsTooLargeSaysSo) {
  offer("a", 1), offer("a", 2);
  send();
  report("a1", Verdict::too_large), report("a2", Verdict::purged);
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::too_large);
  EXPECT_EQ(send(), "letter:too_large a2") << "a2 was in another batch";
}

TEST_F(OutboxTest, OtherLanesFlowWhileTheRecordsOfARefusedBatchGoAlone) {
  offer("a", 1), offer("a", 2), offer("b", 1);
  send();
  report("a1", Verdict::record_fault);
  offer("c", 1);
  EXPECT_EQ(send(), "c1") << "a2 is still under way";
  report("a2", Verdict::purged);
  report("b1", Verdict::delivered);
  offer("b", 2);
  EXPECT_EQ(send(), "a1! b2");
  report("a1", Verdict::record_fault);
  EXPECT_EQ(send(), "letter:record_refused a2");
}

TEST_F(OutboxTest, ARecordAloneThatFailsForAnotherReasonIsTriedAgain) {
  offer("a", 1), offer("a", 2);
  send();
  report_all(Verdict::record_fault);
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::retriable);
  EXPECT_EQ(send(), "");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::purged);
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::delivered);
  EXPECT_EQ(send(), "a2!");
  report("a2", Verdict::delivered);
  EXPECT_EQ(outbox->ledger().delivered, 2U);
  EXPECT_TRUE(outbox->empty());
}

TEST_F(OutboxTest, ARecordAloneThatIsDeniedParksItsLane) {
  offer("a", 1);
  send();
  report("a1", Verdict::record_fault);
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::denied);
  EXPECT_EQ(send(), "");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
  report_all(Verdict::delivered);
  EXPECT_TRUE(outbox->empty());
}

TEST_F(OutboxTest, AStreamWhoseBatchesAreAllRefusedGoesOneByOne) {
  for (int round = 1; round <= 3; ++round) {
    offer("a", round);
    EXPECT_EQ(send(), "a" + std::to_string(round));
    report("a" + std::to_string(round), Verdict::record_fault);
    outbox->rebuilt();
    EXPECT_EQ(send(), "a" + std::to_string(round) + "!");
    report("a" + std::to_string(round), Verdict::record_fault);
    EXPECT_EQ(send(), "letter:record_refused");
    report_all(Verdict::delivered);
  }
  offer("a", 4), offer("b", 1);
  EXPECT_EQ(send(), "a4!") << "no more batches are risked";
  report("a4", Verdict::delivered);
  EXPECT_EQ(send(), "b1") << "until one has passed";
}

TEST_F(OutboxTest, ALaneOpensWithOneRecordOnAWireThatDoesNotKnowIt) {
  Outbox::Settings settings;
  settings.opens_with_one = true;
  make(settings);
  for (int i = 1; i <= 3; ++i) offer("a", i), offer("b", i);
  EXPECT_EQ(send(), "a1 b1");
  report("a1", Verdict::delivered);
  EXPECT_EQ(send(), "a2 a3") << "b is still new";
  report_all(Verdict::delivered);
  EXPECT_EQ(send(), "b2 b3");
  report_all(Verdict::delivered);
  outbox->rebuilt();
  offer("a", 4), offer("a", 5);
  EXPECT_EQ(send(), "a4");
  report("a4", Verdict::delivered);
  EXPECT_EQ(send(), "a5");
  report("a5", Verdict::delivered);
  now += 2h;
  offer("a", 6), offer("a", 7);
  EXPECT_EQ(send(), "a6") << "a broker forgets";
}

TEST_F(OutboxTest, WhatPassedAloneOpensNoLane) {
  Outbox::Settings settings;
  settings.opens_with_one = true;
  make(settings);
  for (int i = 1; i <= 3; ++i) offer("a", i);
  EXPECT_EQ(send(), "a1");
  report("a1", Verdict::denied);
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1!");
  report("a1", Verdict::delivered);
  EXPECT_EQ(send(), "a2") << "the wire for many has not seen the lane yet";
  report("a2", Verdict::delivered);
  EXPECT_EQ(send(), "a3");
}

TEST_F(OutboxTest, ATooLargeEventBecomesADeadLetterAndItsLaneGoesOn) {
  answers["a2"] = Sent::too_large;
  offer("a", 1), offer("a", 2), offer("a", 3);
  EXPECT_EQ(send(), "a1 a3 letter:too_large");
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().delivered, 2U);
  EXPECT_EQ(outbox->ledger().dead_lettered, 1U);
}

TEST_F(OutboxTest, ADeadLetterThatCannotBeProducedIsCountedAndNeverDeadLetteredAgain) {
  answers["a1"] = answers["letter:too_large"] = Sent::too_large;
  offer("a", 1);
  EXPECT_EQ(send(), "");
  EXPECT_TRUE(outbox->empty());
  EXPECT_EQ(outbox->ledger().dead_letter_failed, 1U);
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::dead_letter_failed)], 1U);
  balance();
}

TEST_F(OutboxTest, WithoutADeadLetterTopicTheDropHasThatReason) {
  make({}, "");
  answers["a1"] = Sent::too_large;
  offer("a", 1);
  send();
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::dead_letter_off)], 1U);
  EXPECT_TRUE(outbox->take_alerts().at(0).dropped);
  EXPECT_EQ(outbox->ledger().lost(), 0U) << "as the configuration asks";
  balance();
}

TEST_F(OutboxTest, DeadLettersHoldAtMostAQuarterOfTheMemory) {
  Outbox::Settings settings;
  settings.memory = 40'000;
  make(settings);
  for (int i = 0; i < 10; ++i) {
    auto letter = std::make_unique<event::DeadLetter>();
    letter->reason = "malformed";
    letter->value.assign(4'000, 'x');
    letter->connector = std::make_shared<const std::string>("stage");
    outbox->offer(std::move(letter));
  }
  EXPECT_LE(outbox->bytes(), 10'000U);
  EXPECT_EQ(outbox->ledger().in_flight, 2U);
  EXPECT_EQ(outbox->ledger().dead_letter_failed, 8U);
  EXPECT_EQ(outbox->ledger().lost(), 10U) << "no one is delivered yet";
  const auto alerts = outbox->take_alerts();
  ASSERT_EQ(alerts.size(), 1U) << "told once";
  EXPECT_EQ(alerts[0].what, SinkAlert::What::letters_full);
  balance();
}

TEST_F(OutboxTest, AFullWireKeepsEverythingAndItsOrder) {
  offer("a", 1), offer("a", 2);
  answers["a2"] = Sent::full;
  EXPECT_EQ(send(), "a1");
  EXPECT_EQ(send(), "");
  answers.clear();
  EXPECT_EQ(send(), "a2");
}

TEST_F(OutboxTest, NoticesStandBesideTheBook) {
  outbox->offer(event_of("n", 1, event::Kind::notice), "relay");
  outbox->offer(event_of("n", 2, event::Kind::notice), "");
  EXPECT_EQ(outbox->ledger().offered, 0U);
  EXPECT_EQ(send(), "n1");
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().notices_delivered, 1U);
  EXPECT_EQ(outbox->ledger().notices_dropped, 1U);
}

TEST_F(OutboxTest, AnEventForNoTopicIsDroppedWithThatReason) {
  outbox->offer(event_of("a", 1), "");
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::topic_off)], 1U);
  balance();
}

TEST_F(OutboxTest, TheRestIsDroppedAtTheEndAndTheBookBalances) {
  offer("a", 1), offer("a", 2), offer("b", 1);
  send();
  report("a1", Verdict::delivered);
  outbox->drop_rest(event::Dropped::stopped);
  EXPECT_TRUE(outbox->empty());
  EXPECT_EQ(outbox->ledger().in_flight, 0U);
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::stopped)], 2U);
  balance();
}

}  // namespace
}  // namespace tributary::relay
