#include "net/printable.hpp"

#include <gtest/gtest.h>

namespace tributary::net {
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

}  // namespace
}  // namespace tributary::net
