#include <gtest/gtest.h>

#include "relay/dead_letter.hpp"
#include "relay/fake_tail.hpp"
#include "relay/outbox.hpp"
#include "relay/outbox_fixture.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;

/// Write-behind: a wire by hand, events with the time of their reading, a tail that commits when it is told to.
class OutboxExposure : public testing::Test {
 protected:
  void make(std::chrono::milliseconds exposure) {
    settings.exposure = exposure;
    flying.clear();
    outbox = std::make_unique<Outbox>(settings, "letters", static_cast<Outbox::MakeLetter>(&letter_of), &tail);
    outbox->begin();
  }
  void offer(const std::string& key, int from, int to) {
    for (int number = from; number <= to; ++number) {
      auto event = std::make_shared<event::Event>(*event_of(key, number));
      event->received_steady = now;
      event->receipt =
          std::make_shared<event::Receipt>([this](bool kept) { ++(kept ? receipts_kept : receipts_lost); });
      outbox->offer(std::move(event), "topic");
    }
  }
  std::string send() {
    std::string names;
    outbox->read_back();
    outbox->write_behind(now);
    for (Outbox::Next next; outbox->next(now, next);) {
      outbox->sent(next.token, Sent::accepted, now);
      names += (names.empty() ? "" : " ");
      names += next.letter != nullptr ? "letter"
                                      : std::string(next.event->key_text()) + std::to_string(next.event->sequence);
      flying.push_back(next.token);
    }
    return names;
  }
  /// Two of ten events lie on the tail alone; the others are delivered, and the tail is asked.
  void ask_for_a9_and_a10() {
    settings.memory = memory_for(8);
    make(20ms);
    offer("a", 1, 10);
    send();
    report_all();
    send();
  }
  void report_all(Verdict verdict = Verdict::delivered) {
    for (auto token : std::exchange(flying, {})) outbox->report({token, verdict, "CODE"}, now);
    EXPECT_TRUE(outbox->ledger().balances());
  }

  Outbox::Settings settings;
  FakeTail tail;
  std::unique_ptr<Outbox> outbox;
  std::vector<std::uint64_t> flying;
  event::SteadyTime now{1h};
  int receipts_kept = 0, receipts_lost = 0;
};

TEST_F(OutboxExposure, WhatIsAcknowledgedInTimeIsNeverWritten) {
  make(20ms);
  for (int i = 1; i <= 50; ++i) {
    offer("a", i, i);
    send();
    now += 18ms;
    send();
    report_all();
  }
  EXPECT_EQ(tail.appended(), 0U);
}

TEST_F(OutboxExposure, WhatIsNotIsKeptWhenItsTimeIsOver) {
  make(20ms);
  offer("a", 1, 2);
  send();
  EXPECT_EQ(outbox->deadline(), now + 20ms);
  now += 10ms;
  offer("b", 1, 1);
  send();
  now += 10ms;
  send();
  EXPECT_EQ(tail.records(), 2U);
  EXPECT_EQ(outbox->deadline(), now + 10ms) << "b1";
  EXPECT_EQ(outbox->ledger().in_flight, 3U) << "on disk and in flight counts as in flight";
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  now += 10ms;
  send();
  EXPECT_EQ(tail.records(), 3U);
  EXPECT_EQ(outbox->deadline(), event::SteadyTime::max());
  report_all();
  EXPECT_EQ(tail.records(), 0U) << "what is delivered is forgotten";
  EXPECT_EQ(outbox->ledger().delivered, 3U);
  EXPECT_EQ(receipts_kept, 3);
}

TEST_F(OutboxExposure, ADeadLetterIsKeptLikeAnEvent) {
  make(20ms);
  auto letter = std::make_shared<event::DeadLetter>();
  letter->reason = "malformed";
  letter->connector = std::make_shared<const std::string>("stage");
  letter->received_steady = now;
  outbox->offer(std::move(letter));
  send();
  now += 20ms;
  send();
  EXPECT_EQ(tail.records(), 1U);
}

TEST_F(OutboxExposure, OfZeroSendsNothingBeforeItIsCommitted) {
  tail.commits = false;
  make(0ms);
  offer("a", 1, 2);
  offer("b", 1, 1);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(tail.records(), 3U);
  tail.commit(1);
  EXPECT_EQ(send(), "a1");
  tail.commit(2);
  EXPECT_EQ(send(), "a2 b1");
  report_all();
  EXPECT_EQ(tail.records(), 0U);
}

