#include "sinks/channel/outlet.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <vector>

#include "sinks/test_events.hpp"

namespace tributary::sinks::channel {
namespace {

using namespace std::chrono_literals;
using event::Dropped;
using event::MessageResult;

event::Now clocks() { return {std::chrono::steady_clock::now(), {}}; }

event::EventPtr fresh(std::string_view connector = "main-stage", event::Kind kind = event::Kind::activity) {
  auto made = std::make_shared<event::Event>(*make_event({.kind = kind, .connector = connector}));
  made->received_steady = clocks().steady;
  return made;
}

class ChannelOutlet : public testing::Test {
 protected:
  OutletSettings settings() const {
    OutletSettings made;
    made.name = "hall-screen";
    made.connector = "hall";
    made.content = [](const event::Event& event, const event::Now&) { return std::string(event.json_text()); };
    return made;
  }
  void attach() {
    outlet.on_work([this] { ++woken; });
    outlet.live(true, clocks());
  }
  std::uint64_t dropped(Dropped reason) const { return outlet.ledger().dropped[static_cast<std::size_t>(reason)]; }
  void say_all() {
    while (const auto message = outlet.take(clocks())) {
      outlet.report({message->number, MessageResult::sent, {}, {}}, clocks());
    }
  }

  /// A thread that waits in `join`; it must not be the end of the long stop that ends it.
  std::future<void> joined() {
    auto waiting = std::async(std::launch::async, [this] { outlet.join(); });
    while (outlet.joining() == 0) std::this_thread::yield();
    return waiting;
  }
  static bool in_time(const std::future<void>& joined) {
    return joined.wait_for(long_stop / 2) == std::future_status::ready;
  }
  static constexpr auto long_stop = 20s;

  std::vector<event::MessageReport> told;
  Outlet outlet{settings(), [this](const std::string&, const event::MessageReport& report) { told.push_back(report); }};
  std::atomic<int> woken{0};
};

TEST_F(ChannelOutlet, GivesTheContentOfWhatIsOffered) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  EXPECT_EQ(woken, 1);
  const auto message = outlet.take(clocks());
  ASSERT_TRUE(message);
  EXPECT_EQ(message->content, message->event->json_text());
  EXPECT_EQ(message->number, 1U);
  outlet.report({message->number, MessageResult::confirmed, {}, {}}, clocks());
  EXPECT_EQ(outlet.ledger().delivered, 1U);
  EXPECT_EQ(told.size(), 1U);
}

TEST_F(ChannelOutlet, WakesItsConnectorOnceUntilThatHasAsked) {
  outlet.start();
  attach();
  for (int i = 0; i < 10; ++i) outlet.offer(fresh());
  EXPECT_EQ(woken, 1);
  outlet.take(clocks());
  outlet.offer(fresh());
  EXPECT_EQ(woken, 2);
}

/// A protocol that must wait has its connector ask when, and not for a message.
TEST_F(ChannelOutlet, WakesItsConnectorAnewOnceThatHasAskedWhen) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  const auto message = outlet.take(clocks());
  ASSERT_TRUE(message);
  outlet.report({message->number, event::MessageResult::awaiting, {}, {}}, clocks());
  outlet.report({message->number, event::MessageResult::unconfirmed, {}, {}}, clocks());
  EXPECT_EQ(outlet.due(clocks()), event::SteadyTime::max()) << "nothing waits";
  const int before = woken;
  outlet.offer(fresh());
  EXPECT_EQ(woken, before + 1);
}

TEST_F(ChannelOutlet, HoldsWhileItsConnectorIsNotLiveAndBeforeItIsStarted) {
  outlet.offer(fresh());
  EXPECT_EQ(outlet.ledger().in_flight, 1U);
  attach();
  EXPECT_FALSE(outlet.take(clocks())) << "not started";
  EXPECT_EQ(woken, 0);
  outlet.start();
  EXPECT_EQ(woken, 1);
  outlet.live(false, clocks());
  outlet.offer(fresh());
  EXPECT_EQ(woken, 1) << "it asks by itself when it is live";
  outlet.live(true, clocks());
  say_all();
  EXPECT_EQ(outlet.ledger().sent, 2U);
}

