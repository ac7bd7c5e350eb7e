#include "relay/outbox.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "relay/dead_letter.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using event::Report;
using event::Sent;
using event::Verdict;

event::EventPtr event_of(const std::string& key, int number, event::Kind kind = event::Kind::activity) {
  auto event = std::make_shared<event::Event>();
  event->kind = kind;
  event->text = "{\"n\":" + std::to_string(number) + "}";
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  event->key = {event->json.size, static_cast<std::uint32_t>(key.size())};
  event->text += key;
  event->source = "test";
  event->connector = std::make_shared<const std::string>("stage");
  event->sequence = static_cast<std::uint64_t>(number);
  return event;
}

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
  /// Sends everything that may be sent now, e.g. "a1 a2 b1".
  std::string send() {
    std::string names;
    for (Outbox::Next next; outbox->next(now, next);) {
      const std::string name = name_of(next);
      const auto answer = answers.count(name) != 0 ? answers[name] : Sent::accepted;
      if (answer == Sent::accepted) {
        names += (names.empty() ? "" : " ") + name;
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
    const Report answer{found->token, verdict, "CODE"};
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
  EXPECT_EQ(alerts[0].what, OutboxAlert::What::lane_parked);
  EXPECT_EQ(alerts[0].key, "a");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1 a2") << "tried again slowly";
  report("a1", Verdict::delivered);
  EXPECT_EQ(outbox->take_alerts().at(0).what, OutboxAlert::What::lane_resumed);
}

TEST_F(OutboxTest, AMissingTopicParksTheLaneBeforeAnythingIsSent) {
  answers["a1"] = Sent::denied;
  offer("a", 1), offer("b", 1);
  EXPECT_EQ(send(), "b1");
  answers.clear();
  EXPECT_EQ(send(), "");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1");
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

TEST_F(OutboxTest, HalvesAFailedBatchUntilTheGuiltyRecordIsADeadLetter) {
  for (int i = 0; i < 8; ++i) offer(i % 2 == 0 ? "a" : "b", i);
  send();
  report_all(Verdict::record_fault);
  const std::string guilty = "b5";
  std::size_t rounds = 0;
  std::size_t letters = 0;
  for (std::string names = send(); !names.empty(); names = send()) {
    ASSERT_LT(++rounds, 20U);
    const bool fails = (" " + names + " ").find(" " + guilty + " ") != std::string::npos;
    if (names.find("letter:record_refused") != std::string::npos) ++letters;
    // The broker refuses a batch as a whole.
    while (!flying.empty()) {
      const bool letter = flying.front().name.rfind("letter", 0) == 0;
      report(flying.front().name, fails && !letter ? Verdict::record_fault : Verdict::delivered);
    }
  }
  EXPECT_EQ(letters, 1U);
  EXPECT_EQ(outbox->ledger().delivered, 7U);
  EXPECT_EQ(outbox->ledger().dead_lettered, 1U);
  EXPECT_EQ(outbox->ledger().offered, 8U);
  EXPECT_TRUE(outbox->empty());
}

TEST_F(OutboxTest, ARecordThatTheBrokerFindsTooLargeSaysSo) {
  offer("a", 1), offer("a", 2);
  send();
  report_all(Verdict::too_large);
  EXPECT_EQ(send(), "a1 a2");
  report_all(Verdict::too_large);
  EXPECT_EQ(send(), "a1");
  report("a1", Verdict::too_large);
  EXPECT_EQ(send(), "a2 letter:too_large");
}

TEST_F(OutboxTest, WhileABatchIsHalvedItsStreamSendsNothingElse) {
  offer("a", 1), offer("b", 1);
  send();
  report("a1", Verdict::record_fault);
  offer("c", 1);
  EXPECT_EQ(send(), "") << "b1 is still in flight";
  report("b1", Verdict::delivered);
  EXPECT_EQ(send(), "a1") << "alone";
  report("a1", Verdict::record_fault);
  EXPECT_EQ(send(), "letter:record_refused c1");
}

TEST_F(OutboxTest, AProbeThatFailsForAnotherReasonIsTriedAgain) {
  offer("a", 1), offer("a", 2);
  send();
  report_all(Verdict::record_fault);
  EXPECT_EQ(send(), "a1 a2");
  report_all(Verdict::retriable);
  EXPECT_EQ(send(), "");
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1 a2");
  report_all(Verdict::delivered);
  EXPECT_EQ(outbox->ledger().delivered, 2U);
}

TEST_F(OutboxTest, AProbeThatIsDeniedParksItsLane) {
  offer("a", 1);
  send();
  report("a1", Verdict::record_fault);
  EXPECT_EQ(send(), "a1");
  answers["a1"] = Sent::denied;
  report("a1", Verdict::denied);
  EXPECT_EQ(send(), "");
  answers.clear();
  now = outbox->deadline();
  EXPECT_EQ(send(), "a1");
  report_all(Verdict::delivered);
  EXPECT_TRUE(outbox->empty());
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

/// A broker that keeps what it acknowledged, and fails at random in every way.
TEST_F(OutboxTest, NothingIsLostOrReorderedUnderRandomFaults) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    make({});
    flying.clear();
    std::mt19937 random(seed);
    std::map<std::string, std::vector<int>> log;  // what the broker has, by key
    std::set<std::string> poison;
    std::map<std::string, int> offered;
    std::map<std::uint64_t, std::pair<std::string, int>> open;
    std::set<std::string> lettered;
    int events = 0;
    for (int step = 0; step < 3'000 && (step < 600 || !outbox->empty()); ++step) {
      const bool faults = step < 600;
      now += 50ms;
      if (step < 500 && random() % 2 == 0) {
        const std::string key(1, static_cast<char>('a' + random() % 4));
        const int number = ++offered[key];
        if (random() % 40 == 0) poison.insert(key + std::to_string(number));
        offer(key, number);
        ++events;
      }
      for (Outbox::Next next; outbox->next(now, next);) {
        if (faults && random() % 20 == 0) {
          outbox->sent(next.token, Sent::full, now);
          break;
        }
        if (faults && random() % 100 == 0) {
          outbox->sent(next.token, Sent::denied, now);
          continue;
        }
        open[next.token] = next.letter != nullptr ? std::pair<std::string, int>{"letter", 0}
                                                  : std::pair<std::string, int>{std::string(next.event->key_text()),
                                                                                static_cast<int>(next.event->sequence)};
        outbox->sent(next.token, Sent::accepted, now);
      }
      // One batch: everything open, in the order of sending per key (tokens are unordered, so by number).
      if (open.empty() || random() % 3 == 0) continue;
      const bool poisoned = std::any_of(open.begin(), open.end(), [&](const auto& one) {
        return poison.count(one.second.first + std::to_string(one.second.second)) != 0;
      });
      const auto dice = faults ? random() % 12 : 11;
      const Verdict verdict = dice == 0   ? Verdict::retriable
                              : dice == 1 ? Verdict::purged
                              : dice == 2 ? Verdict::denied
                              : poisoned  ? Verdict::record_fault
                                          : Verdict::delivered;
      std::vector<std::pair<std::uint64_t, std::pair<std::string, int>>> batch(open.begin(), open.end());
      open.clear();
      std::sort(batch.begin(), batch.end(), [](const auto& x, const auto& y) { return x.second < y.second; });
      for (const auto& [token, record] : batch) {
        const bool letter = record.first == "letter";
        const Verdict mine = letter && verdict == Verdict::record_fault ? Verdict::delivered : verdict;
        if (mine == Verdict::delivered && !letter) log[record.first].push_back(record.second);
        outbox->report({token, mine, "CODE"}, now);
        ASSERT_TRUE(outbox->ledger().balances());
      }
    }
    ASSERT_TRUE(outbox->empty()) << "seed " << seed << ": stuck with " << outbox->ledger().in_flight;
    const auto& ledger = outbox->ledger();
    EXPECT_EQ(ledger.offered, static_cast<std::uint64_t>(events));
    EXPECT_EQ(ledger.dead_lettered, poison.size()) << "seed " << seed << ": only the guilty";
    for (const auto& [key, count] : offered) {
      std::vector<int> first;  // by first arrival
      for (int number : log[key]) {
        if (first.empty() || number > first.back()) first.push_back(number);
      }
      std::vector<int> wanted;
      for (int number = 1; number <= count; ++number) {
        if (poison.count(key + std::to_string(number)) == 0) wanted.push_back(number);
      }
      ASSERT_EQ(first, wanted) << "seed " << seed << " key " << key;
    }
  }
}

}  // namespace
}  // namespace tributary::relay
