#include "relay/dedupe.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <deque>
#include <map>
#include <random>

#include "event/memory_in_process.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using Answer = Dedupe::Answer;

const event::SteadyTime start{};
constexpr event::WallTime midday{12h};

TEST(Dedupe, SeesAnIdOnce) {
  Dedupe dedupe(8, 24h);
  EXPECT_EQ(dedupe.see("5f1c3d6b9a1b2c3d4e5f6a7b", midday, false, start), Answer::fresh);
  EXPECT_EQ(dedupe.see("5f1c3d6b9a1b2c3d4e5f6a7b", midday, false, start + 1h), Answer::duplicate);
  EXPECT_EQ(dedupe.see("5f1c3d6b9a1b2c3d4e5f6a7c", midday, false, start), Answer::fresh);
}

TEST(Dedupe, PassesANewerOrReflaggedActivityAsAnUpdateOnce) {
  Dedupe dedupe(8, 24h);
  dedupe.see("any text is an id", midday, false, start);
  EXPECT_EQ(dedupe.see("any text is an id", midday + 1ms, false, start), Answer::update);
  EXPECT_EQ(dedupe.see("any text is an id", midday + 1ms, false, start), Answer::duplicate);
  EXPECT_EQ(dedupe.see("any text is an id", midday + 1ms, true, start), Answer::update);
  EXPECT_EQ(dedupe.see("any text is an id", midday, true, start), Answer::duplicate) << "older is no news";
}

TEST(Dedupe, AStaleStateIsNeverTheLastWord) {
  Dedupe dedupe(8, 24h);
  EXPECT_EQ(dedupe.see("a", midday + 43s, true, start), Answer::fresh);
  EXPECT_EQ(dedupe.see("a", midday + 50s, false, start), Answer::update);
  EXPECT_EQ(dedupe.see("a", midday + 43s, true, start), Answer::duplicate) << "older, however it is flagged";
  EXPECT_EQ(dedupe.see("a", midday + 50s, true, start), Answer::update) << "of the same time and flagged otherwise";
  EXPECT_EQ(dedupe.see("a", midday + 50s, true, start), Answer::duplicate);
}

TEST(Dedupe, WithoutATimeOfTheUpstreamsARepeatIsADuplicate) {
  Dedupe dedupe(8, 24h);
  EXPECT_EQ(dedupe.see("a", std::nullopt, false, start), Answer::fresh);
  EXPECT_EQ(dedupe.see("a", std::nullopt, false, start + 1h), Answer::duplicate);
  EXPECT_EQ(dedupe.see("a", std::nullopt, true, start + 1h), Answer::duplicate) << "nothing says that it is newer";
  EXPECT_EQ(dedupe.see("a", midday, false, start), Answer::duplicate) << "newer than what?";
  EXPECT_EQ(dedupe.see("a", midday + 1s, false, start), Answer::update);
  EXPECT_EQ(dedupe.see("a", std::nullopt, true, start), Answer::duplicate);
  EXPECT_EQ(dedupe.see("a", midday, false, start), Answer::duplicate);
}

TEST(Dedupe, AFlagOfOursIsNoNews) {
  Dedupe dedupe(8, 24h);
  EXPECT_EQ(dedupe.see("a", midday, true, start), Answer::fresh);
  EXPECT_EQ(dedupe.see("a", midday, std::nullopt, start), Answer::duplicate) << "the upstream does not say `false`";
  EXPECT_EQ(dedupe.see("b", midday, std::nullopt, start), Answer::fresh);
  EXPECT_EQ(dedupe.see("b", midday, false, start), Answer::duplicate);
  EXPECT_EQ(dedupe.see("b", midday, true, start), Answer::update);
}

TEST(Dedupe, ForgetsWhatIsOlderThanItsWindow) {
  Dedupe dedupe(8, 24h);
  dedupe.see("a", midday, false, start);
  EXPECT_EQ(dedupe.see("a", midday, false, start + 24h), Answer::duplicate);
  EXPECT_EQ(dedupe.see("a", midday, false, start + 24h + 1ms), Answer::fresh);
}

TEST(Dedupe, ForgetsTheOldestIdWhenItIsFull) {
  Dedupe dedupe(2, 24h);
  dedupe.see("a", midday, false, start);
  dedupe.see("b", midday, false, start);
  dedupe.see("c", midday, false, start);
  EXPECT_EQ(dedupe.size(), 2U);
  EXPECT_EQ(dedupe.see("b", midday, false, start), Answer::duplicate);
  EXPECT_EQ(dedupe.see("a", midday, false, start), Answer::fresh);
}

