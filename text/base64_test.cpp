#include "text/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::text {
namespace {

// The vectors of RFC 4648, section 10, and all bits set.
TEST(Base64, IsThatOfTheRfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xff\xff"), "////");
  EXPECT_EQ(base64(std::string_view("\0", 1)), "AA==");
}

TEST(Base64, IsReadBack) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd"})
    EXPECT_EQ(from_base64(base64(text)), text);
  for (const char* odd : {"Zg", "Zg=", "Zg==Zg==", "Z===", "Zh==", "Zm9-", "Zm 9", "====", "=g=="}) {
    EXPECT_EQ(from_base64(odd), std::nullopt) << odd;
  }
}

TEST(Base64, OfOthersMayHaveEitherAlphabetAndLackItsPadding) {
  for (const std::string text : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd\xfb"}) {
    auto digits = base64(text);
    EXPECT_EQ(from_base64_leniently(digits), text);
    while (digits.ends_with('=')) digits.pop_back();
    EXPECT_EQ(from_base64_leniently(digits), text);
    for (char& c : digits) c = c == '+' ? '-' : c == '/' ? '_' : c;
    EXPECT_EQ(from_base64_leniently(digits), text);
  }
  EXPECT_EQ(from_base64_leniently("Zh"), "f") << "bits left over";
  for (const char* odd : {"Zg==Zg==", "Zm 9", "=g", "Zm9v.", "\xff"}) {
    EXPECT_EQ(from_base64_leniently(odd), std::nullopt) << odd;
  }
}

}  // namespace
}  // namespace tributary::text
