#include "daemon/status.hpp"

#include <gtest/gtest.h>

#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

admin::ConnectorView live(std::string name, std::uint64_t events) {
  admin::ConnectorView one;
  one.name = std::move(name);
  one.state = net::State::live;
  one.ledger.events = events;
  return one;
}

admin::SinkView sink(std::string name, std::uint64_t delivered, std::uint64_t sent, std::uint64_t in_flight) {
  admin::SinkView one;
  one.name = std::move(name);
  one.ledger.delivered = delivered, one.ledger.sent = sent, one.ledger.in_flight = in_flight;
  return one;
}

admin::SinkView channel(std::string name, std::uint64_t delivered, std::uint64_t sent, std::uint64_t in_flight,
                        std::string breaker, std::uint64_t copies = 0) {
  auto one = sink(std::move(name), delivered, sent, in_flight);
  one.connector = "hall", one.breaker = std::move(breaker), one.copies = copies;
  return one;
}

TEST(Status, SaysHowEachConnectorAndEachSinkStands) {
  auto stage = live("stage", 1204);
  stage.event_age = 3s;
  auto arcade = live("arcade", 1);
  arcade.ledger.malformed = 2, stage.ledger.unrouted = 7;
  arcade.channels = {{"quick", 2s}, {"dbl-lee", 620s}};
  admin::ConnectorView hall;
  hall.name = "hall";
  hall.state = net::State::waiting, hall.reason = net::Reason::connect_refused, hall.paused = true;
  EXPECT_EQ(status_line({stage, arcade, hall}, {sink("events", 1200, 0, 5)}),
            "2 of 3 connectors are live: hall waiting to dial again (connect_refused), not reading: a sink is full, 0 "
            "events; stage live, 1204 events (7 unrouted), the last 3 s ago; arcade live, 1 event, 2 malformed frames, "
            "silent for "
            "longest: dbl-lee, 620 s | sinks: events 1200 delivered, 5 waiting");
}

TEST(Status, OfVeryManyConnectorsOnlySomeAreNamedAndThoseThatAreNotLiveFirst) {
  std::vector<admin::ConnectorView> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(live("c" + std::to_string(i), 0));
  many[7'000].state = net::State::dialing;
  const auto line = status_line(many, {});
  EXPECT_LT(line.size(), 1'000U);
  EXPECT_NE(line.find("9999 of 10000 connectors are live: c7000 dialling"), std::string::npos);
  EXPECT_NE(line.find("and 9980 more"), std::string::npos);
}

TEST(Status, WhatIsOnlySentIsNotCalledDeliveredAndAnOpenBreakerIsSeen) {
  EXPECT_EQ(
      status_line({}, {sink("events", 12, 0, 0), sink("console", 0, 3, 0), channel("hall-screen", 0, 7, 1, "open", 3),
                       channel("all-users", 5, 2, 0, "half_open"), channel("class-chat", 0, 0, 0, "closed")}),
      "0 of 0 connectors are live | sinks: events 12 delivered, 0 waiting; console 3 sent, 0 waiting; "
      "hall-screen 7 sent, 1 waiting, repeated there 3 times, breaker open; all-users 5 delivered, 2 sent, 0 "
      "waiting, breaker half open; "
      "class-chat 0 sent, 0 waiting");
}

TEST(Status, ItsSumsAreNumbers) {
  const auto written = lines_by([](Telemetry& telemetry) {
    auto bad = live("b", 3);
    bad.ledger.malformed = 4, bad.ledger.unrouted = 1;
    report(telemetry, {live("a", 2), bad}, {sink("x", 4, 0, 1), channel("y", 0, 2, 0, "open")});
  });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["level"], "info");
  EXPECT_EQ(written[0]["event"], "status");
  EXPECT_EQ(written[0]["live"], 2);
  EXPECT_EQ(written[0]["events"], 5);
  EXPECT_EQ(written[0]["malformed"], 4);
  EXPECT_EQ(written[0]["unrouted"], 1);
  EXPECT_EQ(written[0]["delivered"], 4);
  EXPECT_EQ(written[0]["waiting"], 1);
  EXPECT_EQ(written[0]["sent"], 2);
  EXPECT_EQ(written[0]["breakers_open"], 1);
}

}  // namespace
}  // namespace tributary::daemon
