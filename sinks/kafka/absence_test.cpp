#include "sinks/kafka/absence.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

TEST(Absence, IsToldAfterTenMinutesAndThenEveryHalfHour) {
  Absence absence;
  const Absence::Time begin{1h};
  EXPECT_FALSE(absence.due(begin + 24h)) << "it is there";
  absence.begin(begin);
  std::vector<int> told;
  for (auto at = 0min; at <= 75min; at += 1min) {
    if (const auto lasted = absence.due(begin + at)) told.push_back(static_cast<int>(lasted->count()));
  }
  EXPECT_EQ(told, (std::vector<int>{10, 40, 70}));
  absence.end();
  EXPECT_FALSE(absence.due(begin + 24h));
  absence.begin(begin + 80min);
  EXPECT_FALSE(absence.due(begin + 89min));
  EXPECT_TRUE(absence.due(begin + 90min));
}

}  // namespace
}  // namespace tributary::sinks::kafka
