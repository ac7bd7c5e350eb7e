#include "text/percent.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tributary::text {
namespace {

TEST(Percent, WhatIsUnreservedStandsForItself) {
  const std::string unreserved = "AZaz09-._~";
  EXPECT_EQ(percent_encoded(unreserved), unreserved);
  EXPECT_EQ(percent_encoded(" /?#%:@\xc3\xa9\x7f"), "%20%2F%3F%23%25%3A%40%C3%A9%7F");
  EXPECT_EQ(percent_encoded(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(percent_encoded("a~b.c", "~"), "a%7Eb.c") << "and what is asked for beside";
}

TEST(Percent, EveryByteIsReadBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
  EXPECT_EQ(percent_decoded_leniently(percent_encoded(all)), all);
  EXPECT_EQ(percent_decoded("%c3%A9+"), "\xc3\xa9+");
}

TEST(Percent, WhatIsNoByteIsRefusedOrStandsForItself) {
  for (const std::string odd : {"%", "a%", "%4", "a%4", "%g0", "%0g", "%%", "% 4", "%+4", "%-4", "%0x41"}) {
    EXPECT_EQ(percent_decoded(odd), std::nullopt) << odd;
    EXPECT_EQ(percent_decoded_leniently(odd), odd);
  }
  EXPECT_EQ(percent_decoded_leniently("%%41%4"), "%A%4");
}

}  // namespace
}  // namespace tributary::text
