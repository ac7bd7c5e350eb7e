#include "admin/readiness.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tributary::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ConnectorView connector(const char* name, net::State state, net::Reason reason = net::Reason::none) {
  ConnectorView view;
  view.name = name;
  view.state = state;
  view.reason = reason;
  return view;
}

SinkView sink(const char* name, const char* failing = "", std::uint64_t delivered = 0) {
  SinkView view;
  view.name = name;
  view.failing = failing;
  view.ledger.delivered = delivered;
  return view;
}

Snapshot healthy() {
  Snapshot snapshot;
  snapshot.connectors = {connector("a", net::State::live), connector("b", net::State::live)};
  snapshot.sinks = {sink("events")};
  return snapshot;
}

TEST(Readiness, OfAHealthyProgramAndOfOneWithoutAnything) {
  EXPECT_TRUE(readiness(healthy()).ready());
  EXPECT_TRUE(readiness({}).ready()) << "an empty configuration";
}

TEST(Readiness, OneUpstreamOfSeveralIsNoReason) {
  auto snapshot = healthy();
  snapshot.connectors[1] = connector("b", net::State::parked, net::Reason::credential_refused);
  EXPECT_TRUE(readiness(snapshot).ready());
  EXPECT_THAT(readiness(snapshot).degraded, ElementsAre("connector b is parked: credential_refused"));
}

TEST(Readiness, NoUpstreamAtAllIs) {
  auto snapshot = healthy();
  snapshot.connectors = {connector("a", net::State::waiting, net::Reason::connect_refused),
                         connector("b", net::State::dialing), connector("c", net::State::idle)};
  EXPECT_THAT(readiness(snapshot).why_not,
              ElementsAre("no connector is live", "connector a is waiting: connect_refused", "connector b is dialing"));
  snapshot.connectors = {connector("c", net::State::idle)};
  EXPECT_TRUE(readiness(snapshot).ready()) << "none is wanted";
}

TEST(Readiness, KafkaThatIsAwayIsNoReasonWhileTheSpoolKeepsEvents) {
  auto snapshot = healthy();
  snapshot.sinks = {sink("events", "broker away", 7)};
  EXPECT_THAT(readiness(snapshot).why_not, ElementsAre(HasSubstr("has no spool")));
  snapshot.sinks[0].spool_size = 1 << 20;
  EXPECT_THAT(readiness(snapshot).why_not, IsEmpty());
  EXPECT_THAT(readiness(snapshot).degraded,
              ElementsAre("sink events writes nothing: broker away; the spool keeps its events"));
  snapshot.sinks[0].full = true;
  EXPECT_THAT(readiness(snapshot).why_not, ElementsAre(HasSubstr("is full")));
}

TEST(Readiness, ASinkThatHasNeverDeliveredIsAReasonAlsoWithASpool) {
  auto snapshot = healthy();
  snapshot.sinks = {sink("events", "broker away")};
  snapshot.sinks[0].spool_size = 1 << 20;
  EXPECT_THAT(readiness(snapshot).why_not, ElementsAre(HasSubstr("nothing since the start")));
  snapshot.sinks[0].ledger.notices_delivered = 1;
  EXPECT_TRUE(readiness(snapshot).ready());
}

TEST(Readiness, ChannelSinksAreNoReason) {
  auto snapshot = healthy();
  snapshot.sinks.push_back(sink("hall-screen", "the connector is away"));
  snapshot.sinks.back().connector = "hall";
  snapshot.sinks.back().full = true;
  EXPECT_TRUE(readiness(snapshot).ready());
}

TEST(Readiness, StoppingAndStalledAreReasons) {
  auto snapshot = healthy();
  snapshot.stopping = true;
  snapshot.stalled = {"io-1"};
  EXPECT_THAT(readiness(snapshot).why_not, ElementsAre("the program is stopping", "the loop io-1 does not advance"));
}

}  // namespace
}  // namespace tributary::admin
