#include "text/time.hpp"

#include <gtest/gtest.h>

namespace tributary::text {
namespace {

std::string normal(std::string_view text) {
  const auto time = parse_time(text);
  return time ? to_text(*time) : "none";
}

TEST(ParseTime, ReadsOffsetsAndFractionsTruncatingToMilliseconds) {
  EXPECT_EQ(normal("2026-10-01T12:34:56.789Z"), "2026-10-01T12:34:56.789Z");
  EXPECT_EQ(normal("2026-10-01t12:34:56z"), "2026-10-01T12:34:56.000Z");
  EXPECT_EQ(normal("2026-10-01T12:34:56.7899999+02:00"), "2026-10-01T10:34:56.789Z");
  EXPECT_EQ(normal("2026-12-31T23:30:00.1-01:30"), "2027-01-01T01:00:00.100Z");
  EXPECT_EQ(normal("1969-12-31T23:59:59.999Z"), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(normal("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00.000Z");
}

TEST(ParseTime, TakesALeapSecondOnlyAtTheEndOfAUtcDay) {
  EXPECT_EQ(normal("2016-12-31T23:59:60Z"), "2016-12-31T23:59:59.999Z");
  EXPECT_EQ(normal("2017-01-01T08:59:60+09:00"), "2016-12-31T23:59:59.999Z");
  EXPECT_EQ(normal("2016-12-31T22:59:60Z"), "none");
}

TEST(ParseTime, RefusesWhatIsNotADateTime) {
  for (auto text : {"", "2026-10-01", "2026-10-01 12:34:56Z", "2026-10-01T12:34:56", "2026-13-01T12:34:56Z",
                    "2026-02-29T00:00:00Z", "2026-10-01T24:00:00Z", "2026-10-01T12:34:56.Z", "2026-10-01T12:34:56+2:00",
                    "2026-10-01T12:34:56Zx", "0000-01-01T00:00:00+01:00", "20261001T123456Z", "2026-10-01T12:34:56+"}) {
    EXPECT_EQ(normal(text), "none") << text;
  }
}

}  // namespace
}  // namespace tributary::text
