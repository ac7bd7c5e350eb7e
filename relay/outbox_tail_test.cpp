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

/// A wire by hand, and a tail that answers when it is told to.
class OutboxTail : public testing::Test {
 protected:
  OutboxTail() {
    settings.memory = memory_for(8);
    make();
  }
  void make() {
    outbox = std::make_unique<Outbox>(settings, "letters", static_cast<Outbox::MakeLetter>(&letter_of), &tail);
    outbox->begin();
  }
  void offer(const std::string& key, int from, int to) {
    for (int number = from; number <= to; ++number) outbox->offer(event_of(key, number), "topic");
  }
  std::string send(Sent answer = Sent::accepted) {
    std::string names;
    outbox->read_back();
    for (Outbox::Next next; outbox->next(now, next);) {
      const std::string name = next.letter != nullptr
                                   ? "letter:" + std::string(next.letter->reason)
                                   : std::string(next.event->key_text()) + std::to_string(next.event->sequence);
      const Sent given = next.letter != nullptr ? Sent::accepted : answer;
      outbox->sent(next.token, given, now);
      if (given != Sent::accepted) continue;
      names += (names.empty() ? "" : " ") + name;
      flying.push_back(next.token);
    }
    return names;
  }
  void report_all(Verdict verdict) {
    for (auto token : std::exchange(flying, {})) outbox->report({token, verdict, "CODE"}, now);
    EXPECT_TRUE(outbox->ledger().balances());
  }
  /// Delivers until nothing is left, as it comes.
  std::string drain() {
    std::string names;
    for (int turn = 0; turn < 10'000 && (!outbox->empty() || outbox->ledger().spooled != 0); ++turn) {
      now += 1s;
      tail.work();
      const std::string sent = send();
      if (!sent.empty()) names += (names.empty() ? "" : " ") + sent;
      report_all(Verdict::delivered);
    }
    return names;
  }

  Outbox::Settings settings;
  FakeTail tail;
  std::unique_ptr<Outbox> outbox;
  std::vector<std::uint64_t> flying;
  event::SteadyTime now{1h};
};