TEST_F(OutboxExposure, OfZeroGoesOnWithoutATailThatCannotWrite) {
  tail.commits = false;
  make(0ms);
  offer("a", 1, 1);
  EXPECT_EQ(send(), "");
  tail.set_failing(true);
  offer("a", 2, 2);
  EXPECT_EQ(send(), "a1 a2");
  EXPECT_EQ(tail.records(), 1U) << "nothing more is asked of it";
  report_all();
  tail.set_failing(false);
  offer("a", 3, 3);
  EXPECT_EQ(send(), "");
  tail.commit();
  EXPECT_EQ(send(), "a3");
}

TEST_F(OutboxExposure, ATailThatCannotWriteIsGivenTheRestLater) {
  make(20ms);
  tail.set_failing(true);
  offer("a", 1, 2);
  send();
  now += 1s;
  send();
  EXPECT_EQ(tail.records(), 0U);
  EXPECT_EQ(outbox->deadline(), event::SteadyTime::max()) << "the tail tells when it can write again";
  tail.set_failing(false);
  send();
  EXPECT_EQ(tail.records(), 2U);
}

TEST_F(OutboxExposure, ASlowDiskIsNotGivenMoreThanAQuarterOfTheMemory) {
  make(20ms);
  tail.set_held(settings.memory / 4);
  offer("a", 1, 1);
  now += 1s;
  EXPECT_EQ(send(), "a1");
  EXPECT_EQ(tail.records(), 0U);
  tail.set_held(0);
  send();
  EXPECT_EQ(tail.records(), 1U);
}

TEST_F(OutboxExposure, AtTheCapTheNewestIsDroppedWhereThePolicySaysSo) {
  settings.at_limit = event::AtLimit::drop_newest;
  settings.memory = memory_for(8);
  make(20ms);
  offer("a", 1, 12);
  EXPECT_EQ(outbox->ledger().spooled, 4U);
  tail.set_full(true);
  offer("a", 13, 14);
  offer("b", 1, 1);
  outbox->offer(event_of("c", 1, event::Kind::notice), "relay");
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::limit)], 3U);
  EXPECT_EQ(outbox->ledger().notices_dropped, 1U);
  EXPECT_TRUE(outbox->ledger().balances());
}

TEST_F(OutboxExposure, WhatIsDroppedAtTheCapIsToldWithItsNumberEveryTenSecondsAtMost) {
  settings.at_limit = event::AtLimit::drop_newest;
  settings.memory = memory_for(8);
  make(20ms);
  offer("a", 1, 12);
  tail.set_full(true);
  offer("a", 13, 15);
  const auto told = [&] {
    outbox->write_behind(now);
    std::vector<std::size_t> counts;
    for (const auto& alert : outbox->take_alerts()) {
      if (alert.what == SinkAlert::What::newest_dropped) counts.push_back(alert.events);
    }
    return counts;
  };
  EXPECT_EQ(told(), std::vector<std::size_t>{3});
  offer("a", 16, 16);
  now += 9s;
  offer("a", 17, 17);
  EXPECT_EQ(told(), std::vector<std::size_t>{});
  now += 1s;
  EXPECT_EQ(told(), std::vector<std::size_t>{2});
  offer("a", 18, 18);
  outbox->drop_rest(event::Dropped::stopped);
  outbox->take_losses();
  ASSERT_EQ(outbox->take_alerts().size(), 1U) << "and what was not told yet, at the end";
}

TEST_F(OutboxExposure, WhatTheTailDropsIsInTheBookUnlessItIsInMemoryToo) {
  settings.memory = memory_for(8);
  make(20ms);
  offer("a", 1, 12);
  send();
  now += 20ms;
  send();
  ASSERT_EQ(tail.records(), 12U);
  tail.lose({"topic", "a"}, 1);
  tail.lose({"topic", "a"}, 9);
  tail.lose({"topic", "a"}, 10);
  send();
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::limit)], 2U);
  EXPECT_EQ(outbox->ledger().spooled, 2U);
  std::string rest;
  for (int turn = 0; turn < 10; ++turn) {
    report_all();
    tail.work();
    rest += send();
  }
  std::erase(rest, ' ');  // whether both come at once or not
  EXPECT_EQ(rest, "a11a12");
  EXPECT_EQ(outbox->ledger().delivered, 10U) << "a1 as well";
  EXPECT_EQ(tail.records(), 0U);
}

TEST_F(OutboxExposure, ALaneThatIsLostWholeBetweenQuestionAndAnswerGoesOn) {
  settings.memory = memory_for(8);
  make(20ms);
  offer("a", 1, 9);
  send();
  report_all();
  send();  // asks for a9
  tail.lose({"topic", "a"}, 9);
  tail.work();
  EXPECT_EQ(send(), "");
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  offer("a", 10, 10);
  EXPECT_EQ(send(), "a10");
}

