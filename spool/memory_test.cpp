#include "spool/memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using event::KnownId;
using event::WallTime;
using testing::ElementsAre;
using testing::HasSubstr;

WallTime moment(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }
KnownId known(std::uint32_t number) { return {{number, 2, 3}, false, {}, moment(number)}; }

class Told final : public Observer {
 public:
  void on_news(const SpoolNews& news) override {
    const std::lock_guard lock(mutex_);
    all_.emplace_back(name(news.sign));
    words_ += std::string(news.text) + "\n";
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }
  std::string words() {
    const std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
  std::string words_;
};

class MemoryTest : public testing::Test {
 protected:
  MemoryTest() : folder(fs::temp_directory_path() / ("memory_test." + std::to_string(::getpid()))) {
    fs::remove_all(folder);
  }
  ~MemoryTest() override { fs::remove_all(folder); }

  std::unique_ptr<Memory> open() {
    auto opened = Memory::open(folder, [this](const std::string&) -> Observer& { return told; },
                               {.write_every = 1ms, .retry_first = 1ms, .retry_most = 2ms});
    if (auto* fault = std::get_if<std::string>(&opened)) ADD_FAILURE() << *fault;
    return std::get<std::unique_ptr<Memory>>(std::move(opened));
  }
  static std::vector<std::uint32_t> ids(Memory& memory, const std::string& connector, std::size_t most = 100) {
    std::vector<std::uint32_t> all;
    for (const auto& id : memory.connector(connector).ids(moment(0), most)) all.push_back(id.key[0]);
    return all;
  }

  const fs::path folder;
  Told told;
};

TEST_F(MemoryTest, is_there_again_after_the_end) {
  {
    const auto memory = open();
    auto& stage = memory->connector("stage");
    EXPECT_EQ(&stage, &memory->connector("stage"));
    EXPECT_THAT(stage.last_seen(), testing::IsEmpty());
    stage.seen("ada", moment(10));
    stage.seen("bob", moment(11));
    stage.seen("ada", moment(12));
    stage.forget("bob");
    stage.remember(known(1));
    stage.remember(known(2));
    memory->connector("hall").remember(known(3));
  }
  const auto memory = open();
  const auto seen = memory->connector("stage").last_seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].channel, "ada");
  EXPECT_EQ(seen[0].at, moment(12));
  EXPECT_THAT(ids(*memory, "stage"), ElementsAre(1, 2));
  EXPECT_THAT(ids(*memory, "stage", 1), ElementsAre(2));
  EXPECT_THAT(ids(*memory, "hall"), ElementsAre(3));
  EXPECT_THAT(told.all(), testing::IsEmpty());
}

TEST_F(MemoryTest, knows_in_the_same_life_what_was_told_a_moment_ago) {
  const auto memory = open();
  auto& stage = memory->connector("stage");
  for (std::uint32_t number = 1; number <= 50; ++number) {
    stage.remember(known(number));
    EXPECT_EQ(ids(*memory, "stage", 1).front(), number);  // whether it is on its way to the file or there
  }
  stage.seen("ada", moment(5));
  EXPECT_EQ(stage.last_seen().size(), 1U);
}

TEST_F(MemoryTest, is_of_one_process) {
  const auto memory = open();
  const auto second = Memory::open(folder, [this](const std::string&) -> Observer& { return told; });
  ASSERT_TRUE(std::holds_alternative<std::string>(second));
  EXPECT_THAT(std::get<std::string>(second), HasSubstr("in use by another process"));
}

TEST_F(MemoryTest, refuses_a_file_of_a_later_version) {
  open();
  {
    Database later;
    ASSERT_FALSE(later.open(folder / "memory.db", Database::Access::write));
    ASSERT_TRUE(later.run("PRAGMA user_version = 9;"));
  }
  const auto refused = Memory::open(folder, [this](const std::string&) -> Observer& { return told; });
  ASSERT_TRUE(std::holds_alternative<std::string>(refused));
  EXPECT_THAT(std::get<std::string>(refused),
              HasSubstr("is of version 9, and this program knows version 1: run the newer"));
}

TEST_F(MemoryTest, goes_on_without_its_file_and_writes_it_when_it_can) {
  fs::create_directories(folder / "memory.db");  // in its place
  {
    const auto memory = open();
    EXPECT_THAT(told.all(), ElementsAre("cannot_write"));
    EXPECT_THAT(told.words(), HasSubstr("memory.db: "));
    memory->connector("stage").remember(known(1));
    EXPECT_THAT(ids(*memory, "stage"), ElementsAre(1));
    fs::remove(folder / "memory.db");
    while (told.all().size() < 2) std::this_thread::yield();
    EXPECT_THAT(told.all(), ElementsAre("cannot_write", "works_again"));
  }
  const auto memory = open();
  EXPECT_THAT(ids(*memory, "stage"), ElementsAre(1));
}

TEST_F(MemoryTest, is_made_and_locked_again_when_its_directory_is_removed) {
  {
    const auto memory = open();
    memory->connector("stage").remember(known(1));
    while (ids(*memory, "stage").empty()) std::this_thread::yield();
    const fs::path gone = folder.string() + ".gone";
    fs::rename(folder, gone);  // at once: the first id may be written meanwhile
    fs::remove_all(gone);
    memory->connector("stage").remember(known(2));
    while (!fs::exists(folder / "lock") || !fs::exists(folder / "memory.db")) std::this_thread::yield();
    const auto second = Memory::open(folder, [this](const std::string&) -> Observer& { return told; });
    EXPECT_TRUE(std::holds_alternative<std::string>(second));
  }
  const auto memory = open();
  EXPECT_THAT(ids(*memory, "stage"), ElementsAre(1, 2));
}

TEST_F(MemoryTest, tells_of_a_damaged_file) {
  fs::create_directories(folder);
  std::ofstream(folder / "memory.db") << std::string(4'096, 'x');
  const auto memory = open();
  EXPECT_THAT(told.all(), ElementsAre("set_aside"));
  memory->connector("stage").remember(known(1));
  EXPECT_THAT(ids(*memory, "stage"), ElementsAre(1));
}

TEST_F(MemoryTest, bounds_what_waits_for_a_file_that_cannot_be_written) {
  ConnectorMemory memory(
      "stage", {}, [](const std::string&) { return std::vector<KnownId>(); }, [] {});
  for (std::uint32_t number = 0; number < ConnectorMemory::most_pending + 10; ++number) memory.remember(known(number));
  const auto changes = memory.take();
  EXPECT_LE(changes.ids.size(), ConnectorMemory::most_pending);
  EXPECT_EQ(changes.ids.back().key[0], ConnectorMemory::most_pending + 9);
}

}  // namespace
}  // namespace tributary::spool