TEST(Dedupe, AgreesWithAPlainModelOverManyRandomIds) {
  constexpr std::size_t limit = 500;
  Dedupe dedupe(limit, 10s);
  std::map<std::string, event::SteadyTime> model;
  std::deque<std::string> order;
  std::mt19937 random(7);
  auto now = start;
  for (int step = 0; step < 100'000; ++step) {
    now += std::chrono::milliseconds(random() % 40);
    while (!order.empty() && now - model[order.front()] > 10s) model.erase(order.front()), order.pop_front();
    char id[25];
    // few distinct low words, so that slots collide
    std::snprintf(id, sizeof id, "%08x%08x%08x", static_cast<unsigned>(random() % 3), 0U,
                  static_cast<unsigned>(random() % 400));
    const bool known = model.count(id) != 0;
    ASSERT_EQ(dedupe.see(id, midday, false, now), known ? Answer::duplicate : Answer::fresh) << step;
    if (!known) {
      if (order.size() == limit) model.erase(order.front()), order.pop_front();
      model[id] = now;
      order.emplace_back(id);
    }
    ASSERT_EQ(dedupe.size(), order.size());
  }
}

event::Draft identified(std::string id, bool flagged = false) {
  event::Draft draft;
  draft.id = {0, static_cast<std::uint32_t>(id.size())};
  draft.text = std::move(id);
  draft.identified = true;
  draft.updated = midday;
  draft.flagged = draft.flagged_said = flagged;
  return draft;
}

TEST(DedupeMemory, AnIdIsRememberedWhenItsEventIsSafeAndNotBefore) {
  event::MemoryInProcess memory;
  auto& stage = memory.connector("stage");
  const event::Now now{start, midday};
  Dedupe dedupe(8, 24h, &stage);
  auto safe = identified("5f1c3d6b9a1b2c3d4e5f6a7b"), lost = identified("5f1c3d6b9a1b2c3d4e5f6a7c");
  dedupe.remember_when_safe(safe, now);
  dedupe.remember_when_safe(lost, now);
  EXPECT_TRUE(stage.ids(midday - 1h, 8).empty());
  lost.receipt->lost();
  lost.receipt.reset();
  EXPECT_TRUE(stage.ids(midday - 1h, 8).empty()) << "its event may come again";
  safe.receipt.reset();
  ASSERT_EQ(stage.ids(midday - 1h, 8).size(), 1U);
}

TEST(DedupeMemory, TheNextLifeKnowsWhatWasRemembered) {
  event::MemoryInProcess memory;
  auto& stage = memory.connector("stage");
  const std::string id = "5f1c3d6b9a1b2c3d4e5f6a7b";
  {
    Dedupe dedupe(8, 24h, &stage);
    auto draft = identified(id);
    dedupe.remember_when_safe(draft, {start, midday});
  }
  Dedupe dedupe(8, 24h, &stage);
  dedupe.begin({start + 1h, midday + 1h});
  EXPECT_EQ(dedupe.see(id, midday, false, start + 1h), Answer::duplicate);
  EXPECT_EQ(dedupe.see(id, midday + 1ms, false, start + 1h), Answer::update) << "with the upstream's time";
  EXPECT_EQ(dedupe.see("5f1c3d6b9a1b2c3d4e5f6a7c", midday, false, start + 24h + 1ms), Answer::fresh);
  EXPECT_EQ(dedupe.size(), 1U) << "its age counts on";
}

TEST(DedupeMemory, TheInputsOwnReceiptIsToldAsWell) {
  event::MemoryInProcess memory;
  Dedupe dedupe(8, 24h, &memory.connector("stage"));
  std::string told;
  const auto receipt = [&] {
    return std::make_shared<event::Receipt>([&](bool kept) { told += kept ? "kept " : "lost "; });
  };
  auto one = identified("5f1c3d6b9a1b2c3d4e5f6a7b"), other = identified("5f1c3d6b9a1b2c3d4e5f6a7c");
  one.receipt = receipt();
  other.receipt = receipt();
  dedupe.remember_when_safe(one, {start, midday});
  dedupe.remember_when_safe(other, {start, midday});
  one.receipt.reset();
  other.receipt->lost();
  other.receipt.reset();
  EXPECT_EQ(told, "kept lost ");
}

}  // namespace
}  // namespace tributary::relay
