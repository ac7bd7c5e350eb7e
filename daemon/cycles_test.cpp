#include "daemon/cycles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"
#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Two halls of Stagecast, the second with two connectors.
config::Settings with(const std::string& sinks, const std::string& routes) {
  const std::string text =
      "version: 1\nconnectors:\n"
      "  stage: {type: streamelements, auth: {token: {env: HOME}}}\n"
      "  red: {type: stagecast, channel: red, auth: {token: {env: HOME}}}\n"
      "  blue: {type: stagecast, channel: blue, auth: {token: {env: HOME}}}\n"
      "  blue-2: {type: stagecast, channel: blue, auth: {token: {env: HOME}}}\n"
      "sinks: {" +
      sinks + "}\nroutes: [" + routes + "]\n";
  auto loaded = config::load_text(text, "t.yaml", vocabulary());
  for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
  return *loaded.settings;
}

constexpr const char* two_screens =
    "to-red: {type: stagecast, connector: red}, to-blue: {type: stagecast, connector: blue, format: text}";

TEST(Cycles, OneWayIsNone) {
  EXPECT_THAT(cycles_of(with(two_screens, "{from: [stage], to: [to-red, to-blue]}")), IsEmpty());
  EXPECT_THAT(cycles_of(with(two_screens, "{from: [stage, red], to: [to-blue]}")), IsEmpty());
}

TEST(Cycles, OfTwoChannelsAreTheWayThereAndBack) {
  const auto cycles = cycles_of(with(two_screens, "{from: [red], to: [to-blue]}, {from: [blue], to: [to-red]}"));
  ASSERT_EQ(cycles.size(), 2U);
  EXPECT_EQ(cycles[0].sink, "to-red");
  EXPECT_THAT(cycles[0].way, ElementsAre("blue", "to-red", "red", "to-blue", "blue"));
  EXPECT_FALSE(cycles[0].marked) << "to-blue says texts";
  EXPECT_EQ(cycles[1].sink, "to-blue");
}

TEST(Cycles, GoThroughAnyConnectorThatHearsTheChannel) {
  const auto cycles =
      cycles_of(with("to-red: {type: stagecast, connector: red}, to-blue: {type: stagecast, connector: blue}",
                     "{from: [red], to: [to-blue]}, {from: [blue-2], to: [to-red]}"));
  ASSERT_EQ(cycles.size(), 2U);
  EXPECT_THAT(cycles[0].way, ElementsAre("blue-2", "to-red", "red", "to-blue", "blue-2"));
  EXPECT_TRUE(cycles[0].marked);
}

TEST(Cycles, ARouteWithoutFromTakesFromAll) {
  EXPECT_EQ(cycles_of(with(two_screens, "{to: [to-red, to-blue]}")).size(), 2U);
}

TEST(DeafSinks, GetTheirOwnChannelAlone) {
  const auto deaf = deaf_sinks_of(with(two_screens, "{from: [blue-2], to: [to-blue]}, {from: [stage], to: [to-red]}"));
  ASSERT_EQ(deaf.size(), 1U);
  EXPECT_EQ(deaf[0].sink, "to-blue");
  EXPECT_EQ(deaf[0].connector, "blue-2");
  EXPECT_THAT(deaf_sinks_of(with(two_screens, "{from: [blue-2, stage], to: [to-blue, to-red]}")), IsEmpty());
}

}  // namespace
}  // namespace tributary::daemon
