#include "config/spelling.hpp"

#include <gtest/gtest.h>

namespace tributary::config {
namespace {

TEST(Name, begins_with_a_letter_or_digit_and_has_at_most_64_characters) {
  for (const auto* good : {"a", "0", "main-stage", "A.b_c-9"}) EXPECT_TRUE(is_name(good)) << good;
  EXPECT_TRUE(is_name(std::string(64, 'a')));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
  for (const auto* bad : {"", "-a", ".a", "_a", "a b", "a/b", "\xc3\xa4"}) EXPECT_FALSE(is_name(bad)) << bad;
}

}  // namespace
}  // namespace tributary::config
