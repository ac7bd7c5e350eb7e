#include "connectors/link/chat_line.hpp"

#include <gtest/gtest.h>

namespace tributary::connectors {
namespace {

TEST(ChatLine, IsCutBetweenCharactersAndNeverWithinOne) {
  EXPECT_EQ(chat_line("hola", 4), "hola");
  EXPECT_EQ(chat_line("holas", 4), "hola");
  EXPECT_EQ(chat_line("a☃☃", 2), "a☃");
  EXPECT_EQ(chat_line("a🎉🎉", 2), "a🎉") << "an emoji is one";
  EXPECT_EQ(chat_line("a🎉🎉", 3), "a🎉🎉");
  EXPECT_EQ(chat_line("🎉", 0), "");
  EXPECT_EQ(chat_line("hola ana", 5), "hola") << "no space at the end";
}

TEST(ChatLine, IsOneLineWithoutControls) {
  EXPECT_EQ(chat_line("  a\r\nb\x1B[31m\xE2\x80\xAE c\n", 140), "a  b [31m  c");
  EXPECT_EQ(chat_line(" \n\t ", 140), "");
  EXPECT_EQ(chat_line("a\xFF", 140), "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace tributary::connectors