TEST_F(ChannelOutlet, AnEventOfItsOwnConnectorIsNotTakenAndNotCounted) {
  outlet.start();
  outlet.offer(fresh("hall"));
  EXPECT_EQ(outlet.ledger().offered, 0U);
  EXPECT_EQ(outlet.held(), 0U);
}

event::EventPtr chat_line(const std::string& id, const std::string& message) {
  auto made = std::make_shared<event::Event>();
  made->text = R"({"_id":")" + id + R"(","data":{"message":")" + message + R"("}})";
  made->json = {0, static_cast<std::uint32_t>(made->text.size())};
  made->id = {8, static_cast<std::uint32_t>(id.size())};
  made->received_steady = clocks().steady;
  return made;
}

/// Two relays that know nothing of each other pass text to and fro between two channels, `said` from one to the other.
TEST_F(ChannelOutlet, TextDoesNotGoRound) {
  for (const std::string prefix : {"", "relay: "}) {
    auto chat = settings();
    chat.form = event::Form::text;
    chat.content = [&](const event::Event& event, const event::Now&) {
      const std::string json(event.json_text());
      const auto begin = json.find("message\":\"") + 10;
      return prefix + json.substr(begin, json.size() - begin - 3);
    };
    Outlet to_hall(chat), to_chat(chat);
    for (Outlet* it : {&to_hall, &to_chat}) it->start(), it->live(true, clocks());
    // Somebody says it in the hall.
    event::Draft first;
    first.text = chat_line("0", "hello there")->text;
    to_hall.heard(first, clocks());
    to_chat.offer(chat_line("0", "hello there"));
    int said = 0;
    for (int turn = 1; turn <= 100; ++turn) {
      Outlet& from = turn % 2 == 1 ? to_chat : to_hall;
      Outlet& to = turn % 2 == 1 ? to_hall : to_chat;
      const auto message = from.take(clocks());
      if (!message) break;
      from.report({message->number, MessageResult::sent, {}, {}}, clocks());
      ++said;
      to.offer(chat_line(std::to_string(turn), message->content));
    }
    EXPECT_LE(said, 2) << "prefix '" << prefix << "'";
    EXPECT_EQ(to_hall.ledger().dropped[static_cast<std::size_t>(Dropped::breaker)] +
                  to_chat.ledger().dropped[static_cast<std::size_t>(Dropped::breaker)],
              1U);
  }
}

TEST_F(ChannelOutlet, WhatNoChannelCanSayHasNotComeRoundThoughSomebodyCopiesItsWords) {
  auto words = settings();
  words.form = event::Form::text;
  words.content = [](const event::Event&, const event::Now&) { return std::string("a new follower"); };
  words.queue.may_come_round = [](const event::Event& event) { return event.type_text() == "chat"; };
  Outlet it(words);
  it.start();
  it.live(true, clocks());
  const std::string copy = R"({"data":{"message":"a new follower"})";
  event::Draft heard;
  heard.text = copy;
  it.heard(heard, clocks());
  for (int n = 0; n < 2; ++n) {
    it.offer(fresh());
    const auto message = it.take(clocks());
    ASSERT_TRUE(message);
    it.report({message->number, MessageResult::sent, {}, {}}, clocks());
  }
  EXPECT_EQ(it.ledger().sent, 2U);
}

TEST_F(ChannelOutlet, WhatIsSaidOnAnotherChannelOfItsConnectorIsNotHeardHere) {
  auto chat = settings();
  chat.form = event::Form::text;
  chat.channel = "hall-1";
  chat.content = [](const event::Event&, const event::Now&) { return std::string("hello there"); };
  Outlet it(chat);
  it.start();
  it.live(true, clocks());
  event::Draft heard;
  heard.text = chat_line("0", "hello there")->text;
  for (const std::string channel : {"hall-2", "hall-1"}) {
    heard.upstream_channel = channel;
    it.heard(heard, clocks());
    it.offer(chat_line("1", "another"));
    const auto message = it.take(clocks());
    EXPECT_EQ(message.has_value(), channel == "hall-2");
    if (message) it.report({message->number, MessageResult::refused, "too_large", {}}, clocks());
  }
}

