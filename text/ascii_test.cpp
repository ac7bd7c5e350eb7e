#include "text/ascii.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

TEST(Trimmed, IsWithoutBlanksAndLineEndsAroundIt) {
  EXPECT_EQ(trimmed(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Trimmed, OfOneCharacterLeavesAllOthers) {
  EXPECT_EQ(trimmed("  1 2 ", ' '), "1 2");
  EXPECT_EQ(trimmed(" \t1\n ", ' '), "\t1\n");
  EXPECT_EQ(trimmed("   ", ' '), "");
  EXPECT_EQ(trimmed("", ' '), "");
}

}  // namespace
}  // namespace tributary::text
