#include "relay/numbered.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <unordered_map>

namespace tributary::relay {
namespace {

TEST(Numbered, GivesDenseNumbersFromOne) {
  Numbered<int> table;
  EXPECT_EQ(table.take_number(), 1U);
  EXPECT_EQ(table.take_number(), 2U);
  table.skip_to(9);
  EXPECT_EQ(table.take_number(), 10U);
  table.skip_to(3);
  EXPECT_EQ(table.take_number(), 11U) << "never backwards";
}

TEST(Numbered, FindsWhatIsThereInWhateverOrderItGoes) {
  Numbered<int> table;
  std::mt19937 random(7);
  std::deque<int> things(10'000);
  std::unordered_map<std::uint64_t, int*> model;
  for (int& thing : things) {
    const auto number = table.take_number();
    table.put(number, thing);
    model.emplace(number, &thing);
    while (model.size() > random() % 200) {
      const auto any = std::next(model.begin(), static_cast<std::ptrdiff_t>(random() % model.size()));
      ASSERT_EQ(&table.at(any->first), any->second);
      table.remove(any->first);
      model.erase(any);
    }
  }
  for (const auto& [number, thing] : model) ASSERT_EQ(&table.at(number), thing);
}

TEST(Numbered, OneThingThatStaysKeepsNothingOfWhatCameAfterIt) {
  Numbered<int> table;
  int parked = 0, other = 0;
  const auto stays = table.take_number();
  table.put(stays, parked);
  for (int i = 0; i < 100'000; ++i) {
    const auto number = table.take_number();
    table.put(number, other);
    table.remove(number);
  }
  EXPECT_LE(table.chunks(), 2U);
  EXPECT_EQ(&table.at(stays), &parked);
}

TEST(NumberedDeathTest, ANumberThatIsGoneCannotBeAskedFor) {
  Numbered<int> table;
  int thing = 0;
  const auto number = table.take_number();
  table.put(number, thing);
  table.remove(number);
  EXPECT_DEATH(table.at(number), "cannot happen");
}

}  // namespace
}  // namespace tributary::relay
