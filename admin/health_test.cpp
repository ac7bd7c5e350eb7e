#include "admin/health.hpp"

#include <gtest/gtest.h>

#include "admin/status_fixture.hpp"

namespace tributary::admin {
namespace {

using namespace samples;

TEST(Health, SaysThatAllIsWellAndOfHowMany) {
  auto snapshot = quiet_snapshot();
  EXPECT_EQ(health_of(snapshot).headline, "all is well: no upstream is configured");
  snapshot.connectors = {live_connector("arcade")};
  snapshot.sinks = {healthy_sink("events")};
  EXPECT_EQ(health_of(snapshot).headline, "all is well: 1 upstream is live, 1 sink keeps up");
  snapshot.connectors.push_back(live_connector("hall"));
  snapshot.sinks.push_back(healthy_sink("archive"));
  const auto health = health_of(snapshot);
  EXPECT_EQ(health.headline, "all is well: 2 upstreams are live, 2 sinks keep up");
  EXPECT_EQ(health.level, HealthLevel::well);
  EXPECT_TRUE(health.troubles.empty());
}

TEST(Health, NamesEachUpstreamThatNeedsAttentionWithItsReason) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("main-stage"),
                         waiting_connector("hall", net::Reason::connect_refused, "connection refused"),
                         waiting_connector("arcade", net::Reason::credential_refused, "invalid token")};
  snapshot.connectors.back().needs_person = true;
  const auto health = health_of(snapshot);
  EXPECT_EQ(health.level, HealthLevel::trouble);
  EXPECT_EQ(health.headline, "2 of 3 upstreams need attention: arcade (credential_refused), hall (connect_refused)")
      << "what needs a person comes first";
  ASSERT_EQ(health.troubles.size(), 2U);
  EXPECT_EQ(health.troubles[0].words, "invalid token; it will not recover by itself; next attempt in 12 s");
  EXPECT_EQ(health.troubles[1].words, "connection refused; next attempt in 12 s");
}

TEST(Health, OfVeryManyOnlySomeAreNamed) {
  auto snapshot = quiet_snapshot();
  for (int i = 0; i < 7; ++i) {
    snapshot.connectors.push_back(waiting_connector("c" + std::to_string(i), net::Reason::eof, "eof"));
  }
  EXPECT_EQ(health_of(snapshot).headline,
            "7 of 7 upstreams need attention: c0 (eof), c1 (eof), c2 (eof), c3 (eof) and 3 more");
}

TEST(Health, AFirstDialIsNoTroubleUntilItTakesTooLong) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("main-stage"), live_connector("hall")};
  auto& hall = snapshot.connectors.back();
  hall.state = net::State::dialing;
  hall.state_for = 3s;
  EXPECT_EQ(health_of(snapshot).level, HealthLevel::starting);
  EXPECT_EQ(health_of(snapshot).headline, "starting: 1 of 2 upstreams is being connected");
  hall.state_for = 40s;
  EXPECT_EQ(health_of(snapshot).headline, "1 of 2 upstreams needs attention: hall (dialing)");
  hall.state_for = 1s;
  hall.reason = net::Reason::eof;  // it is dialled again
  EXPECT_EQ(health_of(snapshot).headline, "1 of 2 upstreams needs attention: hall (eof)");
}

TEST(Health, ASinkIsInTroubleForItsWorstReason) {
  auto snapshot = quiet_snapshot();
  snapshot.sinks = {healthy_sink("events")};
  auto& sink = snapshot.sinks.front();
  const auto reason = [&] {
    const auto health = health_of(snapshot);
    return health.troubles.empty() ? std::string("ok") : health.troubles.front().reason;
  };
  sink.oldest_age = 29s;
  EXPECT_EQ(reason(), "ok");
  sink.oldest_age = 30s;
  EXPECT_EQ(reason(), "late");
  sink.breaker = "half_open";
  EXPECT_EQ(reason(), "late");
  sink.breaker = "open";
  EXPECT_EQ(reason(), "breaker_open");
  sink.full = true;
  EXPECT_EQ(reason(), "full");
  sink.brokers = {{"kafka-1:9092", false, "CONNECT"}, {"kafka-2:9092", true, "UP"}};
  EXPECT_EQ(reason(), "full");
  sink.brokers.back().up = false;
  EXPECT_EQ(reason(), "unreachable");
  EXPECT_EQ(health_of(snapshot).troubles.front().words,
            "no broker can be reached: kafka-1:9092 (CONNECT), kafka-2:9092 (UP)");
  sink.parked = {"stream.events"};
  EXPECT_EQ(reason(), "parked");
  EXPECT_TRUE(health_of(snapshot).troubles.front().needs_person);
  sink.failing = "no broker answers";
  EXPECT_EQ(reason(), "failing");
  EXPECT_EQ(health_of(snapshot).headline, "1 of 1 sink needs attention: events (failing)");
}

TEST(Health, APausedUpstreamAndItsFullSinkAreBothTold) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("hall")};
  snapshot.connectors.front().paused = true;
  snapshot.sinks = {healthy_sink("events"), healthy_sink("archive")};
  snapshot.sinks.front().full = true;
  EXPECT_EQ(health_of(snapshot).headline,
            "1 of 1 upstream needs attention: hall (paused); 1 of 2 sinks needs attention: events (full)");
}

TEST(Health, AStuckLoopAndARefusedReloadAreTroubleOfTheProgram) {
  auto snapshot = quiet_snapshot();
  snapshot.stalled = {"io-1"};
  snapshot.reload = ReloadView{noon, false, "tributary.yaml:3:1: unknown key"};
  const auto health = health_of(snapshot);
  EXPECT_EQ(health.headline, "the program is stuck in io-1; the last reload was refused");
  ASSERT_EQ(health.troubles.size(), 2U);
  EXPECT_EQ(health.troubles[1].words,
            "the configuration was not reloaded, the old one goes on: tributary.yaml:3:1: unknown key");
  snapshot.stalled.clear();
  snapshot.reload->applied = true;
  EXPECT_EQ(health_of(snapshot).level, HealthLevel::well);
}

TEST(Health, AStopIsNoTrouble) {
  auto snapshot = quiet_snapshot();
  snapshot.stopping = true;
  snapshot.connectors = {waiting_connector("hall", net::Reason::stopped, "")};
  snapshot.sinks = {healthy_sink("events")};
  snapshot.sinks.front().ledger.in_flight = 3;
  EXPECT_EQ(health_of(snapshot).level, HealthLevel::stopping);
  EXPECT_EQ(health_of(snapshot).headline, "stopping: 3 events are still to be delivered");
}

}  // namespace
}  // namespace tributary::admin
