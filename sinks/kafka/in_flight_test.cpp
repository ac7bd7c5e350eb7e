#include "sinks/kafka/in_flight.hpp"

#include <gmock/gmock.h>

namespace tributary::sinks::kafka {
namespace {

TEST(InFlight, GivesEachTokenBackOnceInAnyOrder) {
  InFlight tokens;
  const auto a = tokens.put(10), b = tokens.put(20), c = tokens.put(30);
  EXPECT_EQ(tokens.size(), 3U);
  EXPECT_EQ(tokens.take(b), 20U);
  EXPECT_EQ(tokens.take(a), 10U);
  EXPECT_EQ(tokens.take(c), 30U);
  EXPECT_EQ(tokens.size(), 0U);
}

TEST(InFlight, UsesSlotsAgain) {
  InFlight tokens;
  const auto first = tokens.put(1);
  tokens.take(first);
  EXPECT_EQ(tokens.put(2), first);
}

TEST(InFlight, ForgetsNoneAtTheEnd) {
  InFlight tokens;
  std::vector<std::uint32_t> slots;
  for (std::uint64_t token = 0; token < 10; ++token) slots.push_back(tokens.put(token));
  for (const std::size_t taken : {std::size_t{3}, std::size_t{4}}) tokens.take(slots[taken]);
  std::vector<std::uint64_t> rest;
  tokens.take_all([&](std::uint64_t token) { rest.push_back(token); });
  EXPECT_THAT(rest, testing::UnorderedElementsAre(0, 1, 2, 5, 6, 7, 8, 9));
  EXPECT_EQ(tokens.size(), 0U);
}

TEST(InFlightDeath, ASecondReportOfARecordCannotHappen) {
  InFlight tokens;
  const auto slot = tokens.put(1);
  tokens.take(slot);
  EXPECT_DEATH(tokens.take(slot), "cannot happen");
}

}  // namespace
}  // namespace tributary::sinks::kafka
