#include "spool/inspect.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <set>

#include "spool/tail_fixture.hpp"

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;

const event::LaneName events_lane{"topic", "a"}, letters_lane{"letters", "stage"};

class Inspecting : public testing::Test {
 protected:
  void fill(TailUser<SinkTail>& tail) {
    tail->left();
    for (std::uint64_t number = 1; number <= 1'200; ++number)
      tail.append(events_lane, number, "number " + std::to_string(number));
    auto letter = std::make_shared<event::DeadLetter>();
    letter->reason = "record_refused";
    letter->value = R"({"reason":"record_refused"})";
    letter->connector = std::make_shared<const std::string>("stage");
    tail->append(letters_lane, {1'201, nullptr, std::move(letter)});
    EXPECT_TRUE(tail.wait_committed(1'201));
  }
  /// Every file of the folder, with its bytes but for what SQLite shares in memory.
  std::map<std::string, std::string> folder() const {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      auto& bytes = all[entry.path().filename().string()];
      if (entry.path().native().ends_with("-shm")) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }
  void expect_all_seen() const {
    auto opened = Inspection::open(file_);
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<Inspection>>(opened)) << std::get<std::string>(opened);
    const auto& inspection = *std::get<0>(opened);
    std::vector<Inspection::Lane> all;
    ASSERT_EQ(inspection.lanes(all), "");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, letters_lane);
    EXPECT_EQ(all[1].name, events_lane);
    EXPECT_EQ(all[1].records, 1'200U);
    EXPECT_EQ(all[1].first, 1U);
    EXPECT_EQ(all[1].last, 1'200U);
    EXPECT_GT(all[1].bytes, 1'200U * 200);
    std::uint64_t next = 1;
    EXPECT_EQ(inspection.each([&](const Inspection::Line& line) {
      EXPECT_EQ(line.number, next++);
      if (line.number == 1'201) {
        EXPECT_EQ(line.type, "dead letter");
        EXPECT_EQ(line.id, "record_refused");
        EXPECT_EQ(line.value, R"({"reason":"record_refused"})");
        return true;
      }
      EXPECT_EQ(*line.lane, events_lane);
      EXPECT_EQ(line.type, "tip");
      EXPECT_EQ(line.id, "507f1f77bcf86cd799439011");
      EXPECT_NE(line.value.find("number " + std::to_string(line.number)), std::string_view::npos);
      return !HasFailure();
    }),
              "");
    EXPECT_EQ(next, 1'202U);
  }
  TestFolder folder_;
  std::filesystem::path file_ = folder_ / "sink.spool";
  TestObserver observer_;
};

TEST_F(Inspecting, SeesEverythingWhileARelayWrites) {
  TailUser tail(opened(file_, {}, observer_));
  fill(tail);
  ASSERT_EQ(folder().count("sink.spool-wal"), 1U);
  const auto names = [this] {
    std::vector<std::string> all;
    for (const auto& [name, bytes] : folder()) all.push_back(name);
    return all;
  };
  const auto before = names();
  expect_all_seen();
  EXPECT_EQ(names(), before) << "the relay itself may empty its log meanwhile";
  tail->forget(events_lane, 1, 1'200);
  tail->close(60s);
  tail.append(events_lane, 1'202);
  EXPECT_TRUE(tail.wait_committed(1'202));
}

TEST_F(Inspecting, LeavesNothingBehindWhereNobodyWrites) {
  {
    TailUser tail(opened(file_, {}, observer_));
    fill(tail);
  }
  const auto before = folder();
  ASSERT_EQ(before.size(), 1U);
  expect_all_seen();
  EXPECT_EQ(folder(), before);
}

/// As after a kill: the log is there, and nobody who works with it.
TEST_F(Inspecting, SeesWhatARelayHasLeftThatWasKilled) {
  {
    TailUser tail(opened(file_, {}, observer_));
    fill(tail);
    std::filesystem::create_directory(folder_ / "killed");
    for (const char* part : {"", "-wal", "-shm"}) {
      const auto name = "sink.spool" + std::string(part);
      std::filesystem::copy(folder_ / name, folder_ / "killed" / name);
    }
  }
  file_ = folder_ / "killed" / "sink.spool";
  expect_all_seen();
  std::filesystem::remove(file_.native() + "-shm");
  expect_all_seen();
  EXPECT_FALSE(std::filesystem::exists(file_.native() + "-shm"));
  EXPECT_TRUE(std::filesystem::exists(file_.native() + "-wal"));
}

TEST_F(Inspecting, OfADamagedFileItSeesWhatVerifiesAndSaysSoAndChangesNothing) {
  {
    TailUser tail(opened(file_, {}, observer_));
    fill(tail);
  }
  const auto whole = std::filesystem::file_size(file_);
  for (const bool beginning : {true, false}) {
    if (beginning) {
      std::fstream(file_, std::ios::binary | std::ios::in | std::ios::out) << std::string(4096, 'z');
    } else {
      std::filesystem::resize_file(file_, whole / 2);
    }
    const auto before = folder();
    auto opened = Inspection::open(file_);
    ASSERT_TRUE(std::holds_alternative<std::unique_ptr<Inspection>>(opened)) << std::get<std::string>(opened);
    const auto& inspection = *std::get<0>(opened);
    std::vector<Inspection::Lane> lanes;
    EXPECT_NE(inspection.lanes(lanes).find("is damaged"), std::string::npos);
    std::set<std::pair<std::string, std::uint64_t>> seen;
    EXPECT_NE(inspection
                  .each([&](const Inspection::Line& line) {
                    EXPECT_TRUE(seen.emplace(line.lane->stream, line.number).second) << line.number;
                    return true;
                  })
                  .find("is damaged"),
              std::string::npos);
    std::uint64_t counted = 0;
    for (const auto& lane : lanes) counted += lane.records;
    EXPECT_EQ(counted, seen.size());
    EXPECT_GT(seen.size(), beginning ? 1'200U : 400U);
    EXPECT_EQ(folder(), before);
  }
}

TEST_F(Inspecting, WhatIsNoFileOfASinkIsSaidWithoutReadingIt) {
  std::filesystem::create_directory(folder_ / "directory");
  EXPECT_NE(Inspection::misnamed(folder_ / "directory").find("is a directory"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_NE(Inspection::misnamed(folder_ / "pipe").find("a pipe"), std::string::npos);
  EXPECT_NE(Inspection::misnamed(folder_ / "memory.db").find("what connectors remember"), std::string::npos);
  EXPECT_EQ(Inspection::misnamed(folder_ / "sink.spool"), "");
}

TEST_F(Inspecting, WhatIsNoSpoolIsSaidSo) {
  const auto fault = [&](const std::string& name) {
    auto opened = Inspection::open(folder_ / name);
    return std::holds_alternative<std::string>(opened) ? std::get<std::string>(opened) : "";
  };
  EXPECT_NE(fault("gone").find("is not there"), std::string::npos);
  std::ofstream(folder_ / "text") << std::string(200, 'x');
  EXPECT_NE(fault("text").find("is no spool"), std::string::npos);
  std::ofstream(folder_ / "empty").flush();
  EXPECT_NE(fault("empty").find("is empty"), std::string::npos);
}

}  // namespace
}  // namespace tributary::spool
