#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/link/link_fixture.hpp"
#include "relay/delivery.hpp"
#include "relay/fake_downstream.hpp"
#include "relay/pipeline.hpp"
#include "schema/embedded.hpp"
#include "sinks/channel/outlet.hpp"

/// The way from one connector through the relay to the socket of another.
namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using connectors::testing::LinkTest;
using testing::ElementsAre;
using testing::HasSubstr;

event::Draft tip(int number) {
  const std::string id = std::to_string(100'000'000'000 + number);
  event::Draft draft;
  draft.text = "{\"_id\":\"" + id + "\",\"type\":\"tip\",\"provider\":\"twitch\",\"relay\":{\"connector\":\"stage\"";
  draft.id = {8, 12};
  draft.type = {30, 3};
  draft.provider = {47, 6};
  draft.identified = true;
  draft.source = "streamelements";
  draft.upstream_channel = "c";
  return draft;
}

class ChannelOfTheRelay : public LinkTest {
 protected:
  ChannelOfTheRelay() {
    sinks::channel::OutletSettings made;
    made.name = "hall-screen";
    made.connector = "hall";
    made.queue.memory = 20'000;
    made.content = [](const event::Event& event, const event::Now&) { return "quiet " + std::string(event.id_text()); };
    channel = std::make_shared<sinks::channel::Outlet>(made);
    kafka = std::make_shared<relay::Delivery>("events", std::make_unique<relay::FakeDownstream>(wire),
                                              relay::Outbox::Settings{},
                                              [](const std::string&, const relay::SinkAlert&) {});
    auto table = std::make_shared<relay::RoutingTable>();
    table->targets.resize(2);
    table->targets[0].outlet = channel;
    table->targets[0].pauses = false;
    table->targets[0].connector = "hall";
    table->targets[1].outlet = kafka;
    table->routes.push_back({{}, {}, 0b11});
    pipeline = std::make_unique<relay::Pipeline>(
        table, std::get<schema::Schema>(schema::Schema::compile(schema::embedded("streamelements.schema.json"))),
        "01K9ZB4T", taps);
    stage = pipeline->intake({"stage", "streamelements"});
    hall = pipeline->intake({"hall", "toy"});
    kafka->start();
    channel->start();
    toy.publishes = true;
    settings.connector = "hall";
  }
  ~ChannelOfTheRelay() override {
    kafka->stop(10s);
    kafka->join();
  }
  static event::Now now() { return {std::chrono::steady_clock::now(), {}}; }
  void accept(int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_FALSE(stage->congested());
      ASSERT_FALSE(hall->congested());
      stage->accept(tip(++tips), now());
    }
    stage->settle();
  }
  std::uint64_t dropped(event::Dropped reason) const {
    return channel->ledger().dropped[static_cast<std::size_t>(reason)];
  }

  std::shared_ptr<relay::FakeDownstream::Shared> wire = std::make_shared<relay::FakeDownstream::Shared>();
  std::shared_ptr<sinks::channel::Outlet> channel;
  std::shared_ptr<relay::Delivery> kafka;
  relay::Taps taps;
  std::unique_ptr<relay::Pipeline> pipeline;
  std::unique_ptr<relay::BookedIntake> stage, hall;
  int tips = 0;
};

TEST_F(ChannelOfTheRelay, AFullOneWhoseConnectorIsDownHoldsUpNeitherKafkaNorAnyConnector) {
  server.reset();  // nobody listens there
  link = make();
  link->attach(channel);
  link->start();
  await([&] { return witness.endings.size() >= 2; });
  accept(500);
  EXPECT_TRUE(channel->full());
  EXPECT_LE(channel->held(), 20'000U);
  await([&] { return kafka->ledger().delivered == 500; });
  EXPECT_EQ(wire->count(), 500U);
  const auto ledger = channel->ledger();
  EXPECT_EQ(ledger.offered, 500U);
  EXPECT_EQ(ledger.sent, 0U);
  EXPECT_GT(dropped(event::Dropped::limit), 400U);
  EXPECT_TRUE(ledger.balances());
  const auto attempts = witness.endings.size();
  await([&] { return witness.endings.size() > attempts; });  // its own connector dials on
}

TEST_F(ChannelOfTheRelay, OnceItsConnectorIsLiveItSaysWhatWaitsAndTheBookIsWhatWasHeard) {
  server->silent = true;
  link = make();
  link->attach(channel);
  link->start();
  accept(500);
  const auto waits = channel->ledger().in_flight;
  EXPECT_GT(waits, 5U);
  await([&] { return !server->connections.empty() && !server->last().heard.empty(); });
  server->say("welcome den");
  await([&] { return channel->ledger().in_flight == 0; });
  accept(3);
  await([&] { return server->last().heard.size() == 1 + waits + 3; });
  EXPECT_THAT(server->last().heard.back(), HasSubstr("quiet 100000000503"));
  const auto ledger = channel->ledger();
  EXPECT_EQ(ledger.sent, waits + 3);
  EXPECT_EQ(dropped(event::Dropped::limit), 500 - waits);
  EXPECT_TRUE(ledger.balances());
  EXPECT_FALSE(channel->full());
}

TEST_F(ChannelOfTheRelay, NothingOfItsOwnConnectorGoesThere) {
  hall->accept(tip(1), now());
  hall->settle();
  await([&] { return wire->count() == 1; });
  EXPECT_EQ(channel->ledger().offered, 0U);
  EXPECT_EQ(hall->ledger().accepted, 1U);
}

TEST_F(ChannelOfTheRelay, AStopOfItsConnectorAndThenOfItselfLeavesNothingUncounted) {
  link = make();
  link->attach(channel);
  link->start();
  await([&] { return state() == net::State::live; });
  accept(10);
  bool stopped = false;
  link->stop(10s, [&] { stopped = true; });
  accept(5);
  await([&] { return stopped && server->last().over; });
  link.reset();
  channel->stop(1h);
  EXPECT_TRUE(channel->stopped());
  const auto ledger = channel->ledger();
  EXPECT_EQ(ledger.sent, 10U) << "said before the farewell";
  EXPECT_EQ(server->last().heard.size(), 12U);
  EXPECT_EQ(dropped(event::Dropped::stopped), 5U);
  EXPECT_TRUE(ledger.balances());
}

}  // namespace
}  // namespace tributary::daemon
