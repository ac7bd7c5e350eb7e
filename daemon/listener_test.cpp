#include "daemon/listener.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::daemon {
namespace {

TEST(Listener, HasTheWordsOfATextAsTheyAre) {
  EXPECT_EQ(words_of(R"({"from":"203.0.113.7","msg":"Nadia tipped 5 EUR"})"), "Nadia tipped 5 EUR");
  EXPECT_EQ(words_of(R"({"eventType":10,"message":"Nadia tipped 5 EUR"})"), "Nadia tipped 5 EUR");
  EXPECT_EQ(words_of("plain words"), "plain words");
  EXPECT_EQ(words_of(R"({"msg":12.50})"), "12.5") << "another kind of value is told as JSON";
}

TEST(Listener, TellsWhatIsInAnEnvelope) {
  const std::string inside =
      R"({\"type\":\"tip\",\"data\":{\"username\":\"nadia\",\"amount\":5,\"currency\":\"EUR\"}})";
  EXPECT_EQ(words_of(R"({"from":"203.0.113.7","msg":{"tributary":{"v":1},"event":")" + inside + "\"}}"),
            "envelope of a tip: nadia, 5 EUR");
  EXPECT_EQ(words_of(R"({"eventType":10,"message":"{\"tributary\":{\"v\":1},\"event\":\"no event\"}"})"),
            "envelope of no event");
}

}  // namespace
}  // namespace tributary::daemon
