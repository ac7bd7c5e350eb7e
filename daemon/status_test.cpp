#include "daemon/status.hpp"

#include <gtest/gtest.h>

#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

ConnectorStanding live(std::string name, std::uint64_t events) {
  ConnectorStanding one;
  one.name = std::move(name);
  one.state = net::State::live;
  one.events = events;
  return one;
}

TEST(Status, SaysHowEachConnectorAndEachSinkStands) {
  auto stage = live("stage", 1204);
  stage.quiet = 3s;
  auto arcade = live("arcade", 1);
  arcade.malformed = 2, stage.unrouted = 7;
  arcade.silent_channel = "dbl-lee", arcade.silence = 620s;
  ConnectorStanding hall;
  hall.name = "hall";
  hall.state = net::State::waiting, hall.reason = net::Reason::connect_refused, hall.paused = true;
  EXPECT_EQ(status_line({stage, arcade, hall}, {{"events", 1200, 0, 5}}),
            "2 of 3 connectors are live: hall waiting to dial again (connect_refused), not reading: a sink is full, 0 "
            "events; stage live, 1204 events (7 unrouted), the last 3 s ago; arcade live, 1 event, 2 malformed frames, "
            "silent for "
            "longest: dbl-lee, 620 s | sinks: events 1200 delivered, 5 waiting");
}

TEST(Status, OfVeryManyConnectorsOnlySomeAreNamedAndThoseThatAreNotLiveFirst) {
  std::vector<ConnectorStanding> many;
  for (int i = 0; i < 10'000; ++i) many.push_back(live("c" + std::to_string(i), 0));
  many[7'000].state = net::State::dialing;
  const auto line = status_line(many, {});
  EXPECT_LT(line.size(), 1'000U);
  EXPECT_NE(line.find("9999 of 10000 connectors are live: c7000 dialling"), std::string::npos);
  EXPECT_NE(line.find("and 9980 more"), std::string::npos);
}

TEST(Status, WhatIsOnlySentIsNotCalledDeliveredAndAnOpenBreakerIsSeen) {
  using sinks::channel::BreakerState;
  EXPECT_EQ(status_line({}, {{"events", 12, 0, 0},
                             {"console", 0, 3, 0},
                             {"hall-screen", 0, 7, 1, true, BreakerState::open},
                             {"all-users", 5, 2, 0, true, BreakerState::half_open},
                             {"class-chat", 0, 0, 0, true}}),
            "0 of 0 connectors are live | sinks: events 12 delivered, 0 waiting; console 3 sent, 0 waiting; "
            "hall-screen 7 sent, 1 waiting, breaker open; all-users 5 delivered, 2 sent, 0 waiting, breaker half open; "
            "class-chat 0 sent, 0 waiting");
}

TEST(Status, ItsSumsAreNumbers) {
  const auto written = lines_by([](Telemetry& telemetry) {
    auto bad = live("b", 3);
    bad.malformed = 4, bad.unrouted = 1;
    report(telemetry, {live("a", 2), bad}, {{"x", 4, 0, 1}, {"y", 0, 2, 0, true, sinks::channel::BreakerState::open}});
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
