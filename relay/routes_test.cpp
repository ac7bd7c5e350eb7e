#include "relay/routes.hpp"

#include <gtest/gtest.h>

namespace tributary::relay {
namespace {

TEST(Routes, AnEventGoesToEverySinkOfEveryRouteThatMatches) {
  const std::vector<Route> routes{{{}, {}, 0b001}, {{"stage"}, {"tip", "cheer"}, 0b010}, {{"hall"}, {}, 0b100}};
  const RoutesFrom stage(routes, "stage");
  EXPECT_EQ(stage.of("tip"), Targets(0b011));
  EXPECT_EQ(stage.of("follow"), Targets(0b001));
  EXPECT_EQ(stage.any(), Targets(0b011));
  EXPECT_EQ(RoutesFrom(routes, "hall").of("tip"), Targets(0b101));
}

TEST(Routes, NoRouteIsNoSink) {
  EXPECT_TRUE(RoutesFrom({}, "stage").of("tip").none());
  EXPECT_TRUE(RoutesFrom({{{}, {"raid"}, 1}}, "stage").of("tip").none());
}

}  // namespace
}  // namespace tributary::relay