TEST_F(OutboxTail, TellsTheAgeOfTheOldestEventAlsoOfAnEarlierRun) {
  const event::WallTime wall{std::chrono::hours(400'000)};
  EXPECT_EQ(outbox->oldest_age({now, wall}), std::nullopt);
  const auto offer_received = [&](const std::string& key, std::chrono::seconds ago,
                                  event::Kind kind = event::Kind::activity) {
    auto event = std::make_shared<event::Event>(*event_of(key, 1, kind));
    event->received_steady = now - ago;
    event->received = wall - ago;
    outbox->offer(std::move(event), "topic");
  };
  offer_received("relay", 900s, event::Kind::notice);
  EXPECT_EQ(outbox->oldest_age({now, wall}), std::nullopt) << "a notice is beside the book";
  offer_received("a", 3s);
  offer_received("b", 7s);
  offer_received("c", 5s);
  EXPECT_EQ(outbox->oldest_age({now, wall}), 7s);
  outbox->drop_rest(event::Dropped::stopped);
  tail.work();
  outbox->take_losses();
  make();
  outbox->read_back();
  tail.work();
  outbox->read_back();
  ASSERT_EQ(outbox->ledger().recovered, 3U);
  EXPECT_EQ(outbox->oldest_age({now, wall + 60s}), 67s);
  drain();
  EXPECT_EQ(outbox->oldest_age({now, wall}), std::nullopt);
}

TEST_F(OutboxTail, IsNotTouchedWhileMemoryIsEnough) {
  offer("a", 1, 8);
  EXPECT_EQ(tail.records(), 0U);
  EXPECT_EQ(send(), "a1 a2 a3 a4 a5 a6 a7 a8");
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().spooled, 0U);
}

TEST_F(OutboxTail, TakesWhatIsOverTheBoundAndGivesItBackInOrder) {
  offer("a", 1, 12);
  EXPECT_EQ(outbox->ledger().in_flight, 8U);
  EXPECT_EQ(outbox->ledger().spooled, 4U);
  EXPECT_EQ(tail.records(), 4U);
  EXPECT_EQ(drain(), "a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12");
  EXPECT_EQ(outbox->ledger().delivered, 12U);
  EXPECT_EQ(tail.records(), 0U) << "what is delivered is forgotten";
}

TEST_F(OutboxTail, WhatArrivesBehindItWaitsBehindIt) {
  offer("a", 1, 9);
  send();
  report_all(Verdict::delivered);
  offer("a", 10, 10);
  EXPECT_EQ(outbox->ledger().spooled, 2U) << "there is room, and a9 comes first";
  offer("b", 1, 1);
  EXPECT_EQ(send(), "b1") << "another lane has no tail";
  report_all(Verdict::delivered);
  EXPECT_EQ(drain(), "a9 a10");
}

TEST_F(OutboxTail, NothingIsSentBeforeTheTailHasAnswered) {
  offer("a", 1, 9);
  send();
  report_all(Verdict::delivered);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(send(), "");
  EXPECT_EQ(tail.asked(), 1U) << "asked once";
  tail.work();
  EXPECT_EQ(send(), "a9");
}

TEST_F(OutboxTail, AParkedLaneKeepsOneRecordInMemoryWhileOthersFlow) {
  offer("a", 1, 8);
  send();
  report_all(Verdict::denied);
  EXPECT_EQ(outbox->bytes(), event_of("a", 1)->bytes());
  EXPECT_EQ(outbox->ledger().spooled, 7U);
  offer("a", 9, 500);
  for (int i = 1; i <= 100; ++i) {
    offer("b", i, i);
    EXPECT_EQ(send(), "b" + std::to_string(i));
    report_all(Verdict::delivered);
  }
  EXPECT_EQ(outbox->ledger().spooled, 499U);
  const std::string names = drain();
  EXPECT_EQ(names.substr(0, 17), "a1 a2 a3 a4 a5 a6");
  EXPECT_EQ(names.substr(names.size() - 9), "a499 a500");
  EXPECT_EQ(outbox->ledger().delivered, 600U);
}

TEST_F(OutboxTail, AnAnswerForALaneThatWasRefusedMeanwhileIsAskedForAgain) {
  settings.memory *= 4;  // so that more is asked for while a record is under way
  make();
  offer("a", 1, 34);
  send();
  const auto late = flying.back();
  flying.pop_back();
  report_all(Verdict::delivered);
  outbox->read_back();
  ASSERT_EQ(tail.asked(), 1U);
  tail.work();
  outbox->report({late, Verdict::denied, "CODE"}, now);
  outbox->read_back();
  EXPECT_EQ(outbox->bytes(), event_of("a", 32)->bytes()) << "not taken into memory";
  EXPECT_EQ(drain(), "a32 a33 a34");
}

TEST_F(OutboxTail, TheDeadLetterOfAnEventThatLiesThereIsKeptThereToo) {
  offer("a", 1, 9);
  send();
  report_all(Verdict::delivered);
  outbox->read_back();
  tail.work();
  EXPECT_EQ(send(Sent::too_large), "letter:too_large");
  EXPECT_EQ(tail.records(), 1U) << "the letter, and no longer the event";
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().dead_lettered, 1U);
  EXPECT_EQ(tail.records(), 0U);
}

TEST_F(OutboxTail, WhatCannotBeReadAnyMoreComesAsADeadLetter) {
  offer("a", 1, 10);
  tail.damage(9);
  EXPECT_EQ(drain(), "a1 a2 a3 a4 a5 a6 a7 a8 letter:spool_corrupt a10");
  EXPECT_EQ(outbox->ledger().dead_lettered, 1U);
  EXPECT_EQ(outbox->ledger().delivered, 9U);
}

