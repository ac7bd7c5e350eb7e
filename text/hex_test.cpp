#include "text/hex.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::text {
namespace {

TEST(Hex, IsTwoSmallDigitsForEachByte) {
  EXPECT_EQ(hex(std::string_view()), "");
  EXPECT_EQ(hex(std::string_view("\0\x0f\xf0\xff", 4)), "000ff0ff");
  const unsigned char bytes[] = {0xde, 0xad};
  EXPECT_EQ(hex(bytes), "dead");
}

TEST(Hex, ADigitHasItsValueInEitherCaseAndWhatIsNoneHasNone) {
  std::string digits = "0123456789abcdef";
  for (std::size_t i = 0; i < digits.size(); ++i) EXPECT_EQ(hex_value(digits[i]), static_cast<int>(i));
  for (const char c : {'A', 'F'}) EXPECT_EQ(hex_value(c), c - 'A' + 10);
  for (const char c : {'g', 'G', '/', ':', '@', '`', '+', '-', ' ', '\0', '\xff'}) EXPECT_EQ(hex_value(c), -1) << c;
}

}  // namespace
}  // namespace tributary::text
