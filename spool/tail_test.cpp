#include "spool/tail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <numeric>

#include "spool/tail_fixture.hpp"

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;
using Numbers = std::vector<std::uint64_t>;

const event::LaneName lane_a{"topic", "a"}, lane_b{"topic", "b"};

class Tail : public testing::Test {
 protected:
  TailUser<SinkTail> open(const std::string& name = "sink.spool") {
    return TailUser(opened(folder_ / name, settings_, observer_));
  }
  TestFolder folder_;
  SinkTail::Settings settings_;
  TestObserver observer_;
};

Numbers range(std::uint64_t first, std::uint64_t last) {
  Numbers all(last - first + 1);
  std::iota(all.begin(), all.end(), first);
  return all;
}

TEST_F(Tail, WhatIsCommittedIsThereAgain) {
  {
    auto tail = open();
    EXPECT_TRUE(tail->left().empty());
    for (std::uint64_t number = 1; number <= 100; ++number) tail.append(number % 2 == 0 ? lane_b : lane_a, number);
    tail->append(lane_a, {101, spooled_event("a", "up", event::Kind::notice), nullptr});
    ASSERT_TRUE(tail.wait_committed(101));
    EXPECT_EQ(tail->held(), 0U);
    EXPECT_EQ(tail->records(), 101U);
    tail->forget(lane_a, 1, 9);
    tail->close(60s);
    EXPECT_FALSE(tail->take());
  }
  auto tail = open();
  const auto left = tail->left();
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].lane, lane_a);
  EXPECT_EQ(left[0].first, 11U);
  EXPECT_EQ(left[0].last, 101U);
  EXPECT_EQ(left[0].records, 46U);
  EXPECT_EQ(left[0].notices, 1U);
  EXPECT_EQ(left[1].records, 50U);
  const auto read = tail.read(lane_b, 2, 1);
  ASSERT_EQ(read.records.size(), 1U) << "at least one";
  EXPECT_EQ(read.records[0].event->text, spooled_event("b", "words")->text);
  EXPECT_EQ(tail.numbers(lane_b, 80), (Numbers{80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100}));
  EXPECT_EQ(observer_.count(SpoolSign::set_aside), 0U);
}

TEST_F(Tail, ReadsWhatIsPendingInTheOrderOfNumbers) {
  auto tail = open();
  tail->left();
  tail.append(lane_a, 5), tail.append(lane_a, 2);
  ASSERT_TRUE(tail.wait_committed(2));
  tail.append(lane_a, 9), tail.append(lane_a, 1), tail.append(lane_a, 3);
  EXPECT_EQ(tail.numbers(lane_a), (Numbers{1, 2, 3, 5, 9}));
  EXPECT_EQ(tail.numbers(lane_a, 4), (Numbers{5, 9}));
}

TEST_F(Tail, AReceiptIsLetGoOfWhenItsEventIsCommitted) {
  std::atomic<int> kept{0}, lost{0};
  auto tail = open();
  tail->left();
  auto event = spooled_event("a", "words");
  event->receipt = std::make_shared<event::Receipt>([&](bool good) { ++(good ? kept : lost); });
  tail->append(lane_a, {1, std::move(event), nullptr});
  ASSERT_TRUE(tail.wait_committed(1));
  EXPECT_TRUE(tail.wait([&] { return kept == 1; }));
  EXPECT_EQ(lost, 0);
}

TEST_F(Tail, AfterAnotherLeftWhatIsPendingIsThereAndNewsAreForgotten) {
  auto tail = open();
  tail->left();
  for (std::uint64_t number = 1; number <= 5; ++number) tail.append(lane_a, number);
  tail->read(lane_a, 1, 1);
  tail->forget(lane_a, 1, 2);
  const auto left = tail->left();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].first, 3U);
  EXPECT_EQ(left[0].last, 5U);
  EXPECT_EQ(left[0].records, 3U);
  EXPECT_FALSE(tail->take());
  EXPECT_EQ(tail->committed(), 0U) << "counted from 1 again";
  tail.append(lane_b, 6);
  ASSERT_TRUE(tail.wait_committed(1));
  EXPECT_EQ(tail->committed(), 1U);
}

