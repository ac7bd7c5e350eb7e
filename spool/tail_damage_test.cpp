#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <set>

#include "spool/disk_fixture.hpp"
#include "spool/tail_fixture.hpp"

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;
using Numbered = std::vector<std::uint64_t>;

const event::LaneName lane_1{"topic", "a"}, lane_2{"topic", "b"};

std::string words_of(std::uint64_t number) { return "number-" + std::to_string(number) + "-" + std::string(900, 'x'); }

class Damage : public testing::Test {
 protected:
  void fill(std::uint64_t count) {
    TailUser tail(opened(file_, settings_, observer_));
    tail->left();
    for (std::uint64_t number = 1; number <= count; ++number) {
      tail.append(number % 2 == 0 ? lane_2 : lane_1, number, words_of(number));
    }
    ASSERT_TRUE(tail.wait_committed(count));
  }
  std::string bytes() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(file_, std::ios::binary) << bytes; }
  /// Everything that comes back: numbers of events, and of letters.
  void read_all() {
    TailUser tail(opened(file_, settings_, observer_));
    events_.clear(), letters_.clear();
    for (const auto& left : tail->left()) {
      const auto read = tail.read(left.lane, left.first, 1u << 30);
      EXPECT_EQ(read.records.size(), left.records);
      for (const auto& record : read.records) {
        EXPECT_TRUE(record.event == nullptr || record.event->text.find(words_of(record.number)) != std::string::npos);
        (record.event ? events_ : letters_).push_back(record.number);
        EXPECT_EQ(record.letter == nullptr ? "spool_corrupt" : record.letter->reason, "spool_corrupt");
      }
      tail->forget(left.lane, left.first, left.last);  // also what is damaged can be forgotten
    }
    tail->close(60s);
    EXPECT_TRUE(tail->left().empty());
    std::sort(events_.begin(), events_.end());
    std::sort(letters_.begin(), letters_.end());
  }
  /// What was set aside: a file, its log, or both.
  std::size_t set_aside() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      auto name = entry.path().native();
      if (name.find(".damaged-") == std::string::npos) continue;
      for (const std::string_view part : {"-wal", "-shm"}) {
        if (name.ends_with(part)) name.resize(name.size() - part.size());
      }
      names.insert(name);
    }
    return names.size();
  }
  TestFolder folder_;
  std::filesystem::path file_ = folder_ / "sink.spool";
  SinkTail::Settings settings_;
  TestObserver observer_;
  Numbered events_, letters_;
};

TEST_F(Damage, AFlippedBitCostsOneRecordWhichBecomesADeadLetter) {
  fill(100);
  auto all = bytes();
  const auto at = all.find("number-42-");
  ASSERT_NE(at, std::string::npos);
  all[at + 20] ^= 4;
  write(all);
  read_all();
  EXPECT_EQ(events_.size(), 99U);
  EXPECT_EQ(letters_, Numbered{42});
  EXPECT_EQ(set_aside(), 0U);
  EXPECT_NE(observer_.wait(SpoolSign::record_corrupt).text.find("record 42 of stream topic, key b"), std::string::npos);
}

TEST_F(Damage, AFileThatWasCutIsSetAsideAndWhatVerifiesIsTakenOver) {
  fill(2'000);
  const auto size = std::filesystem::file_size(file_);
  std::filesystem::resize_file(file_, size / 2);
  read_all();
  EXPECT_GT(events_.size(), 700U);
  EXPECT_LT(events_.size(), 1'300U);
  EXPECT_EQ(set_aside(), 1U);
  const auto news = observer_.wait(SpoolSign::set_aside);
  EXPECT_EQ(news.records, events_.size());
  EXPECT_EQ(news.lost, letters_.size());
}

TEST_F(Damage, WithoutItsBeginningEveryRecordIsTakenOver) {
  fill(500);
  auto all = bytes();
  std::fill_n(all.begin(), 4096, 'z');
  write(all);
  read_all();
  EXPECT_EQ(events_.size(), 500U);
  ASSERT_EQ(set_aside(), 1U);
  const auto aside = std::filesystem::directory_iterator(folder_.path());
  for (const auto& entry : aside) {
    const auto& name = entry.path().native();
    if (name.find(".damaged-") == std::string::npos || name.ends_with("-wal") || name.ends_with("-shm")) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), all) << "it is kept as it was";
  }
}

