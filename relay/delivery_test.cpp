#include "relay/delivery.hpp"

#include <gtest/gtest.h>

#include "relay/fake_downstream.hpp"
#include "relay/fake_tail.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;

event::EventPtr event_holding(std::string text, event::Kind kind = event::Kind::activity,
                              std::string_view source = "test") {
  auto event = std::make_shared<event::Event>();
  event->kind = kind;
  event->source = source;
  event->text = std::move(text);
  event->json = {0, static_cast<std::uint32_t>(event->text.size())};
  event->connector = std::make_shared<const std::string>("stage");
  return event;
}

struct DeliveryTest : testing::Test {
  std::unique_ptr<Delivery> make(std::size_t memory = 1u << 20, event::Tail* tail = nullptr) {
    Outbox::Settings settings;
    settings.memory = memory;
    return std::make_unique<Delivery>(
        "events", std::make_unique<FakeDownstream>(wire), settings,
        [this](const std::string&, const SinkAlert& alert) {
          const std::lock_guard lock(mutex);
          alerts.push_back(alert);
        },
        std::chrono::minutes(1), tail);
  }
  std::size_t told(SinkAlert::What what) const {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(
        std::count_if(alerts.begin(), alerts.end(), [&](const auto& alert) { return alert.what == what; }));
  }
  mutable std::mutex mutex;
  std::vector<SinkAlert> alerts;
  std::shared_ptr<FakeDownstream::Shared> wire = std::make_shared<FakeDownstream::Shared>();
};

