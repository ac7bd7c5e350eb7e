// What event/memory.hpp says of a Tail, of each that there is: the one that tests of the relay use must not be kinder
// than the one on disk.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "relay/fake_tail.hpp"
#include "spool/tail_fixture.hpp"

namespace tributary {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::uint64_t>;

const event::LaneName lane_a{"topic", "a"}, lane_b{"topic", "b"};

struct Ground {
  spool::TestFolder folder;
  spool::TestObserver observer;
};

std::unique_ptr<event::Tail> fake(Ground&) {
  auto tail = std::make_unique<relay::FakeTail>();
  tail->at_once = true;
  return tail;
}
std::unique_ptr<event::Tail> on_disk(Ground& ground) {
  return spool::opened(ground.folder / "sink.spool", {}, ground.observer);
}

struct Kind {
  const char* name;
  std::unique_ptr<event::Tail> (*make)(Ground&);
};

class Tails : public testing::TestWithParam<Kind> {
 protected:
  Numbers numbers(const event::LaneName& lane, std::uint64_t from, std::size_t bytes = 1u << 30) {
    tail_->read(lane, from, bytes);
    auto news = tail_.news();
    const auto* read = std::get_if<event::TailRead>(&news);
    if (read == nullptr) return {};
    EXPECT_EQ(read->lane, lane);
    EXPECT_EQ(read->from, from);
    Numbers all;
    for (const auto& record : read->records) all.push_back(record.number);
    return all;
  }
  Ground ground_;
  spool::TailUser<event::Tail> tail_{GetParam().make(ground_)};
};

TEST_P(Tails, AreReadInTheOrderOfNumbersWhetherCommittedOrNot) {
  EXPECT_TRUE(tail_->left().empty());
  for (const std::uint64_t number : {7U, 3U, 9U, 1U}) tail_.append(lane_a, number);
  tail_.append(lane_b, 4);
  EXPECT_EQ(numbers(lane_a, 1), (Numbers{1, 3, 7, 9}));
  EXPECT_EQ(numbers(lane_a, 2), (Numbers{3, 7, 9}));
  EXPECT_EQ(numbers(lane_a, 2, 1), Numbers{3});
  EXPECT_EQ(numbers(lane_b, 4), Numbers{4});
}

TEST_P(Tails, CountCommitsInTheOrderOfTheAppends) {
  tail_->left();
  for (std::uint64_t number = 1; number <= 500; ++number) tail_.append(number % 3 == 0 ? lane_a : lane_b, number);
  EXPECT_TRUE(tail_.wait_committed(500));
  EXPECT_EQ(tail_->committed(), 500U);
  EXPECT_EQ(tail_->held(), 0U);
}

TEST_P(Tails, WhatIsForgottenIsNotReadAndCountsAsCommitted) {
  tail_->left();
  for (std::uint64_t number = 1; number <= 10; ++number) tail_.append(lane_a, number);
  tail_->forget(lane_a, 1, 4);
  tail_->forget(lane_a, 6, 6);
  EXPECT_EQ(numbers(lane_a, 1), (Numbers{5, 7, 8, 9, 10}));
  EXPECT_TRUE(tail_.wait_committed(10));
  tail_->forget(lane_a, 5, 9);
  EXPECT_EQ(numbers(lane_a, 5), Numbers{10});
}

TEST_P(Tails, TellTheNextOutboxWhatIsLeft) {
  tail_->left();
  for (std::uint64_t number = 1; number <= 6; ++number) tail_.append(lane_a, number);
  tail_->append(lane_a, {7, spool::spooled_event("a", "up", event::Kind::notice), nullptr});
  tail_.append(lane_b, 8);
  tail_->forget(lane_a, 1, 2);
  tail_->forget(lane_b, 8, 8);
  tail_->read(lane_a, 3, 1);
  const auto left = tail_->left();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].lane, lane_a);
  EXPECT_EQ(left[0].first, 3U);
  EXPECT_EQ(left[0].last, 7U);
  EXPECT_EQ(left[0].records, 5U);
  EXPECT_EQ(left[0].notices, 1U);
  EXPECT_FALSE(tail_->take()) << "answers of before are forgotten";
  EXPECT_EQ(tail_->committed(), 0U) << "appends are counted from 1 again";
  tail_.append(lane_b, 9);
  EXPECT_TRUE(tail_.wait_committed(1));
  EXPECT_EQ(numbers(lane_a, 3), (Numbers{3, 4, 5, 6, 7}));
}

TEST_P(Tails, EventsComeBackAsTheyWereWithoutTheirReceipt) {
  tail_->left();
  auto event = spool::spooled_event("a", "words");
  event->receipt = std::make_shared<event::Receipt>([](bool) {});
  tail_->append(lane_a, {1, event, nullptr});
  EXPECT_TRUE(tail_.wait_committed(1));
  tail_->read(lane_a, 1, 1);
  auto news = tail_.news();
  const auto& back = *std::get<event::TailRead>(news).records.at(0).event;
  EXPECT_EQ(back.text, event->text);
  EXPECT_EQ(back.source, event->source);
  EXPECT_EQ(*back.connector, *event->connector);
  EXPECT_EQ(back.receipt, nullptr);
}

TEST_P(Tails, LoseNothingAtTheEnd) {
  tail_->left();
  for (std::uint64_t number = 1; number <= 100; ++number) tail_.append(lane_a, number);
  tail_->close(60s);
  EXPECT_FALSE(tail_->take());
  EXPECT_EQ(tail_->left().at(0).records, 100U);
}

INSTANTIATE_TEST_SUITE_P(Each, Tails, testing::Values(Kind{"fake", fake}, Kind{"disk", on_disk}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace tributary
