#include "daemon/advice.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

std::vector<std::string> advice(const std::string& text) {
  const auto loaded = config::load_text("version: 1\n" + text, "t.yaml", vocabulary());
  for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
  std::vector<std::string> sentences;
  for (const auto& one : advice_on(loaded)) sentences.push_back(config::format(one));
  return sentences;
}

using Sentences = std::vector<std::string>;

constexpr const char* arcade = "connectors: {arcade: {type: dlive, streamers: [ada]}}\nsinks: {f: {type: stdout}}\n";
constexpr const char* both =
    "connectors:\n"
    "  arcade: {type: dlive, streamers: [ada]}\n"
    "  stage: {type: streamelements, auth: {token: {file: t}}}\n"
    "sinks: {f: {type: stdout}}\n";

TEST(Advice, AMistypedTypeIsSaidAtItsPlaceWithTheNearest) {
  EXPECT_EQ(advice(std::string(arcade) + "routes: [{to: [f], types: [chat, tips]}]\n"),
            Sentences{"t.yaml:4:34: routes[0].types[1]: no upstream has type `tips`; did you mean `tip`?"});
}

TEST(Advice, ATypeOfTestsAloneIsKnownWhereTestsAreTaken) {
  const auto of = [](const std::string& more) {
    return advice("connectors: {stage: {type: streamelements, auth: {token: {file: t}}" + more +
                  "}}\nsinks: {f: {type: stdout}}\nroutes: [{to: [f], types: [follower]}]\n");
  };
  EXPECT_EQ(of(""),
            Sentences{"t.yaml:4:28: routes[0].types[0]: no upstream has type `follower`; did you mean `follow`?"});
  EXPECT_EQ(of(", test_events: true"), Sentences{});
}

TEST(Advice, WhereNoConnectorIsEnabledNothingIsRead) {
  const auto said = advice(
      "connectors: {arcade: {type: dlive, streamers: [ada], enabled: false}}\nsinks: {f: {type: stdout}}\nroutes: "
      "[{to: [f]}]\n");
  EXPECT_EQ(said, Sentences{"t.yaml:2:1: connectors: nothing is read: no connector is enabled"});
}

TEST(Advice, ARouteFromADisabledConnectorIsWarnedOf) {
  EXPECT_EQ(advice("connectors:\n  arcade: {type: dlive, streamers: [ada], enabled: false}\n"
                   "  stage: {type: streamelements, auth: {token: {file: t}}}\nsinks: {f: {type: stdout}}\n"
                   "routes: [{from: [stage, arcade], to: [f]}]\n"),
            Sentences{"t.yaml:6:25: routes[0].from[1]: the connector `arcade` is disabled: nothing comes from it"});
}

TEST(Advice, APatternIsNoType) {
  for (const auto* pattern : {"*", "tip*"}) {
    EXPECT_EQ(advice(std::string(both) + "routes: [{to: [f], types: ['" + pattern + "']}]\n"),
              Sentences{"t.yaml:6:28: routes[0].types[0]: `" + std::string(pattern) +
                        "` is no type, and there are no patterns of types; leave `types` out to take all"});
  }
}

TEST(Advice, TypesThatAnUpstreamHasAreNoNews) {
  EXPECT_EQ(advice(std::string(both) + "routes: [{to: [f], types: [tip, chat, raid, unknown]}]\n"), Sentences{});
}

TEST(Advice, ARouteKnowsTheTypesOfItsOwnConnectors) {
  EXPECT_EQ(
      advice(std::string(both) + "routes: [{to: [f]}, {from: [stage], to: [f], types: [chat]}]\n"),
      Sentences{"t.yaml:6:54: routes[1].types[0]: no upstream in this route's `from` has type `chat`, others have"});
}

TEST(Advice, AnUpstreamWithAnOpenSetMaySendMore) {
  EXPECT_EQ(
      advice(std::string(both) + "routes: [{to: [f], types: [zeppelin]}]\n"),
      Sentences{"t.yaml:6:28: routes[0].types[0]: no upstream has type `zeppelin` that is known; `streamelements` "
                "may send more types than those"});
}

TEST(Advice, EmptyPartsAreWarnedOf) {
  EXPECT_EQ(
      advice("connectors:\nsinks: {}\nroutes: []\n"),
      (Sentences{"t.yaml:2:1: connectors: nothing is read: there is no connector",
                 "t.yaml:3:1: sinks: nothing is delivered: there is no sink",
                 "t.yaml:4:1: routes: nothing is delivered: there is no route; `- {to: [SINK]}` takes every event "
                 "there"}));
  EXPECT_EQ(advice("").size(), 3U);
  EXPECT_EQ(advice("").front(), "t.yaml: connectors: nothing is read: there is no connector");
}

TEST(Advice, AConnectorThatNoRouteTakesFromLosesEverything) {
  EXPECT_EQ(advice(std::string(both) + "routes: [{from: [arcade], to: [f]}]\n"),
            Sentences{"t.yaml:4:3: connectors.stage: no route takes events from it: all of them are lost"});
}

TEST(Advice, AConnectorMayBeThereForAChannelSinkAlone) {
  const std::string rest =
      "connectors: {hall: {type: stagecast, channel: c, auth: {token: {env: HOME}}}, desk: {type: users, url: "
      "'ws://d', "
      "origin: o}}\nsinks: {screen: {type: stagecast, connector: hall}}\n";
  EXPECT_EQ(advice(rest + "routes: [{from: [desk], to: [screen]}]\n"), Sentences{});
  EXPECT_EQ(advice(rest + "routes: [{from: [hall], to: [screen]}]\n").size(), 2U)
      << "desk, from which nothing is taken, and the screen, which gets its own channel alone";
}

TEST(Advice, AChannelSinkOfADisabledConnectorSaysNothing) {
  EXPECT_EQ(
      advice("connectors: {hall: {type: stagecast, enabled: false, channel: c, auth: {token: {env: HOME}}}, desk: "
             "{type: users, url: 'ws://d', origin: o}}\nsinks: {screen: {type: stagecast, connector: hall}}\n"
             "routes: [{from: [desk], to: [screen]}]\n"),
      Sentences{"t.yaml:3:46: sinks.screen.connector: says nothing: the connector `hall` is not enabled"});
}

TEST(Advice, SessionStateNeedsASinkThatTakesIt) {
  const std::string stage =
      "connectors:\n  stage: {type: streamelements, state_updates: true, auth: {token: {file: t}}}\nroutes: [{to: "
      "[k]}]\n";
  EXPECT_EQ(advice(stage + "sinks: {k: {type: kafka, brokers: [a:1]}}\n"),
            Sentences{"t.yaml:3:48: connectors.stage.state_updates: session state goes nowhere: no sink of its routes "
                      "takes it; set `topics.state` of a kafka sink"});
  EXPECT_EQ(advice(stage + "sinks: {k: {type: kafka, brokers: [a:1], topics: {state: s}}}\n"), Sentences{});
}

}  // namespace
}  // namespace tributary::daemon
