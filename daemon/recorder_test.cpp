#include "daemon/recorder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectors/link/settings.hpp"
#include "connectors/registry.hpp"
#include "daemon/log_fixture.hpp"
#include "daemon/recording.hpp"
#include "tests/support/no_threads.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

/// `end()` has everything written that a tape was given.
class RecorderTest : public ::testing::Test {
 protected:
  RecorderTest() {
    directory_ = std::filesystem::temp_directory_path() / ("tributary-recorder-" + std::to_string(::getpid()));
    std::filesystem::remove_all(directory_);
    recorder_.emplace(telemetry_, "01RUN", limits_);
    connector_.name = "stage";
    connector_.type = "dlive";
    connector_.settings = connectors::find("dlive")->settings();
    record().directory = "tapes";
    record().directory.resolved = directory_ / "tapes";
  }
  ~RecorderTest() override {
    end();
    std::filesystem::remove_all(directory_);
  }
  config::RecordSettings& record() { return dynamic_cast<connectors::Settings&>(*connector_.settings).common.record; }
  void begin() { tape_ = recorder_->tape(connector_); }
  void end() {
    tape_.reset();
    recorder_.reset();
  }
  void say(const std::string& payload) { tape_->frame(connectors::Tape::Way::received, payload, false, now_); }
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> all;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "tapes")) all.push_back(entry.path());
    std::sort(all.begin(), all.end());
    return all;
  }
  static std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  event::Now now_{event::SteadyTime{1h}, event::WallTime{1h}};
  Recorder::Limits limits_{.waiting = Recorder::Limits().waiting, .try_again = 0ms};
  Log log_{log_settings(config::Log::Format::json)};
  Telemetry telemetry_{log_};
  std::optional<Recorder> recorder_;
  config::NamedSettings connector_;
  std::shared_ptr<connectors::Tape> tape_;
  std::filesystem::path directory_;
};

TEST_F(RecorderTest, WritesAFileThatItsOwnerAloneMayRead) {
  begin();
  tape_->opened("wss://example.org", now_);
  say("{\"type\":\"ka\"}");
  end();
  ASSERT_EQ(files().size(), 1U);
  struct stat about {};
  ASSERT_EQ(::stat(files()[0].c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat(files()[0].parent_path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0700U);
  const auto lines = lines_of(files()[0]);
  ASSERT_EQ(lines.size(), 3U);
  const auto head = read_head(lines[0]);
  ASSERT_TRUE(std::holds_alternative<RecordingHead>(head));
  EXPECT_EQ(std::get<RecordingHead>(head).connector, "stage");
  EXPECT_NE(std::get<RecordingHead>(head).settings.find("type: dlive"), std::string::npos);
  EXPECT_EQ(std::get<Recorded>(read_recorded(lines[2])).text, "{\"type\":\"ka\"}");
}

TEST_F(RecorderTest, IsNothingWithoutADirectory) {
  record().directory = {};
  begin();
  EXPECT_EQ(tape_, nullptr);
}

TEST_F(RecorderTest, KeepsTheNewestFilesWithinTheirSizeAndNothingOfOthers) {
  std::filesystem::create_directories(directory_ / "tapes");
  const auto other = directory_ / "tapes" / "stage-2-20200101T000000000Z.frames.jsonl";
  std::ofstream(other) << std::string(2 * mebibyte, '.');
  record().max_size = config::Size{mebibyte};
  begin();
  const std::string frame(64 << 10U, 'x');
  for (int i = 0; i < 40; ++i) say(frame);
  end();
  std::uintmax_t total = 0;
  bool other_stays = false;
  std::vector<std::filesystem::path> own;
  for (const auto& file : files()) {
    if (file == other) {
      other_stays = true;
      continue;
    }
    own.push_back(file);
    total += std::filesystem::file_size(file);
  }
  EXPECT_TRUE(other_stays);
  EXPECT_LE(total, mebibyte);
  EXPECT_GE(own.size(), 3U);
  for (const auto& file : own) {
    const auto head = std::get<RecordingHead>(read_head(lines_of(file).front()));
    EXPECT_TRUE(head.continues) << file << " is not the first";
  }
}

TEST_F(RecorderTest, CountsWhatFindsNoRoom) {
  limits_.waiting = 1;
  recorder_.emplace(telemetry_, "01RUN", limits_);
  begin();
  for (int i = 0; i < 20'000; ++i) say("x");  // no disk is so fast
  end();
  EXPECT_GE(telemetry_.count(LogEvent::recording_incomplete), 1U);
}

TEST_F(RecorderTest, WithoutAThreadWhatIsSaidWaitsUntilAConnectorIsStartedAgain) {
  {
    const support::NoThreads at_the_limit;
    begin();
  }
  EXPECT_EQ(telemetry_.count(LogEvent::recording_failed), 1U);
  say("early");
  begin();
  say("late");
  end();
  std::string all;
  for (const auto& file : files()) all += lines_of(file).back();
  EXPECT_NE(all.find("early"), std::string::npos) << all;
  EXPECT_NE(all.find("late"), std::string::npos) << all;
}

TEST_F(RecorderTest, TriesAgainWhereItCouldNotWrite) {
  std::filesystem::create_directories(directory_);
  std::ofstream(directory_ / "tapes") << "no directory";
  begin();
  say("lost");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (telemetry_.count(LogEvent::recording_failed) == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  std::filesystem::remove(directory_ / "tapes");
  say("kept");
  end();
  EXPECT_EQ(telemetry_.count(LogEvent::recording_failed), 1U);
  EXPECT_EQ(telemetry_.count(LogEvent::recording_works), 1U);
  ASSERT_EQ(files().size(), 1U);
  const auto lines = lines_of(files()[0]);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(std::get<Recorded>(read_recorded(lines[1])).count, 1U);
  EXPECT_EQ(std::get<Recorded>(read_recorded(lines[2])).text, "kept");
}

}  // namespace
}  // namespace tributary::daemon