TEST_F(Tail, AtItsSizeWhatIsAppendedWaitsInMemoryUntilThereIsRoom) {
  settings_.limits.size = 200'000;
  auto tail = open();
  tail->left();
  const std::string words(1'500, 'x');
  for (std::uint64_t number = 1; number <= 200; ++number) tail.append(lane_a, number, words);
  ASSERT_TRUE(tail.wait([&] { return tail->full(); }));
  EXPECT_EQ(observer_.wait(SpoolSign::full).sign, SpoolSign::full);
  EXPECT_LT(tail->committed(), 120U);
  EXPECT_GT(tail->committed(), 60U);
  EXPECT_LE(tail->bytes(), 200'000U);
  EXPECT_GT(tail->held(), 100'000U);
  EXPECT_EQ(tail.numbers(lane_a), range(1, 200)) << "reads are served from memory too";
  for (std::uint64_t number = 1; number <= 150; ++number) tail->forget(lane_a, number, number);
  ASSERT_TRUE(tail.wait_committed(200));
  ASSERT_TRUE(tail.wait([&] { return !tail->full(); }));
  EXPECT_EQ(observer_.wait(SpoolSign::room).sign, SpoolSign::room);
  EXPECT_EQ(tail.numbers(lane_a), range(151, 200));
  EXPECT_LE(tail->bytes(), 200'000U);
}

TEST_F(Tail, AtItsSizeTheOldestMakeRoomWhereThatIsWanted) {
  settings_.limits = {200'000, event::AtLimit::drop_oldest};
  auto tail = open();
  tail->left();
  const std::string words(2'000, 'x');
  for (std::uint64_t number = 1; number <= 200; ++number) {
    tail.append(number % 2 == 0 ? lane_b : lane_a, number, words);
    if (number % 20 == 0) {
      ASSERT_TRUE(tail.wait_committed(number));
    }
  }
  EXPECT_FALSE(tail->full());
  EXPECT_LE(tail->bytes(), 210'000U);
  Numbers there = tail.numbers(lane_a);
  const auto others = tail.numbers(lane_b);
  there.insert(there.end(), others.begin(), others.end());
  std::sort(there.begin(), there.end());
  Numbers lost;
  for (const auto& news : tail.lost) {
    EXPECT_EQ(news.reason, event::Dropped::limit);
    for (const auto& record : news.records) lost.push_back(record.number);
  }
  std::sort(lost.begin(), lost.end());
  ASSERT_FALSE(lost.empty());
  EXPECT_EQ(lost, range(1, lost.back())) << "the oldest";
  EXPECT_EQ(there, range(lost.back() + 1, 200)) << "everything else";
  EXPECT_GE(observer_.count(SpoolSign::dropped_oldest), 1U);
}

TEST_F(Tail, NothingIsToldLostThatWasForgottenMeanwhile) {
  settings_.limits = {100'000, event::AtLimit::drop_oldest};
  auto tail = open();
  tail->left();
  const std::string words(2'000, 'x');
  for (std::uint64_t number = 1; number <= 100; ++number) tail.append(lane_a, number, words);
  ASSERT_TRUE(tail.wait_committed(100));
  tail->forget(lane_a, 1, 10);
  while (auto news = tail->take()) {
    for (const auto& record : std::get<event::TailLost>(*news).records) EXPECT_GT(record.number, 10U);
  }
}

TEST_F(Tail, ARecordLargerThanTheFileIsKeptAlone) {
  settings_.limits.size = 20'000;
  auto tail = open();
  tail->left();
  tail.append(lane_a, 1, std::string(100'000, 'x'));
  ASSERT_TRUE(tail.wait_committed(1));
  tail.append(lane_a, 2);
  ASSERT_TRUE(tail.wait([&] { return tail->full(); }));
  tail->forget(lane_a, 1, 1);
  ASSERT_TRUE(tail.wait_committed(2));
}

TEST_F(Tail, AtTheEndNothingIsLostForTheSize) {
  settings_.limits.size = 100'000;
  {
    auto tail = open();
    tail->left();
    for (std::uint64_t number = 1; number <= 100; ++number) tail.append(lane_a, number, std::string(2'000, 'x'));
    ASSERT_TRUE(tail.wait([&] { return tail->full(); }));
    tail->close(60s);
    EXPECT_EQ(tail->committed(), 100U);
    EXPECT_FALSE(tail->take());
  }
  auto tail = open();
  EXPECT_EQ(tail->left().at(0).records, 100U);
  EXPECT_TRUE(tail->full());
}

TEST_F(Tail, GivesSpaceBackOnceItHasDrained) {
  auto tail = open();
  tail->left();
  for (std::uint64_t number = 1; number <= 8'000; ++number) tail.append(lane_a, number, std::string(1'500, 'x'));
  ASSERT_TRUE(tail.wait_committed(8'000));
  const auto size = [&] {
    std::error_code ignored;
    return std::filesystem::file_size(folder_ / "sink.spool", ignored) +
           std::filesystem::file_size(folder_ / "sink.spool-wal", ignored);
  };
  EXPECT_GT(size(), 12'000'000U);
  tail->forget(lane_a, 1, 7'999);
  tail->close(60s);
  EXPECT_LT(tail->bytes(), 100'000U);
  const auto until = std::chrono::steady_clock::now() + 60s;
  while (size() > 1'500'000 && std::chrono::steady_clock::now() < until) {
    ASSERT_EQ(tail.numbers(lane_a).size(), 1U) << "it flows meanwhile";
  }
  EXPECT_LT(size(), 1'500'000U);
}

TEST_F(Tail, KnowsTheNewestIdsThatLieInTheFile) {
  auto tail = open();
  for (std::uint64_t number = 1; number <= 20; ++number) tail.append(lane_a, number);
  ASSERT_TRUE(tail.wait_committed(20));
  const auto ids = tail->ids(5);
  ASSERT_EQ(ids.size(), 5U);
  EXPECT_EQ(ids[0].connector, "stage");
  EXPECT_EQ(ids[0].id.key[0], 0x507f1f77U);
}

TEST_F(Tail, AFileOfANewerVersionIsRefusedAndNotTouched) {
  { open()->left(); }
  const auto file = folder_ / "sink.spool";
  std::string bytes;
  {
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(60).write("\0\0\0\2", 4);  // user_version
    out.seekg(0);
    bytes.assign(std::istreambuf_iterator<char>(out), {});
  }
  const auto refused = SinkTail::open(file, settings_, observer_);
  ASSERT_TRUE(std::holds_alternative<std::string>(refused));
  EXPECT_NE(std::get<std::string>(refused).find("is of version 2, and this program knows version 1"),
            std::string::npos);
  std::ifstream in(file, std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), bytes);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1) << "and nothing beside it";
}

TEST_F(Tail, AFolderThatIsNotThereIsAFaultInWords) {
  const auto refused = SinkTail::open(folder_ / "gone" / "sink.spool", settings_, observer_);
  ASSERT_TRUE(std::holds_alternative<std::string>(refused));
  EXPECT_NE(std::get<std::string>(refused).find("cannot be used"), std::string::npos) << std::get<std::string>(refused);
}

TEST(TailSize, TheFileAndItsLogTogetherStayNearTheSize) {
  TestFolder folder;
  TestObserver observer;
  SinkTail::Settings settings;
  settings.limits = {1u << 20, event::AtLimit::drop_oldest};
  TailUser tail(opened(folder / "sink.spool", settings, observer));
  tail->left();
  std::uint64_t most = 0;
  for (std::uint64_t number = 1; number <= 6'000; ++number) {
    tail.append({"topic", "a"}, number, std::string(1'000, 'x'));
    if (number % 100 != 0) continue;
    ASSERT_TRUE(tail.wait_committed(number));
    std::uint64_t bytes = 0;
    for (const char* name : {"sink.spool", "sink.spool-wal"}) {
      std::error_code none;
      const auto size = std::filesystem::file_size(folder / name, none);
      if (!none) bytes += size;
    }
    most = std::max(most, bytes);
  }
  EXPECT_LT(most, settings.limits.size * 3 / 2);
}

TEST(TailSize, WhatFindsNoRoomIsDroppedAndToldWhereThePolicySaysSo) {
  TestFolder folder;
  TestObserver observer;
  SinkTail::Settings settings;
  settings.limits = {256u << 10, event::AtLimit::drop_newest};
  TailUser tail(opened(folder / "sink.spool", settings, observer));
  tail->left();
  for (std::uint64_t number = 1; number <= 1'000; ++number) {
    tail.append({"topic", "a"}, number, std::string(1'000, 'x'));
  }
  ASSERT_TRUE(tail.wait([&] { return tail->full() && tail->held() == 0; })) << "nothing of it waits in memory";
  std::uint64_t dropped = 0, first = 0;
  while (auto news = tail->take()) {
    const auto& lost = std::get<event::TailLost>(*news);
    EXPECT_EQ(lost.reason, event::Dropped::limit);
    for (const auto& record : lost.records) first = first == 0 ? record.number : std::min(first, record.number);
    dropped += lost.records.size();
  }
  EXPECT_EQ(tail->records() + dropped, 1'000U);
  EXPECT_EQ(first, tail->records() + 1) << "the newest";
}

}  // namespace
}  // namespace tributary::spool
