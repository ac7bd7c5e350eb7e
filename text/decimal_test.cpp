#include "text/decimal.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

TEST(Decimal, OfADoubleIsTheShortestTextThatReadsBackAsIt) {
  // Between 2^53 and the shortest text with an exponent, a double's binary value has as few characters.
  EXPECT_EQ(Decimal(5010910000119e5), Decimal("501091000011900000"));
  EXPECT_EQ(Decimal(-50109100001190.0e4), Decimal("-5.010910000119e17"));
  for (const auto* text : {"4.2", "0.1", "1e23", "123456789012345e7", "1e300", "2.5e-300"}) {
    EXPECT_EQ(Decimal(std::stod(text)), Decimal(text)) << text;
  }
}

TEST(Decimal, HasOneValueInAllItsWritings) {
  EXPECT_EQ(Decimal("10.0"), Decimal("1e1"));
  EXPECT_EQ(Decimal("-0"), Decimal("0.00e9"));
  EXPECT_LT(Decimal("-2").compare(Decimal("1e-400")), 0);
  EXPECT_GT(Decimal("12345678901234567890.1").compare(Decimal("12345678901234567890")), 0);
  EXPECT_EQ(Decimal("1e2").integer(), 100);
  EXPECT_EQ(Decimal("1e30").integer(), std::nullopt);
}

}  // namespace
}  // namespace tributary::text