TEST_F(DeliveryTest, DeliversWhatIsOfferedInOrder) {
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 1'000; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return wire->count() == 1'000; }));
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(wire->records[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(DeliveryTest, ItsBookBalancesAtEveryLook) {
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 20'000; ++i) {
    delivery->offer(event_holding("x"));
    if (i % 7 == 0) {
      const auto ledger = delivery->ledger();
      ASSERT_TRUE(ledger.balances());
      ASSERT_EQ(ledger.offered, static_cast<std::uint64_t>(i + 1)) << "nothing between the queue and the outbox";
    }
  }
  delivery->stop(10s);
  delivery->join();
  EXPECT_EQ(delivery->ledger().delivered, 20'000U);
  EXPECT_TRUE(delivery->ledger().balances());
}

TEST_F(DeliveryTest, TellsWhileItRunsHowLongEventsTookAndWhatItsWireSees) {
  const auto delivery = make();
  EXPECT_EQ(delivery->standing().latency.count, 0U);
  delivery->start();
  for (int i = 0; i < 1'000; ++i) {
    auto event = std::make_shared<event::Event>(*event_holding("x"));
    event->received_steady = std::chrono::steady_clock::now() - 2s;
    delivery->offer(std::move(event));
  }
  ASSERT_TRUE(eventually([&] { return delivery->ledger().delivered == 1'000; }));
  const auto standing = delivery->standing();
  EXPECT_EQ(standing.latency.count, 1'000U) << "as much as the book says, which it is published with";
  EXPECT_GE(standing.latency.sum, 2'000);
  EXPECT_EQ(standing.latency.counts.at(8), 0U) << "none within 1 s";
  ASSERT_EQ(standing.brokers.size(), 1U);
  EXPECT_EQ(standing.brokers[0].name, "fake:9092");
}

TEST_F(DeliveryTest, TellsHowLongItsOldestEventWaits) {
  wire->hold = true;
  const auto delivery = make();
  delivery->start();
  auto old = std::make_shared<event::Event>(*event_holding("x"));
  old->received_steady = std::chrono::steady_clock::now() - 90s;
  delivery->offer(std::move(old));
  ASSERT_TRUE(eventually([&] { return delivery->standing().oldest_age.value_or(0ms) >= 90s; }));
  wire->release();
  ASSERT_TRUE(eventually([&] { return !delivery->standing().oldest_age; }));
}

TEST_F(DeliveryTest, TellsWhatItsWireRefusesAndWhyItIsStuck) {
  wire->denies_events = true;
  wire->stuck = true;
  const auto delivery = make();
  delivery->start();
  delivery->offer(event_holding("x"));
  ASSERT_TRUE(eventually([&] { return !delivery->standing().parked.empty() && !delivery->standing().stuck.empty(); }));
  EXPECT_EQ(delivery->standing().parked.size(), 1U);
}

TEST_F(DeliveryTest, IsFullAtItsMemoryAndCallsWhenThereIsRoomAgain) {
  wire->hold = true;
  const auto delivery = make(30'000);
  std::atomic<int> rooms{0};
  delivery->on_room([&] { ++rooms; });
  delivery->start();
  while (!delivery->full()) delivery->offer(event_holding(std::string(500, 'x')));
  ASSERT_TRUE(eventually([&] { return delivery->ledger().in_flight > 10; }));
  EXPECT_EQ(rooms, 0);
  wire->release();
  EXPECT_TRUE(eventually([&] { return rooms == 1; }));
  EXPECT_FALSE(delivery->full());
  EXPECT_TRUE(eventually([&] { return delivery->held() == 0; }));
}

TEST_F(DeliveryTest, StopFinishesWhatItHas) {
  wire->hold = true;
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding("x"));
  delivery->stop(10s);
  wire->release();
  delivery->join();
  EXPECT_EQ(delivery->ledger().delivered, 10U);
  EXPECT_EQ(delivery->ledger().in_flight, 0U);
}

TEST_F(DeliveryTest, WhatIsNotAcknowledgedInTimeIsDroppedAsStopped) {
  wire->hold = true;
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding("x"));
  delivery->stop(20ms);
  delivery->join();
  const auto ledger = delivery->ledger();
  EXPECT_EQ(ledger.dropped[static_cast<std::size_t>(event::Dropped::stopped)], 10U);
  EXPECT_TRUE(ledger.balances());
  EXPECT_TRUE(wire->closed) << "the wire lets go before the events go";
}

/// Each of these waits in vain for `stop_timeout`, which is longer than the test may take.
TEST_F(DeliveryTest, AStopDoesNotWaitForWhatIsRefused) {
  wire->denies_events = true;
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding("x"));
  ASSERT_TRUE(eventually([&] { return told(SinkAlert::What::lane_parked) == 1; }));
  delivery->stop(1h);
  delivery->join();
  EXPECT_TRUE(wire->hurried);
  EXPECT_EQ(delivery->ledger().dropped[static_cast<std::size_t>(event::Dropped::denied)], 10U);
  EXPECT_EQ(delivery->ledger().lost(), 10U);
  EXPECT_EQ(told(SinkAlert::What::given_up), 1U);
  EXPECT_EQ(alerts.back().events, 10U);
  EXPECT_EQ(alerts.back().code, "unknown_topic");
}

TEST_F(DeliveryTest, AStopDoesNotWaitForNoticesAlone) {
  wire->hold = true;
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 3; ++i) delivery->offer(event_holding("x", event::Kind::notice));
  delivery->stop(1h);
  delivery->join();
  EXPECT_EQ(delivery->ledger().notices_dropped, 3U);
  EXPECT_EQ(delivery->ledger().lost(), 0U);
}

TEST_F(DeliveryTest, AStopDoesNotWaitForAWireThatCannotWrite) {
  wire->hold = wire->stuck = true;
  const auto delivery = make();
  delivery->start();
  delivery->offer(event_holding("x"));
  delivery->stop(1h);
  delivery->join();
  EXPECT_EQ(delivery->ledger().lost(), 1U);
  EXPECT_EQ(delivery->stuck(), "ENOSPC");
}

TEST_F(DeliveryTest, AParkedTopicIsTriedAsSoonAsItsTopicAppears) {
  wire->denies_events = true;
  const auto delivery = make();
  delivery->start();
  delivery->offer(event_holding("x"));
  ASSERT_TRUE(eventually([&] { return told(SinkAlert::What::lane_parked) == 1; }));
  wire->denies_events = false;
  {
    const std::lock_guard lock(wire->mutex);
    wire->repaired = {"events"};
    wire->wake = true;
  }
  wire->woken.notify_all();
  EXPECT_TRUE(eventually([&] { return wire->count() == 1; })) << "not after the ten seconds of a parked lane";
  EXPECT_TRUE(eventually([&] { return told(SinkAlert::What::lane_resumed) == 1; }));
}

TEST_F(DeliveryTest, AFullSinkIsToldOnceAndSoIsItsRoom) {
  wire->hold = true;
  const auto delivery = make(30'000);
  delivery->start();
  while (!delivery->full()) delivery->offer(event_holding(std::string(500, 'x')));
  ASSERT_TRUE(eventually([&] { return told(SinkAlert::What::full) == 1; }));
  EXPECT_EQ(told(SinkAlert::What::room), 0U);
  wire->release();
  EXPECT_TRUE(eventually([&] { return told(SinkAlert::What::room) == 1; }));
  EXPECT_EQ(told(SinkAlert::What::full), 1U);
}

TEST_F(DeliveryTest, ABrokenWireIsRebuiltAndEverythingReplayed) {
  wire->hold = true;
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(wire->mutex);
    return wire->held.size() == 10;
  }));
  {
    const std::lock_guard lock(wire->mutex);
    wire->broken = true;
    wire->hold = false;
  }
  wire->woken.notify_all();
  ASSERT_TRUE(eventually([&] { return wire->count() == 10; }));
  EXPECT_EQ(wire->rebuilt, 1);
  EXPECT_TRUE(eventually([&] { return delivery->ledger().replayed == 10; }));
}

TEST_F(DeliveryTest, WithATailItIsNeverFullAndDeliversAllInOrder) {
  wire->hold = true;
  FakeTail tail;
  tail.at_once = true;
  const auto delivery = make(100'000, &tail);
  delivery->start();
  for (int i = 0; i < 2'000; ++i) {
    delivery->offer(event_holding(std::to_string(i)));
    ASSERT_TRUE(eventually([&] { return !delivery->full(); }));
  }
  ASSERT_TRUE(eventually([&] { return delivery->ledger().spooled > 1'800; }));
  EXPECT_LT(delivery->held(), 100'000U);
  EXPECT_TRUE(delivery->ledger().balances());
  wire->release();
  ASSERT_TRUE(eventually([&] { return wire->count() == 2'000; }));
  for (int i = 0; i < 2'000; ++i) ASSERT_EQ(wire->records[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_TRUE(eventually([&] { return delivery->ledger().delivered == 2'000; }));
}

TEST_F(DeliveryTest, WhatAStopLeavesGoesToTheTailAndTheNextRunDeliversIt) {
  wire->hold = true;
  FakeTail tail;
  tail.at_once = true;
  {
    const auto delivery = make(1u << 20, &tail);
    delivery->start();
    for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
    delivery->stop(20ms);
    delivery->join();
    EXPECT_EQ(delivery->ledger().spooled, 10U);
    EXPECT_EQ(delivery->ledger().lost(), 0U);
    EXPECT_TRUE(tail.closed);
  }
  wire = std::make_shared<FakeDownstream::Shared>();
  const auto delivery = make(1u << 20, &tail);
  delivery->start();
  ASSERT_TRUE(eventually([&] { return delivery->ledger().recovered == 10; }));
  ASSERT_TRUE(eventually([&] { return delivery->ledger().delivered == 10; }));
  for (int i = 0; i < 10; ++i) ASSERT_EQ(wire->records[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(DeliveryTest, IsFullWhenMemoryIsAndTheTailTakesNoMore) {
  wire->hold = true;
  FakeTail tail;
  tail.set_full(true);
  const auto delivery = make(100'000, &tail);
  std::atomic<int> rooms{0};
  delivery->on_room([&] { ++rooms; });
  delivery->start();
  delivery->offer(event_holding("0"));
  EXPECT_FALSE(delivery->full()) << "memory has room";
  for (int i = 1; i < 200; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return delivery->full(); }));
  EXPECT_EQ(rooms, 0);
  wire->release();
  EXPECT_TRUE(eventually([&] { return rooms == 1; }));
}

TEST_F(DeliveryTest, WhatIsNotAcknowledgedInTimeIsOnTheTailWithoutAnotherEvent) {
  wire->hold = true;
  FakeTail tail;
  const auto delivery = make(1u << 20, &tail);
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  EXPECT_TRUE(eventually([&] { return tail.appended() == 10; }));
  EXPECT_EQ(delivery->ledger().in_flight, 10U);
}

TEST_F(DeliveryTest, AStopDoesNotWaitForAWireThatIsSilentWhenAllIsCommitted) {
  wire->hold = true;
  FakeTail tail;
  const auto delivery = make(1u << 20, &tail);
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  delivery->stop(1h);
  delivery->join();
  EXPECT_EQ(delivery->ledger().spooled, 10U);
}

TEST_F(DeliveryTest, OneThatTakesAnothersPlaceGoesOnWithItsTail) {
  wire->hold = true;
  FakeTail tail;
  tail.at_once = true;
  auto delivery = make(1u << 20, &tail);
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return tail.appended() == 10; }));
  wire = std::make_shared<FakeDownstream::Shared>();
  std::shared_ptr<Delivery> heir = make(1u << 20, &tail);
  heir->offer(event_holding("10"));
  delivery->retire(heir, 0ms);
  ASSERT_TRUE(eventually([&] { return delivery->stopped(); }));
  EXPECT_EQ(delivery->ledger().offered, 0U);
  EXPECT_EQ(heir->ledger().offered, 11U) << "what lies on the tail is in its book before it has begun";
  EXPECT_EQ(heir->ledger().spooled, 10U);
  EXPECT_TRUE(heir->ledger().balances());
  heir->start();
  ASSERT_TRUE(eventually([&] { return heir->ledger().delivered == 11; }));
  EXPECT_EQ(heir->ledger().offered, 11U);
  EXPECT_EQ(heir->ledger().recovered, 0U);
  for (int i = 0; i < 11; ++i) EXPECT_EQ(wire->records[static_cast<std::size_t>(i)], std::to_string(i));
}

TEST_F(DeliveryTest, WhereTheNextOneHasNoTailTheRestStaysThere) {
  wire->hold = true;
  FakeTail tail;
  auto delivery = make(1u << 20, &tail);
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return tail.appended() == 10; }));
  std::shared_ptr<Delivery> heir = make();
  delivery->retire(heir, 0ms);
  ASSERT_TRUE(eventually([&] { return delivery->stopped(); }));
  EXPECT_EQ(delivery->ledger().spooled, 10U);
  EXPECT_EQ(delivery->ledger().offered, 10U);
  EXPECT_EQ(heir->ledger().offered, 0U);
}

TEST_F(DeliveryTest, WhatTheTailHoldsInMemoryCounts) {
  FakeTail tail;
  const auto delivery = make(100'000, &tail);
  delivery->start();
  tail.set_held(100'001);
  delivery->reopen();  // wakes it
  EXPECT_TRUE(eventually([&] { return delivery->full(); }));
}

TEST_F(DeliveryTest, AWireThatIsFullForAWhileGoesOnWhereItWas) {
  const auto delivery = make();
  delivery->start();
  for (int i = 0; i < 10; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return wire->count() == 10; }));
  wire->answer("events", event::Sent::full);
  for (int i = 10; i < 20; ++i) delivery->offer(event_holding(std::to_string(i)));
  ASSERT_TRUE(eventually([&] { return wire->refusals("events") >= 3; })) << "tried again without a report";
  EXPECT_EQ(wire->count(), 10U);
  EXPECT_EQ(delivery->ledger().in_flight, 10U);
  wire->answer("events", event::Sent::accepted);
  ASSERT_TRUE(eventually([&] { return wire->count() == 20; }));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(wire->records[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_TRUE(eventually([&] { return delivery->ledger().delivered == 20; }));
  EXPECT_EQ(told(SinkAlert::What::lane_parked), 0U) << "full is no fault";
}

TEST_F(DeliveryTest, AStreamThatIsDeniedInMidStreamHoldsUpNoOther) {
  const auto delivery = make();
  delivery->start();
  delivery->offer(event_holding("a0"));
  delivery->offer(event_holding("b0", event::Kind::activity, "other"));
  ASSERT_TRUE(eventually([&] { return wire->count() == 2; }));
  wire->answer("events", event::Sent::denied);
  for (int i = 1; i <= 5; ++i) {
    delivery->offer(event_holding("a" + std::to_string(i)));
    delivery->offer(event_holding("b" + std::to_string(i), event::Kind::activity, "other"));
  }
  ASSERT_TRUE(eventually([&] { return wire->count() == 7; })) << "all of the other stream";
  ASSERT_TRUE(eventually([&] { return told(SinkAlert::What::lane_parked) == 1; }));
  EXPECT_TRUE(eventually([&] { return delivery->ledger().in_flight == 5; })) << "the wire's word comes a moment later";
  wire->answer("events", event::Sent::accepted);
  {
    const std::lock_guard lock(wire->mutex);
    wire->repaired = {"events"};
    wire->wake = true;
  }
  wire->woken.notify_all();
  ASSERT_TRUE(eventually([&] { return wire->count() == 12; }));
  const std::lock_guard lock(wire->mutex);
  EXPECT_EQ(std::vector<std::string>(wire->records.begin() + 7, wire->records.end()),
            (std::vector<std::string>{"a1", "a2", "a3", "a4", "a5"}));
}

TEST_F(DeliveryTest, WhatIsOfferedToASinkThatNeverRunsIsLost) {
  for (const bool prepared : {false, true}) {
    std::string told;
    auto event = std::make_shared<event::Event>(*event_holding("x"));
    event->receipt = std::make_shared<event::Receipt>([&](bool kept) { told += kept ? "kept" : "lost"; });
    {
      const auto delivery = make();
      if (prepared) delivery->prepare();
      delivery->offer(std::move(event));
    }
    EXPECT_EQ(told, "lost");
    EXPECT_EQ(wire->count(), 0U);
  }
}

TEST_F(DeliveryTest, APreparedThreadWaitsForTheStart) {
  const auto delivery = make();
  delivery->prepare();
  delivery->prepare();
  delivery->offer(event_holding("x"));
  EXPECT_EQ(delivery->pulse()->rounds, 0U);
  EXPECT_EQ(wire->count(), 0U);
  delivery->start();
  EXPECT_TRUE(eventually([&] { return wire->count() == 1; }));
}

TEST_F(DeliveryTest, KnowsWhichKindsItsSinkTakes) {
  const auto delivery = make();
  EXPECT_TRUE(delivery->takes(event::Kind::activity));
  EXPECT_TRUE(delivery->takes(event::Kind::notice));
  EXPECT_FALSE(delivery->takes(event::Kind::state));
}

/// A wire that acknowledges nothing takes its hundred events; what is offered after that goes to the heir at once.
TEST_F(DeliveryTest, AnHeirGoesOnWithEverythingUnfinishedBeforeItsOwn) {
  wire->hold = true;
  const std::shared_ptr<Delivery> old = make();
  old->start();
  for (int i = 0; i < 100; ++i) old->offer(event_holding(std::to_string(i)));
  const auto heirs_wire = std::make_shared<FakeDownstream::Shared>();
  const auto heir = std::make_shared<Delivery>("events", std::make_unique<FakeDownstream>(heirs_wire),
                                               Outbox::Settings{}, [](const std::string&, const SinkAlert&) {});
  for (int i = 100; i < 200; ++i) heir->offer(event_holding(std::to_string(i)));
  old->retire(heir, 50ms);
  old->join();
  EXPECT_TRUE(old->ledger().balances());
  EXPECT_EQ(old->ledger().offered, 0U) << "the book of the heir has them";
  heir->start();
  ASSERT_TRUE(eventually([&] { return heirs_wire->count() == 200; }));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(heirs_wire->records[static_cast<std::size_t>(i)], std::to_string(i));
  heir->stop(10s);
  heir->join();
  EXPECT_EQ(heir->ledger().offered, 200U);
  EXPECT_TRUE(heir->ledger().balances());
}

TEST_F(DeliveryTest, ABookOfBothNeverLosesOrDoublesAnEventAtAHandOver) {
  for (int round = 0; round < 50; ++round) {
    wire = std::make_shared<FakeDownstream::Shared>();
    wire->hold = true;
    FakeTail tail;
    tail.at_once = true;
    auto* const both_have = round % 2 == 0 ? &tail : nullptr;
    const std::shared_ptr<Delivery> old = make(1u << 20, both_have);
    old->start();
    for (int i = 0; i < 20; ++i) old->offer(event_holding(std::to_string(i)));
    wire = std::make_shared<FakeDownstream::Shared>();
    wire->hold = true;
    const std::shared_ptr<Delivery> heir = make(1u << 20, both_have);
    old->retire(heir, 0ms);
    bool started = false;
    while (!started || heir->ledger().in_flight != 20) {
      event::SinkLedger sum;
      {
        const auto still = Delivery::no_hand_over();
        sum = old->ledger();
        sum += heir->ledger();
      }
      ASSERT_EQ(sum.offered, 20U);
      ASSERT_TRUE(sum.balances());
      if (!started && old->stopped()) started = true, heir->start();
    }
    wire->release();
    heir->stop(10s);
    heir->join();
    ASSERT_EQ(heir->ledger().delivered, 20U);
  }
}

TEST_F(DeliveryTest, AnHeirGetsWhatWasDeniedInsteadOfLosingIt) {
  wire->denies_events = true;
  const std::shared_ptr<Delivery> old = make();
  old->start();
  old->offer(event_holding("one"));
  ASSERT_TRUE(eventually([&] { return told(SinkAlert::What::lane_parked) == 1; }));
  const auto heirs_wire = std::make_shared<FakeDownstream::Shared>();
  const auto heir = std::make_shared<Delivery>("events", std::make_unique<FakeDownstream>(heirs_wire),
                                               Outbox::Settings{}, [](const std::string&, const SinkAlert&) {});
  old->retire(heir, 10s);
  old->join();
  EXPECT_EQ(old->ledger().lost(), 0U);
  heir->start();
  EXPECT_TRUE(eventually([&] { return heirs_wire->count() == 1; }));
}

/// Nothing that was acknowledged goes to the heir.
TEST_F(DeliveryTest, AnHeirGetsNothingThatIsFinished) {
  const std::shared_ptr<Delivery> old = make();
  old->start();
  old->offer(event_holding("one"));
  ASSERT_TRUE(eventually([&] { return old->ledger().delivered == 1; }));
  const std::shared_ptr<Delivery> heir = make();
  old->retire(heir, 10s);
  old->join();
  EXPECT_EQ(old->ledger().delivered, 1U);
  EXPECT_EQ(heir->ledger().offered, 0U);
}

}  // namespace
}  // namespace tributary::relay
