#include "spool/memory_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "spool/known_ids.hpp"

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using event::KnownId;
using event::WallTime;
using testing::ElementsAre;
using testing::IsEmpty;

WallTime at(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

KnownId id_of(std::uint32_t number, std::int64_t seen) { return {{number, 0xFFFFFFFF, 1}, false, {}, at(seen)}; }

std::vector<std::uint32_t> numbers(const std::vector<KnownId>& ids) {
  std::vector<std::uint32_t> all;
  for (const auto& id : ids) all.push_back(id.key[0]);
  return all;
}

TEST(KnownIds, come_back_as_they_were) {
  std::string block;
  append_id(block, {{1, 2, 0xFFFFFFFF}, true, at(-5), at(1'700'000'000'123)});
  append_id(block, {{0, 0, 0}, false, {}, at(0)});
  std::vector<KnownId> ids;
  read_ids(block.substr(0, block.size() - 1), ids);
  ASSERT_EQ(ids.size(), 1U);  // the second one is cut off
  EXPECT_EQ(ids[0].key, (std::array<std::uint32_t, 3>{1, 2, 0xFFFFFFFF}));
  EXPECT_TRUE(ids[0].flagged);
  EXPECT_EQ(ids[0].updated, at(-5));
  EXPECT_EQ(ids[0].seen, at(1'700'000'000'123));
  ids.clear();
  read_ids(block, ids);
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_FALSE(ids[1].flagged);
  EXPECT_FALSE(ids[1].updated);
}

TEST(KnownIds, are_the_newest_ones_each_as_it_was_told_last) {
  std::vector<KnownId> told{id_of(1, 10), id_of(2, 20), id_of(3, 5), id_of(1, 30), id_of(4, 40)};
  EXPECT_THAT(numbers(newest(told, at(0), 10)), ElementsAre(3, 2, 1, 4));
  EXPECT_THAT(numbers(newest(told, at(20), 10)), ElementsAre(2, 1, 4));
  EXPECT_THAT(numbers(newest(told, at(0), 2)), ElementsAre(1, 4));
  EXPECT_THAT(newest({}, at(0), 2), IsEmpty());
}

class MemoryFileTest : public testing::Test {
 protected:
  MemoryFileTest() : folder(fs::temp_directory_path() / ("memory_file_test." + std::to_string(::getpid()))) {
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  ~MemoryFileTest() override { fs::remove_all(folder); }

  static MemoryChanges ids(const std::string& connector, std::uint32_t from, std::uint32_t to, std::size_t most) {
    MemoryChanges changes;
    changes.connector = connector;
    changes.most_ids = most;
    for (auto number = from; number < to; ++number) changes.ids.push_back(id_of(number, number));
    return changes;
  }

  const fs::path folder;
  const fs::path path = folder / "memory.db";
};

TEST_F(MemoryFileTest, its_log_stays_small) {
  MemoryFile file(path);
  ASSERT_FALSE(file.open().fault);
  for (std::uint32_t round = 0; round < 400; ++round) {
    ASSERT_FALSE(file.write({ids("stage", round * 200, round * 200 + 200, 65'536)}));
  }
  EXPECT_LT(fs::file_size(folder / "memory.db-wal"), 3U << 20U);
}

TEST_F(MemoryFileTest, knows_channels_and_ids_again) {
  {
    MemoryFile file(path);
    EXPECT_FALSE(file.open().fault);
    EXPECT_THAT(file.seen(), IsEmpty());
    MemoryChanges stage = ids("stage", 1, 3, 100);
    stage.channels = {{"ada", at(7)}, {"bob", at(8)}};
    EXPECT_FALSE(file.write({stage, ids("hall", 5, 6, 100)}));
    MemoryChanges more = ids("stage", 3, 4, 100);
    more.channels = {{"ada", std::nullopt}, {"bob", at(9)}};
    EXPECT_FALSE(file.write({more}));
  }
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  MemoryFile file(path);
  EXPECT_FALSE(file.open().fault);
  const auto seen = file.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_THAT(seen.at("stage"), ElementsAre(std::pair<const std::string, WallTime>("bob", at(9))));
  EXPECT_THAT(numbers(file.ids("stage")), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers(file.ids("hall")), ElementsAre(5));
  EXPECT_THAT(file.ids("nobody"), IsEmpty());
  EXPECT_FALSE(file.write({ids("stage", 4, 5, 100)}));  // behind what an earlier run wrote
  EXPECT_THAT(numbers(file.ids("stage")), ElementsAre(1, 2, 3, 4));
}

TEST_F(MemoryFileTest, keeps_as_many_ids_as_are_wanted_and_no_block_more) {
  MemoryFile file(path);
  EXPECT_FALSE(file.open().fault);
  for (std::uint32_t from = 0; from < 20'000; from += 100) {
    EXPECT_FALSE(file.write({ids("stage", from, from + 100, 1'000)}));
  }
  const auto known = numbers(file.ids("stage"));
  EXPECT_GE(known.size(), 1'000U);
  EXPECT_LT(known.size(), 1'000U + 512U);
  EXPECT_EQ(known.back(), 19'999U);
  EXPECT_EQ(known.front() + known.size(), 20'000U);
}

TEST_F(MemoryFileTest, refuses_one_of_a_later_version_and_changes_nothing) {
  {
    Database later;
    ASSERT_FALSE(later.open(path, Database::Access::write));
    ASSERT_TRUE(later.run("CREATE TABLE t (x); PRAGMA user_version = 2;"));
  }
  const auto size = fs::file_size(path);
  MemoryFile file(path);
  const auto opened = file.open();
  EXPECT_TRUE(opened.newer);
  EXPECT_THAT(opened.fault.words, testing::HasSubstr("is of version 2"));
  EXPECT_FALSE(file.is_open());
  EXPECT_EQ(fs::file_size(path), size);
}

TEST_F(MemoryFileTest, sets_a_damaged_one_aside_and_begins_anew) {
  std::ofstream(path) << std::string(8'192, 'x');
  MemoryFile file(path);
  const auto opened = file.open();
  EXPECT_FALSE(opened.fault) << opened.fault.words;
  EXPECT_THAT(opened.set_aside, testing::MatchesRegex(".*/memory.db.damaged-[0-9]{8}T[0-9]{6}Z"));
  EXPECT_EQ(fs::file_size(opened.set_aside), 8'192U);
  EXPECT_FALSE(file.write({ids("stage", 1, 2, 10)}));
  EXPECT_THAT(numbers(file.ids("stage")), ElementsAre(1));
}

TEST_F(MemoryFileTest, says_why_it_cannot_be_opened) {
  MemoryFile file(folder / "missing" / "memory.db");
  const auto opened = file.open();
  EXPECT_TRUE(opened.fault);
  EXPECT_THAT(opened.fault.words, testing::HasSubstr("No such file"));
  EXPECT_FALSE(file.is_open());
}

}  // namespace
}  // namespace tributary::spool