TEST_F(OutboxExposure, WhatCouldNotBeCommittedAtTheEndIsLost) {
  make(20ms);
  offer("a", 1, 2);
  send();
  outbox->drop_rest(event::Dropped::stopped);
  EXPECT_EQ(outbox->ledger().spooled, 2U);
  tail.lose({"topic", "a"}, 2, event::Dropped::stopped);
  outbox->take_losses();
  EXPECT_EQ(outbox->ledger().spooled, 1U);
  EXPECT_EQ(outbox->ledger().lost(), 1U);
  EXPECT_TRUE(outbox->ledger().balances());
}

TEST_F(OutboxExposure, TheNextOutboxOfTheProcessTakesTheBookOver) {
  make(20ms);
  offer("a", 1, 3);
  send();
  outbox->drop_rest(event::Dropped::stopped);
  make(20ms);  // another process: two of its own come
  EXPECT_EQ(outbox->ledger().recovered, 3U);
  offer("a", 4, 5);
  outbox->offer(event_of("c", 1, event::Kind::notice), "relay");
  const auto rest = outbox->take_rest();
  EXPECT_TRUE(rest.unfinished.empty());
  EXPECT_EQ(rest.handed.offered, 2U);
  EXPECT_EQ(rest.handed.recovered, 3U);
  EXPECT_EQ(outbox->ledger().offered, 0U);
  EXPECT_EQ(outbox->ledger().recovered, 0U);
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  EXPECT_EQ(outbox->ledger().notices, 0U);
  EXPECT_TRUE(outbox->ledger().balances());
  outbox = std::make_unique<Outbox>(settings, "letters", static_cast<Outbox::MakeLetter>(&letter_of), &tail);
  flying.clear();
  outbox->begin(rest.handed);
  EXPECT_EQ(outbox->ledger().recovered, 3U);
  EXPECT_EQ(outbox->ledger().offered, 2U);
  EXPECT_EQ(outbox->ledger().notices, 1U);
  std::string names;
  for (int turn = 0; turn < 10; ++turn) {
    tail.work();
    if (const auto sent = send(); !sent.empty()) names += sent + " ";
    report_all();
  }
  EXPECT_EQ(outbox->ledger().delivered, 5U);
  EXPECT_EQ(outbox->ledger().notices_delivered, 1U);
  EXPECT_NE(names.find("a1 a2 a3 a4 a5"), std::string::npos) << names;
}

TEST_F(OutboxExposure, WhatTheTailDropsBetweenTwoOutboxesIsInTheBook) {
  make(20ms);
  offer("a", 1, 5);
  send();
  const auto rest = outbox->take_rest();
  tail.forget({"topic", "a"}, 1, 2);  // by its policy: nobody listens
  outbox = std::make_unique<Outbox>(settings, "letters", static_cast<Outbox::MakeLetter>(&letter_of), &tail);
  outbox->begin(rest.handed);
  EXPECT_EQ(outbox->ledger().offered, 5U);
  EXPECT_EQ(outbox->ledger().spooled, 3U);
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::limit)], 2U);
  EXPECT_TRUE(outbox->ledger().balances());
}

TEST_F(OutboxExposure, AnAnswerThatComesWithTheHandOverIsNotTakenIn) {
  ask_for_a9_and_a10();
  tail.work();
  const auto rest = outbox->take_rest();
  EXPECT_EQ(rest.handed.offered, 2U);
  EXPECT_EQ(outbox->ledger().offered, 8U);
  EXPECT_EQ(outbox->ledger().in_flight, 0U);
  EXPECT_TRUE(outbox->ledger().balances());
}

TEST_F(OutboxExposure, TwoRecordsOfOneNumberAreBothDelivered) {
  ask_for_a9_and_a10();
  tail.answer({{"topic", "a"}, 9, {{9, event_of("a", 9), nullptr}, {9, event_of("a", 10), nullptr}}});
  EXPECT_EQ(send(), "a9 a10");
  report_all();
  EXPECT_EQ(outbox->ledger().delivered, 10U);
}

TEST_F(OutboxExposure, WhatTheTailSaidItHasAndHasNotIsGivenUp) {
  ask_for_a9_and_a10();
  tail.answer({{"topic", "a"}, 9, {}});
  EXPECT_EQ(send(), "");
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::write_failed)], 2U);
  EXPECT_TRUE(outbox->ledger().balances());
  offer("a", 11, 11);
  EXPECT_EQ(send(), "a11");
}

TEST_F(OutboxExposure, EverythingIsCommittedTellsWhenWaitingSavesNothing) {
  tail.commits = false;
  make(20ms);
  offer("a", 1, 1);
  send();
  EXPECT_FALSE(outbox->all_committed());
  now += 20ms;
  send();
  EXPECT_FALSE(outbox->all_committed());
  tail.commit();
  EXPECT_TRUE(outbox->all_committed());
}

}  // namespace
}  // namespace tributary::relay
