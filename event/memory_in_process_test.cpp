#include "event/memory_in_process.hpp"

#include <gtest/gtest.h>

namespace tributary::event {
namespace {

using namespace std::chrono_literals;

KnownId id_of(std::uint32_t number, WallTime seen) { return {{number, 0, 0}, false, {}, seen}; }

TEST(MemoryInProcess, AConnectorKnowsAgainWhatItWasTold) {
  MemoryInProcess memory;
  memory.connector("stage").seen("den", WallTime{1h});
  memory.connector("stage").seen("den", WallTime{2h});
  memory.connector("stage").seen("attic", WallTime{1h});
  memory.connector("stage").forget("attic");
  const auto seen = memory.connector("stage").last_seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].channel, "den");
  EXPECT_EQ(seen[0].at, WallTime{2h});
  EXPECT_TRUE(memory.connector("other").last_seen().empty());
}

TEST(MemoryInProcess, GivesTheNewestIdsOldestFirst) {
  MemoryInProcess memory;
  auto& stage = memory.connector("stage");
  for (std::uint32_t number : {3U, 1U, 2U, 4U}) stage.remember(id_of(number, WallTime{std::chrono::hours(number)}));
  auto known = stage.ids(WallTime{2h}, 2);
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known[0].key[0], 3U);
  EXPECT_EQ(known[1].key[0], 4U);
}

TEST(MemoryInProcess, KeepsNoMoreIdsThanAreAskedFor) {
  MemoryInProcess memory;
  auto& stage = memory.connector("stage");
  stage.ids(WallTime{}, 8);
  for (std::uint32_t number = 0; number < 100; ++number) stage.remember(id_of(number, WallTime{1h}));
  EXPECT_EQ(stage.ids(WallTime{}, 100).size(), 8U);
}

}  // namespace
}  // namespace tributary::event