TEST_F(ChannelOutlet, TellsWhenItsBreakerOpensAndShowsWhereItStands) {
  auto careful = settings();
  careful.queue.breaker = {0.5, 10s, 60s};
  std::vector<BreakerStanding> standings;
  Outlet it(careful, {}, [&](const std::string& sink, const BreakerStanding& standing) {
    EXPECT_EQ(sink, "hall-screen");
    standings.push_back(standing);
  });
  it.start();
  it.live(true, clocks());
  auto now = clocks();
  for (int i = 0; i < 3; ++i) {
    it.offer(fresh());
    const auto message = it.take(now);
    ASSERT_TRUE(message);
    it.report({message->number, MessageResult::sent, {}, {}}, now);
    it.report({message->number, MessageResult::echoed, {}, {}}, now);
  }
  ASSERT_EQ(standings.size(), 1U);
  EXPECT_EQ(standings[0].state, BreakerState::open);
  EXPECT_EQ(standings[0].said, 3U);
  EXPECT_EQ(standings[0].heard, 3U);
  EXPECT_EQ(it.breaker().state, BreakerState::open);
  it.offer(fresh());
  EXPECT_EQ(it.ledger().dropped[static_cast<std::size_t>(Dropped::breaker)], 1U);
  ASSERT_LE(it.due(now), now.steady + 60s);
  now.steady = it.due(now);
  EXPECT_FALSE(it.take(now));
  ASSERT_EQ(standings.size(), 2U);
  EXPECT_EQ(standings[1].state, BreakerState::half_open);
}

