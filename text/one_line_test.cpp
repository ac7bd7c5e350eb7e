#include "text/one_line.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

std::string one_line(std::string_view text) {
  std::string out;
  append_one_line(out, text);
  return out;
}

TEST(OneLine, LeavesWhatPeopleWrite) {
  for (const auto* text : {"", "Viewer 123", "b\xc3\xa4ume  \xe2\x82\xac", "\xf0\x9f\x8e\x89", "a\xcc\x88"}) {
    EXPECT_EQ(one_line(text), text);
  }
}

TEST(OneLine, MakesOneSpaceOfControlCharactersAndLineBreaks) {
  EXPECT_EQ(one_line("a\r\n\tb"), "a b");
  EXPECT_EQ(one_line("a\n \nb"), "a   b") << "a space of the text's own stays";
  EXPECT_EQ(one_line(std::string_view("\0a\x7f\xc2\x85z", 6)), " a z");
  EXPECT_EQ(one_line("a\xe2\x80\xa8\xe2\x80\xa9z"), "a z");
}

TEST(OneLine, LeavesOutWhatNobodySees) {
  EXPECT_EQ(one_line("\xe2\x80\xaetxt\xe2\x80\xac\xe2\x81\xa6z\xe2\x81\xa9\xd8\x9c"), "txtz");
  EXPECT_EQ(one_line("a\xc2\xad\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa0\xf3\xa0\x81\xa1z"), "az");
  EXPECT_EQ(one_line("\xe3\x85\xa4\xef\xbe\xa0"), "");
}

TEST(OneLine, KeepsJoinersOnlyWhereTheyJoin) {
  const std::string_view family = "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
  EXPECT_EQ(one_line(family), family);
  EXPECT_EQ(one_line("\xe2\x9d\xa4\xef\xb8\x8f"), "\xe2\x9d\xa4\xef\xb8\x8f");
  EXPECT_EQ(one_line("\xe2\x80\x8d/ban"), "/ban");
  EXPECT_EQ(one_line("\n\xef\xb8\x8f!x"), " !x");
}

TEST(OneLine, RepairsBytesThatAreNoText) { EXPECT_EQ(one_line("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd"); }

TEST(Clipped, CountsCodePoints) {
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("abc", 2), "ab");
  EXPECT_EQ(clipped("abc", 0), "");
  EXPECT_EQ(clipped("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89z", 3), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89");
}

TEST(Clipped, EndsBetweenCharactersAsReadersSeeThem) {
  EXPECT_EQ(clipped("ba\xcc\x88\xcc\xa3z", 3), "b") << "accents";
  EXPECT_EQ(clipped("b\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbdz", 2), "b") << "a skin tone";
  const std::string family = "b\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7";
  EXPECT_EQ(clipped(family, 2), "b");
  EXPECT_EQ(clipped(family, 3), "b");
  EXPECT_EQ(clipped(family, 4), family);
  const std::string flags = "\xf0\x9f\x87\xb8\xf0\x9f\x87\xaa\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa";  // SE, DE
  EXPECT_EQ(clipped(flags, 1), flags.substr(0, 4)) << "no room for one character";
  EXPECT_EQ(clipped(flags, 2), flags.substr(0, 8));
  EXPECT_EQ(clipped(flags, 3), flags.substr(0, 8));
}

TEST(Clipped, DoesNotGiveUpATextForOneCharacterWithoutEnd) {
  std::string zalgo = "a";
  for (int i = 0; i < 1'000; ++i) zalgo += "\xcc\x88";
  EXPECT_EQ(clipped(zalgo, 100).size(), 1U + 99 * 2);
}

}  // namespace
}  // namespace tributary::text