TEST_F(OutboxTail, ANoticeThatCannotBeReadAnyMoreIsCountedBesideTheBook) {
  outbox->offer(event_of("c", 1, event::Kind::notice), "relay");
  outbox->stop(now);
  outbox->drop_rest(event::Dropped::stopped);
  tail.damage(1);
  make();
  EXPECT_EQ(outbox->ledger().notices, 1U);
  EXPECT_EQ(drain(), "") << "no dead letter: a notice never becomes one";
  now += 1s;
  outbox->read_back();
  tail.work();
  send();
  EXPECT_TRUE(outbox->ledger().balances());
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  EXPECT_EQ(outbox->ledger().in_flight, 0U);
  EXPECT_EQ(outbox->ledger().notices_dropped, 1U);
  EXPECT_EQ(tail.records(), 0U) << "it is not read again by the next run";
}

TEST_F(OutboxTail, AtTheEndEverythingUnfinishedGoesThereAndTheNextRunBeginsWithIt) {
  offer("a", 1, 10);
  offer("b", 1, 2);
  outbox->offer(event_of("c", 1, event::Kind::notice), "relay");
  send();
  outbox->report({flying.front(), Verdict::delivered, {}}, now);
  outbox->stop(now);
  outbox->drop_rest(event::Dropped::stopped);
  EXPECT_TRUE(outbox->empty());
  EXPECT_TRUE(outbox->ledger().balances());
  EXPECT_EQ(outbox->ledger().spooled, 11U);
  EXPECT_EQ(outbox->ledger().lost(), 0U);

  flying.clear();
  make();
  EXPECT_EQ(outbox->ledger().recovered, 11U);
  EXPECT_TRUE(outbox->ledger().balances());
  offer("a", 11, 11);
  const std::string names = drain();
  EXPECT_EQ(outbox->ledger().delivered, 12U);
  EXPECT_EQ(outbox->ledger().notices_delivered, 1U);
  std::string of_a;
  for (std::size_t at = 0; (at = names.find('a', at)) != std::string::npos; ++at)
    of_a += names.substr(at, names.find(' ', at) - at) + " ";
  EXPECT_EQ(of_a, "a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 ") << names;
}

TEST_F(OutboxTail, WhatIsRefusedAtTheStopGoesThereInsteadOfBeingDropped) {
  offer("a", 1, 4);
  send();
  outbox->stop(now);
  report_all(Verdict::denied);
  for (int turn = 0; turn < 10 && !outbox->empty(); ++turn) {
    now += 1s;
    send();
    report_all(Verdict::denied);
  }
  EXPECT_TRUE(outbox->empty());
  EXPECT_EQ(outbox->ledger().spooled, 4U);
}

TEST_F(OutboxTail, AFullTailLeavesMemoryToFill) {
  tail.set_full(true);
  offer("a", 1, 40);
  EXPECT_EQ(outbox->ledger().in_flight, 40U);
  EXPECT_GT(outbox->bytes(), settings.memory) << "so that the sink is full and reading pauses";
}

TEST_F(OutboxTail, WhatWasDestroyedOnTheTailIsLostAtTheEndAndNotWaitingThere) {
  offer("a", 1, 20);
  outbox->offer(event_of("n", 1, event::Kind::notice), "relay");
  outbox->drop_rest(event::Dropped::stopped);
  outbox->take_losses();
  outbox->take_destroyed();
  EXPECT_EQ(outbox->ledger().spooled, 20U) << "all of it is there";
  tail.destroy();
  outbox->take_destroyed();
  EXPECT_EQ(outbox->ledger().spooled, 0U);
  EXPECT_EQ(outbox->ledger().dropped[static_cast<std::size_t>(event::Dropped::spool_lost)], 20U);
  EXPECT_EQ(outbox->ledger().lost(), 20U);
  EXPECT_EQ(outbox->ledger().notices_dropped, 1U);
  EXPECT_TRUE(outbox->ledger().balances());
}

}  // namespace
}  // namespace tributary::relay