TEST_F(Damage, APageOfNonsenseCostsWhatWasOnItAndIsTold) {
  fill(1'000);
  auto all = bytes();
  const auto page = all.find("number-500-") / 4096 * 4096;
  for (std::size_t i = 0; i < 4096; ++i) all[page + i] = static_cast<char>(i * 7 + 1);
  write(all);
  read_all();
  EXPECT_GE(events_.size(), 990U);
  EXPECT_EQ(events_.size() + letters_.size(), 1'000U) << "the index knows what was lost";
  EXPECT_TRUE(std::count(letters_.begin(), letters_.end(), 500U) == 1);
}

TEST_F(Damage, AnIndexOfNonsenseCostsNothing) {
  fill(3'000);
  auto all = bytes();
  std::size_t spoiled = 0;
  for (std::size_t page = 4096; page + 4096 <= all.size(); page += 4096) {
    if (all[page] != 0x0A || all.compare(page, 4096, std::string(4096, all[page])) == 0)
      continue;  // a leaf of the index
    std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(page) + 8, 64, '\xFF');
    ++spoiled;
  }
  ASSERT_GT(spoiled, 3U);
  write(all);
  read_all();
  EXPECT_EQ(events_.size(), 3'000U);
  EXPECT_EQ(set_aside(), 1U);
}

TEST_F(Damage, WhatIsNoFileOfOursIsSetAsideAndItBeginsEmpty) {
  write(std::string(10'000, 'n'));
  read_all();
  EXPECT_TRUE(events_.empty() && letters_.empty());
  EXPECT_EQ(set_aside(), 1U);
  fill(10);
  read_all();
  EXPECT_EQ(events_.size(), 10U);
}

TEST_F(Damage, ALogWithoutItsFileIsSetAside) {
  std::ofstream(file_.native() + "-wal") << std::string(5'000, 'w');
  read_all();
  EXPECT_EQ(set_aside(), 1U);
}

TEST_F(Damage, OfALogWithoutItsFileWhatVerifiesIsTakenOver) {
  const auto log = folder_ / "log";
  {
    TailUser tail(opened(file_, settings_, observer_));
    tail->left();
    for (std::uint64_t number = 1; number <= 50; ++number) tail.append(lane_1, number, words_of(number));
    ASSERT_TRUE(tail.wait_committed(50));
    std::filesystem::copy_file(file_.native() + "-wal", log);
  }
  std::filesystem::remove(file_);
  std::filesystem::rename(log, file_.native() + "-wal");
  read_all();
  EXPECT_EQ(events_.size(), 50U);
  EXPECT_EQ(set_aside(), 1U);
}

TEST_F(Damage, LongRecordsAreFoundInACutFileAndForgottenOnesAreNot) {
  std::string longer(30'000, 'y');
  {
    TailUser tail(opened(file_, settings_, observer_));
    tail->left();
    for (std::uint64_t number = 1; number <= 1'000; ++number) {
      tail.append(lane_1, number, words_of(number) + (number == 500 ? longer : std::string()));
    }
    ASSERT_TRUE(tail.wait_committed(1'000));
    tail->forget(lane_1, 1, 400);
    tail->close(60s);
  }
  std::filesystem::resize_file(file_, std::filesystem::file_size(file_) / 4 * 3);
  read_all();
  EXPECT_GT(events_.size(), 200U);
  EXPECT_EQ(std::count(events_.begin(), events_.end(), 500U), 1);
  EXPECT_TRUE(std::none_of(events_.begin(), events_.end(), [](auto number) { return number <= 400; }));
}

TEST_F(Damage, AFileThatIsRemovedInUseIsMadeAnewWithEverything) {
  TailUser tail(opened(file_, settings_, observer_));
  tail->left();
  for (std::uint64_t number = 1; number <= 100; ++number) tail.append(lane_1, number, words_of(number));
  ASSERT_TRUE(tail.wait_committed(100));
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(file_.native() + part);
  for (std::uint64_t number = 101; number <= 120; ++number) tail.append(lane_1, number, words_of(number));
  ASSERT_TRUE(tail.wait_committed(120));
  EXPECT_EQ(tail.numbers(lane_1).size(), 120U);
  EXPECT_TRUE(std::filesystem::exists(file_));
  tail.end();
  EXPECT_EQ(observer_.count(SpoolSign::set_aside), 1U);
  read_all();
  EXPECT_EQ(events_.size(), 120U);
}

TEST_F(Damage, AFolderThatIsRemovedInUseLosesNothingOnceItIsThereAgain) {
  const auto inner = folder_ / "inner";
  std::filesystem::create_directory(inner);
  settings_.retry_first = settings_.retry_most = 1ms;
  file_ = inner / "sink.spool";
  TailUser tail(opened(file_, settings_, observer_));
  tail->left();
  tail.append(lane_1, 1, words_of(1));
  ASSERT_TRUE(tail.wait_committed(1));
  std::filesystem::remove_all(inner);
  tail.append(lane_1, 2, words_of(2));
  ASSERT_TRUE(tail.wait([&] { return tail->failing(); }));
  EXPECT_EQ(tail.numbers(lane_1), (Numbered{1, 2}));
  std::filesystem::create_directory(inner);
  ASSERT_TRUE(tail.wait_committed(2));
  ASSERT_TRUE(tail.wait([&] { return !tail->failing(); }));
  tail.end();
  read_all();
  EXPECT_EQ(events_, (Numbered{1, 2}));
}

TEST_F(Damage, AFileThatIsEmptiedInUseIsNoticedAtTheEndAndNothingOfItIsSaidToBeKept) {
  settings_.log = 0;  // everything is in the file at once
  TailUser tail(opened(file_, settings_, observer_));
  tail->left();
  for (std::uint64_t number = 1; number <= 20; ++number) tail.append(lane_1, number, words_of(number));
  ASSERT_TRUE(tail.wait_committed(20));
  tail->close(60s);
  ASSERT_TRUE(tail->kept());
  EXPECT_EQ(tail->kept()->records, 20U);
  for (const char* part : {"", "-wal"}) std::filesystem::resize_file(file_.native() + part, 0);
  tail->close(60s);
  ASSERT_TRUE(tail->kept());
  EXPECT_EQ(tail->kept()->records, 0U);
  const auto news = observer_.wait(SpoolSign::set_aside);
  EXPECT_EQ(news.lost, 20U);
  EXPECT_NE(news.text.find("another program has cut it"), std::string::npos) << news.text;
}

TEST_F(Damage, WhatIsInNoFileAnyMoreIsNotKept) {
  const auto inner = folder_ / "inner";
  std::filesystem::create_directory(inner);
  settings_.hold = [] { return std::string("there is no directory"); };
  file_ = inner / "sink.spool";
  TailUser tail(opened(file_, settings_, observer_));
  tail->left();
  tail.append(lane_1, 1, words_of(1));
  ASSERT_TRUE(tail.wait_committed(1));
  std::filesystem::remove_all(inner);
  tail->close(60s);
  ASSERT_TRUE(tail->kept());
  EXPECT_EQ(tail->kept()->records, 0U);
  const auto news = observer_.wait(SpoolSign::cannot_write);
  EXPECT_NE(news.text.find("sink.spool: the file is gone"), std::string::npos) << news.text;
  EXPECT_NE(news.text.find("there is no directory"), std::string::npos) << news.text;
}

TEST_F(Damage, NoticesOfWhichNothingIsLeftAreNoEvents) {
  settings_.log = 0;
  TailUser tail(opened(file_, settings_, observer_));
  tail->left();
  tail->append(lane_1, {1, spooled_event(lane_1.key, "words", event::Kind::notice), nullptr});
  ASSERT_TRUE(tail.wait_committed(1));
  tail->close(60s);  // its log has been moved
  for (const char* part : {"", "-wal"}) std::filesystem::resize_file(file_.native() + part, 0);
  tail.append(lane_2, 2, words_of(2));  // its commit notices it
  ASSERT_TRUE(tail.wait_committed(2));
  const auto read = tail.read(lane_1, 1);
  ASSERT_EQ(read.records.size(), 1U);
  EXPECT_TRUE(read.records[0].letter);
  EXPECT_TRUE(read.records[0].notice);
}

// ── a disk in trouble ───────────────────────────────────────────────────────────────────────────────────────────────

class Trouble : public testing::Test {
 protected:
  Trouble() : disk_("tributary-trouble") {
    settings_.vfs = disk_.name();
    settings_.retry_first = settings_.retry_most = 1ms;
  }
  TestDisk disk_;
  SinkTail::Settings settings_;
  TestObserver observer_;
};

TEST_F(Trouble, WhileTheDiskIsFullEverythingStaysInMemoryAndFlowsAfterwards) {
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_READONLY}) {
    SCOPED_TRACE(code);
    TestObserver observer;
    TailUser tail(opened("sink" + std::to_string(code), settings_, observer));
    tail->left();
    tail.append(lane_1, 1);
    ASSERT_TRUE(tail.wait_committed(1));
    disk_.refuse_writes(code);
    tail.append(lane_1, 2);
    tail->forget(lane_1, 1, 1);
    ASSERT_TRUE(tail.wait([&] { return tail->failing(); }));
    EXPECT_NE(observer.wait(SpoolSign::cannot_write).text, "");
    EXPECT_EQ(tail.numbers(lane_1), Numbered{2}) << "what is forgotten is not read";
    EXPECT_EQ(tail->committed(), 1U);
    EXPECT_GT(tail->held(), 0U);
    disk_.refuse_writes(0);
    ASSERT_TRUE(tail.wait_committed(2));
    ASSERT_TRUE(tail.wait([&] { return !tail->failing(); }));
    EXPECT_EQ(observer.wait(SpoolSign::works_again).sign, SpoolSign::works_again);
    EXPECT_EQ(observer.count(SpoolSign::cannot_write), 1U) << "told once";
    EXPECT_EQ(tail->held(), 0U);
  }
}

TEST_F(Trouble, WhatCannotBeWrittenBeforeTheEndIsLostAndToldSo) {
  TailUser tail(opened("sink", settings_, observer_));
  tail->left();
  disk_.refuse_writes(SQLITE_FULL);
  int lost = 0;
  auto event = spooled_event("a", "words");
  event->receipt = std::make_shared<event::Receipt>([&](bool kept) { lost += kept ? 0 : 1; });
  tail->append(lane_1, {1, std::move(event), nullptr});
  tail.append(lane_1, 2);
  tail->close(1ms);
  const auto news = tail->take();
  ASSERT_TRUE(news);
  const auto& told = std::get<event::TailLost>(*news);
  EXPECT_EQ(told.reason, event::Dropped::stopped);
  EXPECT_EQ(told.records.size(), 2U);
  EXPECT_EQ(observer_.count(SpoolSign::not_committed), 1U);
  EXPECT_EQ(tail->held(), 0U);
  disk_.refuse_writes(0);
  tail->left();  // what was on its way when the time was over may be there all the same
  tail.end();
  EXPECT_EQ(lost, 1);
}

TEST_F(Trouble, ADiskThatHangsHoldsUpNeitherCloseNorTheEnd) {
  {
    TailUser tail(opened("sink", settings_, observer_));
    tail->left();
    disk_.hang();
    tail.append(lane_1, 1);
    const auto began = std::chrono::steady_clock::now();
    tail->close(20ms);
    tail.end();
    EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
  }
  disk_.release();  // the thread that stayed behind goes on, and touches nothing that is gone
}

TEST_F(Trouble, ADiskThatTheSpoolHasFilledWorksAgainOnceEverythingIsDelivered) {
  disk_.limit(500'000);
  TailUser tail(opened("sink", settings_, observer_));
  tail->left();
  std::uint64_t number = 0;
  while (!tail->failing() && number < 10'000) {
    ++number;
    tail.append(number % 2 == 0 ? lane_1 : lane_2, number, words_of(number));
    if (number % 20 == 0) tail.wait([&] { return tail->failing() || tail->committed() >= number; });
  }
  ASSERT_TRUE(tail->failing());
  ASSERT_GT(tail->records(), 50U);
  EXPECT_EQ(tail.numbers(lane_1).size() + tail.numbers(lane_2).size(), number);
  for (const auto& lane : {lane_1, lane_2}) {
    for (std::uint64_t one = 1; one <= number; ++one) tail->forget(lane, one, one);
  }
  ASSERT_TRUE(tail.wait([&] { return !tail->failing(); }));
  EXPECT_EQ(observer_.wait(SpoolSign::works_again).sign, SpoolSign::works_again);
  ++number;
  tail.append(lane_1, number, words_of(number));
  ASSERT_TRUE(tail.wait_committed(number));
  EXPECT_EQ(tail.numbers(lane_1), Numbered{number});
  EXPECT_TRUE(tail.numbers(lane_2).empty());
  EXPECT_EQ(observer_.count(SpoolSign::set_aside), 0U);
  tail.end();
  TailUser again(opened("sink", settings_, observer_));
  ASSERT_EQ(again->left().size(), 1U);
  EXPECT_EQ(again.numbers(lane_1), Numbered{number});
}

TEST_F(Trouble, ADiskThatTheSpoolHasFilledWorksAgainOncePartOfItIsDelivered) {
  settings_.limits.size = 1u << 20;
  settings_.disk_free = [this] { return disk_.free(); };
  disk_.limit(800'000);
  TailUser tail(opened("sink", settings_, observer_));
  tail->left();
  std::uint64_t number = 0;
  while (!tail->failing() && number < 10'000) {
    ++number;
    tail.append(lane_1, number, words_of(number));
    if (number % 20 == 0) tail.wait([&] { return tail->failing() || tail->committed() >= number; });
  }
  ASSERT_TRUE(tail->failing());
  ASSERT_GT(tail->records(), 100U);
  const auto half = tail->records() / 2;
  for (std::uint64_t one = 1; one <= half; ++one) tail->forget(lane_1, one, one);
  ASSERT_TRUE(tail.wait([&] { return !tail->failing() && tail->committed() == number; }))
      << tail->committed() << " of " << number;
  const auto left = tail.numbers(lane_1);
  EXPECT_EQ(left.size(), number - half);
  EXPECT_EQ(left.front(), half + 1);
  EXPECT_EQ(observer_.count(SpoolSign::set_aside), 0U);
}

TEST_F(Trouble, ALogThatFillsTheDiskIsEmptied) {
  disk_.limit(2'000'000);  // the log may grow to 4 MiB
  {
    TailUser tail(opened("sink", settings_, observer_));
    tail->left();
    for (std::uint64_t number = 1; number <= 150; ++number) tail.append(lane_2, number, words_of(number));
    ASSERT_TRUE(tail.wait_committed(150));
    tail->forget(lane_2, 1, 149);
    tail->close(60s);
  }
  TailUser tail(opened("sink", settings_, observer_));
  tail->left();
  for (std::uint64_t number = 1; number <= 3'000; ++number) {
    tail.append(lane_1, number, words_of(number));
    if (number % 20 != 0) continue;
    ASSERT_TRUE(tail.wait([&] { return tail->failing() || tail->committed() >= number; }));
    ASSERT_FALSE(tail->failing()) << number;
    tail->forget(lane_1, number - 19, number);
  }
  EXPECT_EQ(observer_.count(SpoolSign::cannot_write), 0U);
}

TEST_F(Trouble, WhatCannotBeReadNowIsReadLater) {
  TailUser tail(opened("sink", settings_, observer_));
  tail->left();
  for (std::uint64_t number = 1; number <= 8'000; ++number) tail.append(lane_1, number, std::string(1'000, 'x'));
  ASSERT_TRUE(tail.wait_committed(8'000));
  disk_.refuse_reads(SQLITE_IOERR_READ);
  tail->read(lane_1, 1, 1u << 30);
  EXPECT_NE(observer_.wait(SpoolSign::cannot_read).text, "");
  disk_.refuse_reads(0);
  const auto news = tail.news();
  EXPECT_EQ(std::get<event::TailRead>(news).records.size(), 8'000U);
  EXPECT_EQ(observer_.wait(SpoolSign::works_again).sign, SpoolSign::works_again);
}

}  // namespace
}  // namespace tributary::spool