TEST_F(ChannelOutlet, TakesActivitiesOnly) {
  EXPECT_TRUE(outlet.takes(event::Kind::activity));
  EXPECT_FALSE(outlet.takes(event::Kind::state));
  EXPECT_FALSE(outlet.takes(event::Kind::notice));
  EXPECT_FALSE(outlet.takes_letters());
  outlet.offer(fresh("main-stage", event::Kind::notice));
  outlet.offer(fresh("main-stage", event::Kind::state));
  outlet.offer(std::make_unique<event::DeadLetter>());
  outlet.offer_dropped(Dropped::validation);
  const auto ledger = outlet.ledger();
  EXPECT_EQ(ledger.notices, 1U);
  EXPECT_EQ(ledger.notices_dropped, 1U);
  EXPECT_EQ(dropped(Dropped::topic_off), 1U);
  EXPECT_EQ(dropped(Dropped::dead_letter_off), 1U);
  EXPECT_EQ(dropped(Dropped::validation), 1U);
  EXPECT_EQ(ledger.offered, 3U);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(ChannelOutlet, AtItsLimitItDropsAndSaysThatItIsFull) {
  auto small = settings();
  small.queue.memory = 20'000;
  Outlet narrow(small);
  narrow.start();
  for (int i = 0; i < 1'000; ++i) narrow.offer(fresh());
  EXPECT_TRUE(narrow.full());
  EXPECT_LE(narrow.held(), 20'000U);
  const auto ledger = narrow.ledger();
  EXPECT_EQ(ledger.offered, 1'000U);
  EXPECT_EQ(ledger.dropped[static_cast<std::size_t>(Dropped::limit)] + ledger.in_flight, 1'000U);
  EXPECT_TRUE(ledger.balances());
}

TEST_F(ChannelOutlet, AContentThatCannotBeMadeCostsItsMessageOnly) {
  auto broken = settings();
  broken.content = [first = true](const event::Event&, const event::Now&) mutable -> std::string {
    if (std::exchange(first, false)) throw std::runtime_error("a bug");
    return "good";
  };
  Outlet it(broken);
  it.start();
  it.live(true, clocks());
  it.offer(fresh());
  it.offer(fresh());
  EXPECT_EQ(it.take(clocks())->content, "good");
  EXPECT_EQ(it.ledger().dropped[static_cast<std::size_t>(Dropped::refused)], 1U);
}

TEST_F(ChannelOutlet, AStopWaitsForNothingWhileItsConnectorIsNotLive) {
  outlet.start();
  outlet.offer(fresh());
  outlet.stop(1h);
  EXPECT_TRUE(outlet.stopped());
  outlet.join();
  EXPECT_EQ(dropped(Dropped::stopped), 1U);
  EXPECT_TRUE(outlet.ledger().balances());
}

TEST_F(ChannelOutlet, AStopEndsWhenEverythingIsSaid) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  outlet.stop(long_stop);
  EXPECT_FALSE(outlet.stopped());
  const auto waiting = joined();
  say_all();
  EXPECT_TRUE(in_time(waiting));
  EXPECT_TRUE(outlet.stopped());
  EXPECT_EQ(outlet.ledger().sent, 1U);
}

TEST_F(ChannelOutlet, AStopEndsWithinItsTimeWithThingsUnsaid) {
  outlet.start();
  attach();
  for (int i = 0; i < 3; ++i) outlet.offer(fresh());
  outlet.take(clocks());  // no answer will come
  outlet.stop(1h);
  outlet.stop(20ms);  // only shorter
  outlet.join();
  EXPECT_TRUE(outlet.stopped());
  EXPECT_EQ(dropped(Dropped::stopped), 3U);
  EXPECT_FALSE(outlet.take(clocks()));
  outlet.offer(fresh());
  EXPECT_EQ(dropped(Dropped::stopped), 4U);
  EXPECT_TRUE(outlet.ledger().balances());
}

TEST_F(ChannelOutlet, OneThatIsReplacedLeavesWhatItHasNotSaidAndEnds) {
  auto heir = std::make_shared<Outlet>(settings());
  outlet.start();
  for (int n = 0; n < 3; ++n) outlet.offer(fresh());  // the connector is away
  heir->offer(fresh());
  outlet.retire(heir, long_stop);
  EXPECT_TRUE(outlet.stopped());
  EXPECT_EQ(outlet.ledger().offered, 0U);
  EXPECT_EQ(dropped(Dropped::stopped), 0U);
  heir->start();
  heir->on_work([] {});
  heir->live(true, clocks());
  int said = 0;
  while (const auto message = heir->take(clocks())) {
    heir->report({message->number, MessageResult::sent, {}, {}}, clocks());
    ++said;
  }
  EXPECT_EQ(said, 4);
  EXPECT_EQ(heir->ledger().offered, 4U);
}

TEST_F(ChannelOutlet, OneThatTakesAPlaceGoesOnWithItsBreaker) {
  auto careful = settings();
  careful.queue.breaker = {0.5, 10s, 60s};
  Outlet before(careful);
  before.start();
  before.live(true, clocks());
  const auto now = clocks();
  const auto say_and_hear = [&] {
    before.offer(fresh());
    const auto message = before.take(now);
    ASSERT_TRUE(message);
    before.report({message->number, MessageResult::sent, {}, {}}, now);
    before.report({message->number, MessageResult::echoed, {}, {}}, now);
  };
  for (int n = 0; n < 2; ++n) say_and_hear();
  before.offer(fresh());
  const auto in_hand = before.take(now);
  ASSERT_TRUE(in_hand);
  std::vector<BreakerStanding> standings;
  auto heir = std::make_shared<Outlet>(
      careful, Outlet::Told(), [&](const std::string&, const BreakerStanding& each) { standings.push_back(each); });
  before.retire(heir, long_stop);
  EXPECT_EQ(heir->breaker().said, 2U) << "what came back is not forgotten";
  heir->offer(fresh());
  before.report({in_hand->number, MessageResult::sent, {}, {}}, now);
  EXPECT_TRUE(before.stopped());
  EXPECT_EQ(heir->breaker().said, 3U) << "and what was said until the end";

  auto last = std::make_shared<Outlet>(careful);
  heir->start();
  heir->live(true, now);
  const auto message = heir->take(now);
  ASSERT_TRUE(message);
  heir->report({message->number, MessageResult::sent, {}, {}}, now);
  heir->report({message->number, MessageResult::echoed, {}, {}}, now);
  EXPECT_EQ(heir->breaker().state, BreakerState::open) << "three of four";
  ASSERT_EQ(standings.size(), 1U);
  EXPECT_FALSE(standings[0].inherited);
  last->offer(fresh());
  heir->retire(last, long_stop);
  EXPECT_EQ(last->breaker().state, BreakerState::open);
  EXPECT_EQ(last->ledger().dropped[static_cast<std::size_t>(Dropped::breaker)], 1U) << "what it had waits no longer";
}

TEST_F(ChannelOutlet, OfWhichTheTemplateMakesNothingNothingIsSaid) {
  auto blank = settings();
  blank.form = event::Form::text;
  blank.content = [](const event::Event&, const event::Now&) { return std::string("  "); };
  Outlet silent(blank);
  silent.start();
  silent.on_work([] {});
  silent.live(true, clocks());
  silent.offer(fresh());
  EXPECT_FALSE(silent.take(clocks()));
  EXPECT_EQ(silent.ledger().dropped[static_cast<std::size_t>(Dropped::empty)], 1U);
}

TEST_F(ChannelOutlet, WhatLeavesAfterTheStopIsNotBookedAsDropped) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  outlet.offer(fresh());
  const auto leaving = outlet.take(clocks()), staying = outlet.take(clocks());
  outlet.stop(0ms);
  EXPECT_TRUE(outlet.stopped()) << "nobody waits for it";
  outlet.report({leaving->number, MessageResult::awaiting, {}, {}}, clocks());
  EXPECT_EQ(outlet.ledger().sent, 1U);
  outlet.join();
  EXPECT_EQ(dropped(Dropped::stopped), 1U);
  EXPECT_EQ(outlet.ledger().in_flight, 0U);
}

TEST_F(ChannelOutlet, AStopEndsWhenItsConnectorEnds) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  outlet.stop(long_stop);
  const auto waiting = joined();
  outlet.live(false, clocks());
  EXPECT_TRUE(in_time(waiting));
  EXPECT_EQ(dropped(Dropped::stopped), 1U);
}

TEST_F(ChannelOutlet, AShorterStopIsHeardByWhoWaitsForTheLongerOne) {
  outlet.start();
  attach();
  outlet.offer(fresh());
  outlet.stop(long_stop);
  const auto waiting = joined();
  outlet.stop(1ms);
  EXPECT_TRUE(in_time(waiting));
  EXPECT_TRUE(outlet.stopped());
}

TEST_F(ChannelOutlet, MayBeOfferedToFromSeveralThreadsWhileItsConnectorComesAndGoes) {
  outlet.start();
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2'000; ++n) outlet.offer(fresh());
    });
  }
  std::thread connector([&] {
    while (!over) {
      attach();
      for (int n = 0; n < 50; ++n) {
        const auto message = outlet.take(clocks());
        if (!message) break;
        const auto result = n % 5 == 0 ? MessageResult::returned : MessageResult::sent;
        outlet.report({message->number, result, {}, {}}, clocks());
      }
      outlet.live(false, clocks());
      outlet.on_work({});
      EXPECT_TRUE(outlet.ledger().balances());
    }
  });
  for (auto& thread : threads) thread.join();
  over = true;
  connector.join();
  outlet.stop(0ms);
  outlet.join();
  const auto ledger = outlet.ledger();
  EXPECT_EQ(ledger.offered, 6'000U);
  EXPECT_EQ(ledger.in_flight, 0U);
  EXPECT_TRUE(ledger.balances());
}

}  // namespace
}  // namespace tributary::sinks::channel
