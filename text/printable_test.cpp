#include "text/printable.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

TEST(Printable, ReplacesControlCharactersAndBrokenUtf8) {
  EXPECT_EQ(printable("a\r\nb\x7f", 100), "a  b ");
  EXPECT_EQ(printable("caf\xc3\xa9 \xf0\x9f\x98\x80", 100), "caf\xc3\xa9 \xf0\x9f\x98\x80");
  EXPECT_EQ(printable("\xff|\xc3(|\xe2\x98|\xed\xa0\x80", 100),
            "\xef\xbf\xbd|\xef\xbf\xbd(|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("ab\xc3\xa9", 3), "ab");
  EXPECT_EQ(printable("ab\xc3\xa9", 4), "ab\xc3\xa9");
  EXPECT_EQ(printable(std::string(1000, 'x'), 300).size(), 300u);
}

TEST(Printable, NothingThatSteersATerminalOrTurnsALineAroundIsShown) {
  for (const char* steering :
       {"\x1b", "\xc2\x80", "\xc2\x9b", "\xc2\x9f", "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"}) {
    EXPECT_EQ(printable(std::string("a") + steering + "b"), "a b");
    EXPECT_EQ(printable_json("\"" + std::string(steering) + "\"").find(steering), std::string::npos);
  }
  const std::string sound =
      "a\xc2\xa0 \xd7\xa9\xd7\x9c \xd8\xb3 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80";  // other scripts, joined
                                                                                           // emoji
  EXPECT_EQ(printable(sound), sound);
  EXPECT_EQ(printable_json(sound), sound);
}

TEST(Printable, KeepsTheLinesOfWhatHasLines) { EXPECT_EQ(printable_lines("a\r\n\x1b[b\n"), "a \n [b\n"); }

TEST(Printable, JsonStaysTheSameValue) {
  EXPECT_EQ(printable_json("{\"a\":\"\xc2\x9b\xe2\x80\xae\x7f\"}"), R"({"a":"\u009b\u202e\u007f"})");
}

}  // namespace
}  // namespace tributary::text
