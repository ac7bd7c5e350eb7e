#include "config/values.hpp"

#include <gmock/gmock.h>

namespace tributary::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(Duration, reads_each_unit) {
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("10s"), seconds(10));
  EXPECT_EQ(parse_duration("5m"), minutes(5));
  EXPECT_EQ(parse_duration("24h"), hours(24));
  EXPECT_EQ(parse_duration("0s"), seconds(0));
}

TEST(Duration, refuses_every_other_spelling) {
  for (const auto* text : {"", "0", "10", "s", "-1s", "+1s", "1.5s", "10 s", "10sec", "1m30s", "10S", " 1s", "1s ",
                           "1e3s", "99999999999999999999s", "9223372036854775807h", "87841h"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, is_written_in_the_largest_unit_that_divides_it_and_reads_back) {
  EXPECT_EQ(format(hours(24)), "24h");
  EXPECT_EQ(format(seconds(90)), "90s");
  EXPECT_EQ(format(minutes(90)), "90m");
  EXPECT_EQ(format(milliseconds(1'001)), "1001ms");
  EXPECT_EQ(format(milliseconds(0)), "0s");
  for (std::int64_t count = 1; count < 100'000'000'000; count = count * 7 + 13) {
    EXPECT_EQ(parse_duration(format(milliseconds(count))), milliseconds(count));
  }
}

TEST(Size, reads_each_unit) {
  EXPECT_EQ(parse_size("512B"), Size{512});
  EXPECT_EQ(parse_size("64KiB"), kib(64));
  EXPECT_EQ(parse_size("4MiB"), mib(4));
  EXPECT_EQ(parse_size("1GiB"), gib(1));
  EXPECT_EQ(parse_size("2TiB"), gib(2'048));
}

TEST(Size, refuses_every_other_spelling) {
  for (const auto* text : {"", "0", "64", "64KB", "64kib", "64K", "1.5MiB", "-1B", "64 KiB", "9007199254740993B",
                           "99999999999999999999MiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Size, is_written_in_the_largest_unit_that_divides_it_and_reads_back) {
  EXPECT_EQ(format(kib(64)), "64KiB");
  EXPECT_EQ(format(kib(1'024)), "1MiB");
  EXPECT_EQ(format(Size{1'000}), "1000B");
  EXPECT_EQ(format(Size{0}), "0B");
  for (std::uint64_t bytes = 1; bytes < (std::uint64_t{1} << 53U); bytes = bytes * 5 + 3) {
    EXPECT_EQ(parse_size(format(Size{bytes})), Size{bytes});
  }
}

}  // namespace
}  // namespace tributary::config
