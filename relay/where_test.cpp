#include "relay/where.hpp"

#include <gtest/gtest.h>

#include "expression/reading.hpp"
#include "schema/document.hpp"

namespace tributary::relay {
namespace {

TEST(Where, AsksTheEventAsTheConfigurationSays) {
  schema::Document event;
  ASSERT_TRUE(event.read(R"({"type":"tip","data":{"amount":4.99}})"));
  expression::Reading reading(event);
  EXPECT_TRUE(where("data.amount >= 4.99 and test == false")->holds(reading));
  EXPECT_FALSE(where("data.amount >= 5")->holds(reading));
  EXPECT_EQ(where(""), nullptr) << "always";
}

TEST(Where, ATextThatIsNoConditionEndsTheProgramRatherThanTakeEverything) {
  EXPECT_DEATH(where("data.amount >="), "cannot happen");
}

TEST(Where, DecidesBetweenTheRoutesOfOneConnector) {
  schema::Document event;
  ASSERT_TRUE(event.read(R"({"type":"tip","data":{"amount":4.99}})"));
  const RoutesFrom routes({{{}, {}, 0b0001, where("data.amount >= 5")},
                           {{}, {"tip"}, 0b0010, where("data.amount < 5")},
                           {{}, {"raid"}, 0b0100, where("data.amount < 5")},
                           {{"hall"}, {}, 0b1000, where("data.amount < 5")}},
                          "stage");
  EXPECT_TRUE(routes.asks("tip"));
  EXPECT_EQ(routes.of("tip", event), Targets(0b0010));
  EXPECT_EQ(routes.of("raid", event), Targets(0b0100));
  EXPECT_EQ(routes.of("tip"), Targets(0b0011)) << "that may get one";
}

struct Counting final : Condition {
  bool holds(expression::Reading&) const override { return ++asked, true; }
  mutable int asked = 0;
};

TEST(Where, AsksNothingForASinkThatGetsTheEventAnyway) {
  const auto condition = std::make_shared<Counting>();
  const RoutesFrom routes({{{}, {}, 0b11, condition}, {{}, {"tip"}, 0b01}, {{}, {}, 0b10}}, "stage");
  schema::Document event;
  ASSERT_TRUE(event.read("{}"));
  EXPECT_EQ(routes.of("tip", event), Targets(0b11));
  EXPECT_EQ(condition->asked, 0);
  EXPECT_EQ(routes.of("raid", event), Targets(0b11));
  EXPECT_EQ(condition->asked, 1);
}

}  // namespace
}  // namespace tributary::relay
