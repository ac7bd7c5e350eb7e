#include "connectors/link/said_words.hpp"

#include <gtest/gtest.h>

#include "connectors/link/chat_line.hpp"

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;

const event::SteadyTime start{1h};

TEST(SaidWords, EachOfOurOwnComesBackOnce) {
  SaidWords words;
  EXPECT_TRUE(words.empty(start));
  words.said(1, "hall", "hola", start);
  words.said(2, "hall", "hola", start);
  EXPECT_FALSE(words.empty(start));
  EXPECT_EQ(words.own("hall", "hola ", start), std::nullopt);
  EXPECT_EQ(words.own("another", "hola", start), std::nullopt);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), 1U);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), 2U);
  EXPECT_EQ(words.own("hall", "hola", start + 30s), std::nullopt);
}

TEST(SaidWords, ToAskWhatIsAwaitedUsesNothingUp) {
  SaidWords words;
  words.said(1, "hall", "hola", start);
  EXPECT_TRUE(words.awaits("hall", "hola", start + 30s));
  EXPECT_TRUE(words.awaits("hall", "hola", start + 30s));
  EXPECT_FALSE(words.awaits("hall", "hola", start + 31s));
  EXPECT_FALSE(words.awaits("hall", "adios", start));
  EXPECT_EQ(words.own("hall", "hola", start), 1U);
  EXPECT_FALSE(words.awaits("hall", "hola", start));
}

TEST(SaidWords, AfterHalfAMinuteNothingIsAwaited) {
  SaidWords words;
  words.said(1, "", "hola", start);
  EXPECT_EQ(words.own("", "hola", start + 30s + 1ms), std::nullopt);
  EXPECT_TRUE(words.empty(start + 30s + 1ms));
}

TEST(SaidWords, WhatDidNotGetThereIsNotAwaited) {
  SaidWords words;
  words.said(1, "", "hola", start);
  words.said(2, "", "adios", start);
  words.take_back(1);
  words.came_back(2);
  EXPECT_EQ(words.own("", "hola", start), std::nullopt);
  EXPECT_EQ(words.own("", "adios", start), std::nullopt) << "it was told by its id";
  EXPECT_EQ(words.copied("", "adios", start), 2U);
}

TEST(SaidWords, ACopyOfAnotherIsToldForTenSeconds) {
  SaidWords words;
  words.said(1, "", "a tip", start);
  EXPECT_EQ(words.copied("", "a tip", start + 10s), 1U);
  EXPECT_EQ(words.copied("", "a tip", start + 10s), 1U) << "each copy that is heard";
  EXPECT_EQ(words.copied("", "another tip", start), std::nullopt);
  EXPECT_EQ(words.copied("", "a tip", start + 10s + 1ms), std::nullopt);
  words.said(2, "", "a tip", start + 5s);
  EXPECT_EQ(words.copied("", "a tip", start + 6s), 2U) << "the last one";
}

TEST(SaidWords, ItIsBounded) {
  SaidWords words;
  for (std::uint64_t i = 0; i <= SaidWords::limit; ++i) words.said(i, "", std::to_string(i), start);
  EXPECT_EQ(words.own("", "0", start), std::nullopt);
  EXPECT_EQ(words.own("", "1", start), 1U);
}

TEST(ChatLine, IsCutBetweenCharactersAndNeverWithinOne) {
  EXPECT_EQ(chat_line("hola", 4), "hola");
  EXPECT_EQ(chat_line("holas", 4), "hola");
  EXPECT_EQ(chat_line("a☃☃", 2), "a☃");
  EXPECT_EQ(chat_line("a🎉🎉", 4), "a🎉") << "an emoji is two of UTF-16";
  EXPECT_EQ(chat_line("a🎉🎉", 5), "a🎉🎉");
  EXPECT_EQ(chat_line("🎉", 1), "");
  EXPECT_EQ(chat_line("hola ana", 5), "hola") << "no space at the end";
}

TEST(ChatLine, IsOneLineWithoutControls) {
  EXPECT_EQ(chat_line("  a\r\nb\x1B[31m\xE2\x80\xAE c\n", 140), "a  b [31m  c");
  EXPECT_EQ(chat_line(" \n\t ", 140), "");
  EXPECT_EQ(chat_line("a\xFF", 140), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace tributary::connectors
