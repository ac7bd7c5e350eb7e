#include "connectors/users/own_echoes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::connectors::users {
namespace {

using namespace std::chrono_literals;

event::SteadyTime at(std::chrono::milliseconds time) { return event::SteadyTime{} + 1h + time; }

class OwnEchoesTest : public testing::Test {
 protected:
  /// `7`: the first copy of the echo of message 7; `+7`: a further one; "": none of ours.
  std::string heard(std::string_view text, std::uint32_t copies = 1, std::chrono::milliseconds when = 0ms) {
    const auto own = echoes.heard(text, copies, 1s, at(when));
    if (!own) return "";
    return (own->first ? "" : "+") + std::to_string(own->number);
  }
  OwnEchoes echoes;
};

TEST_F(OwnEchoesTest, EachIsHeardOnce) {
  echoes.said("a", 7, at(0ms));
  EXPECT_TRUE(echoes.awaits(at(0ms)));
  EXPECT_EQ(heard("b"), "");
  EXPECT_EQ(heard("a"), "7");
  EXPECT_EQ(heard("a"), "") << "somebody repeats it";
  EXPECT_FALSE(echoes.awaits(at(0ms)));
}

TEST_F(OwnEchoesTest, OneTextOfTwoMessagesIsHeardTwiceInTheirOrder) {
  echoes.said("gg", 1, at(0ms));
  echoes.said("gg", 2, at(1ms));
  EXPECT_EQ(heard("gg"), "1");
  EXPECT_EQ(heard("gg"), "2");
  EXPECT_EQ(heard("gg"), "");
}

TEST_F(OwnEchoesTest, CopiesBelongToTheFirst) {
  echoes.said("gg", 1, at(0ms));
  echoes.said("gg", 2, at(0ms));
  for (const char* expected : {"1", "+1", "+1", "2", "+2", "+2", ""}) EXPECT_EQ(heard("gg", 3), expected);
}

TEST_F(OwnEchoesTest, ACopyThatIsLateIsNone) {
  echoes.said("gg", 1, at(0ms));
  EXPECT_EQ(heard("gg", 2), "1");
  EXPECT_EQ(heard("gg", 2, 1'001ms), "");
}

TEST_F(OwnEchoesTest, IsForgottenAfterAMinuteAndAPauseIsNoTime) {
  echoes.said("a", 1, at(0ms));
  echoes.put_off(30s);
  EXPECT_TRUE(echoes.awaits(at(90s)));
  EXPECT_FALSE(echoes.awaits(at(90'001ms)));
  EXPECT_EQ(heard("a", 1, 91s), "");
}

TEST_F(OwnEchoesTest, IsBounded) {
  for (std::uint64_t i = 0; i <= OwnEchoes::limit; ++i)
    echoes.said(i % 2 == 0 ? "even" : std::to_string(i), i, at(0ms));
  EXPECT_EQ(heard("even"), "2") << "the oldest is forgotten";
  EXPECT_EQ(heard("1"), "1");
  EXPECT_EQ(heard("4095"), "4095");
}

}  // namespace
}  // namespace tributary::connectors::users
