#include "config/variable.hpp"

#include <gtest/gtest.h>

namespace tributary::config {
namespace {

TEST(Variable, is_found_in_braces_anywhere_and_without_them_alone) {
  EXPECT_EQ(variable_in("${SE_TOKEN}"), "SE_TOKEN");
  EXPECT_EQ(variable_in("wss://${host}/x"), "host");
  EXPECT_EQ(variable_in("${}${A1:-none}"), "A1");
  EXPECT_EQ(variable_in("$SE_TOKEN"), "SE_TOKEN");
  EXPECT_EQ(variable_in("$HOST"), "HOST");
  for (const auto* other :
       {"", "$", "$5", "5$", "${", "${A", "${1}", "a $HOST", "$Host", "{data.amount}", "${data.amount}"}) {
    EXPECT_EQ(variable_in(other), "") << other;
  }
}

TEST(Variable, is_doubted_where_it_may_be_a_secret) {
  EXPECT_EQ(variable_in("$SE_TOKEN", true), "SE_TOKEN");
  EXPECT_EQ(variable_in("${TOKEN}", true), "TOKEN");
  EXPECT_EQ(variable_in("$HUNTER2", true), "");
}

}  // namespace
}  // namespace tributary::config
