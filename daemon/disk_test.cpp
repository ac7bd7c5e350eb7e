#include "daemon/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "config/load.hpp"
#include "daemon/log_fixture.hpp"
#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DiskTest : public testing::Test {
 protected:
  DiskTest() : folder(fs::temp_directory_path() / ("disk_test." + std::to_string(::getpid()))) {
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(folder / "file") << "x";
  }
  ~DiskTest() override { fs::remove_all(folder); }

  /// `directory`: "" for one that is not written, and cannot be made.
  config::Settings settings(const std::string& sinks, const std::string& directory) const {
    const auto text =
        "version: 1\nsinks: {" + sinks + "}\n" + (directory.empty() ? "" : "spool: {directory: " + directory + "}\n");
    auto loaded = config::load_text(text, folder / "tributary.yaml", vocabulary());
    for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
    if (directory.empty()) loaded.settings->spool.directory.resolved = folder / "file" / "in";
    return std::move(*loaded.settings);
  }

  static constexpr auto kafka = "k: {type: kafka, brokers: ['localhost:1']}";
  static constexpr auto without = "k: {type: kafka, brokers: ['localhost:1'], spool: {enabled: false}}";
  static constexpr auto lines = "l: {type: file, path: x.jsonl}";

  const fs::path folder;
  Log log{log_settings(config::Log::Format::json, config::Log::Level::error)};
  Telemetry telemetry{log};
};

TEST_F(DiskTest, is_opened_for_a_sink_that_keeps_something) {
  for (const auto* sinks : {without, lines}) {
    Disk disk(telemetry);
    EXPECT_EQ(disk.prepare(settings(sinks, "state")), "");
    EXPECT_EQ(disk.memory(), nullptr);
    EXPECT_FALSE(fs::exists(folder / "state"));
  }
  Disk disk(telemetry);
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  ASSERT_NE(disk.memory(), nullptr);
  EXPECT_TRUE(fs::exists(folder / "state" / "lock"));
  Disk other(telemetry);
  EXPECT_THAT(other.prepare(settings(kafka, "state")), HasSubstr("spool.directory: "));
  EXPECT_THAT(other.prepare(settings(kafka, "state")), HasSubstr("in use by another process"));
}

TEST_F(DiskTest, stays_where_it_is) {
  Disk disk(telemetry);
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  EXPECT_EQ(disk.prepare(settings(lines, "other")), "");
  EXPECT_THAT(disk.prepare(settings(kafka, "other")), HasSubstr("it cannot change while the program runs"));
  EXPECT_FALSE(fs::exists(folder / "other"));
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
}

TEST_F(DiskTest, goes_back_to_what_it_was_before_a_reload_that_is_refused) {
  Disk disk(telemetry);
  EXPECT_EQ(disk.prepare(settings(kafka, "")), "");
  EXPECT_EQ(telemetry.count(LogEvent::spool_failing), 1U);
  disk.let_go();
  EXPECT_EQ(disk.prepare(settings(kafka, "")), "");
  EXPECT_EQ(telemetry.count(LogEvent::spool_failing), 2U) << "the one before was never in force";
  disk.keep();
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  disk.let_go();
  EXPECT_EQ(disk.memory(), nullptr);
  EXPECT_EQ(Disk::holder_of(settings(kafka, "state")), "");
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  ASSERT_TRUE(std::holds_alternative<event::Tail*>(disk.memory()->tail("k", {})));
  disk.keep();
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  ASSERT_TRUE(std::holds_alternative<event::Tail*>(disk.memory()->tail("other", {})));
  disk.let_go();
  disk.let_go();
  EXPECT_EQ(disk.memory()->tails(), std::set<std::string>{"k"});
}

TEST_F(DiskTest, is_done_without_only_where_nobody_asked_for_it) {
  Disk disk(telemetry);
  EXPECT_THAT(disk.prepare(settings(kafka, "file/in")), HasSubstr("spool.directory: "));
  EXPECT_EQ(telemetry.count(LogEvent::spool_failing), 0U);
  EXPECT_EQ(disk.prepare(settings(kafka, "")), "");
  EXPECT_EQ(disk.prepare(settings(kafka, "")), "");
  EXPECT_EQ(telemetry.count(LogEvent::spool_failing), 1U);  // told once
  EXPECT_EQ(disk.memory(), nullptr);
  EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
  EXPECT_NE(disk.memory(), nullptr);
}

TEST_F(DiskTest, tells_of_records_that_nobody_delivers) {
  {
    Disk disk(telemetry);
    EXPECT_EQ(disk.prepare(settings(kafka, "state")), "");
    auto* tail = std::get<event::Tail*>(disk.memory()->tail("k", {}));
    tail->left();
    auto letter = std::make_shared<event::DeadLetter>();
    letter->reason = "not_json";
    letter->connector = std::make_shared<const std::string>("stage");
    letter->value = "{}";
    tail->append({"letters", "stage"}, {1, nullptr, letter});
    tail->close(std::chrono::seconds(10));
    disk.report_left(settings(kafka, "state"));
    EXPECT_EQ(telemetry.count(LogEvent::spool_left), 0U);
  }
  Disk disk(telemetry);
  disk.report_left(settings(without, "state"));
  EXPECT_EQ(telemetry.count(LogEvent::spool_left), 1U);
  disk.report_left(settings(lines, "state"));
  EXPECT_EQ(telemetry.count(LogEvent::spool_left), 1U);  // touches no directory
}

TEST_F(DiskTest, what_check_asks_changes_nothing_and_finds_who_uses_it_and_later_versions) {
  const auto wanted = settings(kafka, "state");
  EXPECT_EQ(Disk::holder_of(wanted), "");
  EXPECT_TRUE(Disk::faults_of_files(wanted).empty());
  EXPECT_FALSE(fs::exists(folder / "state"));
  {
    Disk disk(telemetry);
    ASSERT_EQ(disk.prepare(wanted), "");
    ASSERT_TRUE(std::holds_alternative<event::Tail*>(disk.memory()->tail("k", {})));
    EXPECT_EQ(Disk::holder_of(wanted), std::to_string(::getpid()));
    EXPECT_TRUE(Disk::faults_of_files(wanted).empty());
  }
  EXPECT_EQ(Disk::holder_of(wanted), "");
  for (const char* file : {"memory.db", "k.spool"}) {
    std::fstream(folder / "state" / file, std::ios::binary | std::ios::in | std::ios::out).seekp(63).put(99);
  }
  EXPECT_THAT(Disk::faults_of_files(wanted),
              testing::ElementsAre(HasSubstr("memory.db is of version 99"), HasSubstr("k.spool is of version 99")));
}

}  // namespace
}  // namespace tributary::daemon
