#include "net/dial_budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace tributary::net {
namespace {

using namespace std::chrono_literals;
const DialBudget::Time start = DialBudget::Time{} + 1h;

TEST(DialBudget, ABurstGoesAtOnceAndTheRestInTurn) {
  DialBudget budget(20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(budget.reserve(start), start) << i;
  for (int i = 1; i <= 40; ++i) EXPECT_EQ(budget.reserve(start), start + 50ms * i) << i;
}

TEST(DialBudget, NoSecondHoldsMoreThanBurstAndRateAllow) {
  DialBudget budget(20, 5);
  std::vector<DialBudget::Time> turns;
  for (int i = 0; i < 1000; ++i) turns.push_back(budget.reserve(start + 3ms * i));
  EXPECT_TRUE(std::is_sorted(turns.begin(), turns.end()));
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const auto in_second =
        std::count_if(turns.begin(), turns.end(), [&](auto turn) { return turn >= turns[i] && turn < turns[i] + 1s; });
    ASSERT_LE(in_second, 25);
  }
}

TEST(DialBudget, RefillsWhileQuietButNeverBeyondTheBurst) {
  DialBudget budget(10, 3);
  for (int i = 0; i < 3; ++i) budget.reserve(start);
  EXPECT_EQ(budget.reserve(start + 100ms), start + 100ms);
  EXPECT_EQ(budget.reserve(start + 100ms), start + 200ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(budget.reserve(start + 1h), start + 1h);
  EXPECT_EQ(budget.reserve(start + 1h), start + 1h + 100ms);
}

TEST(DialBudget, ZeroMeansNoLimit) {
  DialBudget budget(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(budget.reserve(start), start);
}

TEST(DialBudget, ThreadsShareOneSequenceOfTurns) {
  DialBudget budget(100, 1);
  std::vector<std::vector<DialBudget::Time>> turns(4);
  std::vector<std::thread> threads;
  for (auto& mine : turns) {
    threads.emplace_back([&budget, &mine] {
      for (int i = 0; i < 250; ++i) mine.push_back(budget.reserve(start));
    });
  }
  for (auto& thread : threads) thread.join();
  std::vector<DialBudget::Time> all;
  for (const auto& mine : turns) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], start + 10ms * i);
}

}  // namespace
}  // namespace tributary::net
