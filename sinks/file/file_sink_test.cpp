#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "sinks/file/rotating_file.hpp"
#include "sinks/lines.hpp"
#include "sinks/test_events.hpp"
#include "sinks/test_notes.hpp"

namespace tributary::sinks::file {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;
using testing::Contains;
using testing::ElementsAre;
namespace fs = std::filesystem;

/// A file sink in a folder of its own.
class FileSink : public testing::Test {
 protected:
  FileSink() {
    std::string pattern = (fs::temp_directory_path() / "file-sink-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    settings_.path = folder_ / "events.jsonl";
  }
  ~FileSink() override {
    sink_.reset();
    fs::permissions(folder_, fs::perms::owner_all);
    fs::remove_all(folder_);
  }

  void start() {
    sink_ = std::make_unique<LineSink>(std::make_unique<RotatingFile>(settings_, notes_), LineSink::Settings{}, notes_);
  }
  Sent send(const std::string& padding = {}) {
    EventParts parts;
    parts.padding = padding;
    return sink_->send("events", *make_event(parts), ++token_, event::Manner::together);
  }
  std::map<Verdict, int> poll() {
    std::map<Verdict, int> counts;
    reports_.clear();
    sink_->poll(0ms, reports_);
    for (const auto& report : reports_) ++counts[report.verdict];
    return counts;
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// Every line of the file, each checked to be JSON.
  static std::vector<nlohmann::json> lines(const fs::path& path) {
    std::vector<nlohmann::json> values;
    const std::string text = read(path);
    EXPECT_TRUE(text.empty() || text.back() == '\n') << "a torn line";
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) values.push_back(nlohmann::json::parse(line));
    return values;
  }

  fs::path folder_;
  RotatingFile::Settings settings_;
  Notes notes_;
  std::vector<event::DeliveryReport> reports_;
  std::uint64_t token_ = 0;
  std::unique_ptr<LineSink> sink_;
};

using Verdicts = std::map<Verdict, int>;

TEST_F(FileSink, WritesOneLineForEachEventAndReportsItDelivered) {
  start();
  ASSERT_EQ(send("a"), Sent::accepted);
  ASSERT_EQ(send("b"), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 2}}));
  EXPECT_EQ(reports_[0].token, 1U);
  const auto written = lines(settings_.path);
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["data"], "a");
  EXPECT_EQ(written[1]["data"], "b");
  EXPECT_TRUE(sink_->acknowledges());
}

TEST_F(FileSink, MarksDeadLettersAsSuch) {
  start();
  const event::DeadLetter letter{"not_json", R"({"reason":"not_json"})", std::make_shared<const std::string>("main")};
  ASSERT_EQ(sink_->send(sink_->dead_letter_stream(), letter, 1, event::Manner::together), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 1}}));
  EXPECT_EQ(read(settings_.path), "{\"dead_letter\":{\"reason\":\"not_json\"}}\n");
}

TEST_F(FileSink, TakesNeitherStateNorNotices) {
  start();
  EventParts parts;
  EXPECT_EQ(sink_->stream_of(*make_event(parts)), "events");
  parts.kind = event::Kind::state;
  EXPECT_EQ(sink_->stream_of(*make_event(parts)), "");
  parts.kind = event::Kind::notice;
  EXPECT_EQ(sink_->stream_of(*make_event(parts)), "");
}

TEST_F(FileSink, AppendsToWhatIsThere) {
  std::ofstream(settings_.path) << "{\"_id\":\"old\"}\n";
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  EXPECT_EQ(lines(settings_.path).size(), 2U);
  EXPECT_TRUE(notes_.signs.empty());
}

TEST_F(FileSink, CutsOffALineThatACrashLeftUnfinished) {
  std::ofstream(settings_.path) << "{\"_id\":\"old\"}\n{\"_id\":\"to" << std::string(10'000, 'r');
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  const auto written = lines(settings_.path);
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["_id"], "old");
  EXPECT_THAT(notes_.signs, ElementsAre(Sign::truncated));
}

TEST_F(FileSink, CutsOffATornLineThatIsAllThereIs) {
  std::ofstream(settings_.path) << "{\"_id\":\"to" << std::string(4'096, 'r');
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  EXPECT_EQ(lines(settings_.path).size(), 1U);
}

TEST_F(FileSink, EndsAForeignLastLineInsteadOfCuttingIt) {
  std::ofstream(settings_.path) << "somebody's notes";
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  EXPECT_EQ(read(settings_.path).substr(0, 18), "somebody's notes\n{");
}

TEST_F(FileSink, RotatesBetweenLinesAndKeepsTheNewest) {
  settings_.rotate = 1'000;
  settings_.keep = 2;
  start();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(send(std::to_string(i) + std::string(200, ' ')), Sent::accepted);
    if (i % 7 == 0) poll();
  }
  poll();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder_)) names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::UnorderedElementsAre("events.jsonl", "events.jsonl.1", "events.jsonl.2"));
  int expected = 99;
  for (const auto* name : {"events.jsonl", "events.jsonl.1", "events.jsonl.2"}) {
    auto written = lines(folder_ / name);
    EXPECT_LE(fs::file_size(folder_ / name), 1'000U);
    ASSERT_FALSE(written.empty());
    for (auto line = written.rbegin(); line != written.rend(); ++line) {
      EXPECT_EQ(std::stoi((*line)["data"].get<std::string>()), expected--);
    }
  }
}

TEST_F(FileSink, ALineAboveTheLimitHasAFileOfItsOwn) {
  settings_.rotate = 1'000;
  start();
  for (const std::size_t size : {std::size_t{10}, std::size_t{5'000}, std::size_t{10}})
    ASSERT_EQ(send(std::string(size, 'x')), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 3}}));
  EXPECT_EQ(lines(folder_ / "events.jsonl.2").size(), 1U);
  EXPECT_EQ(lines(folder_ / "events.jsonl.1").size(), 1U);
  EXPECT_GT(fs::file_size(folder_ / "events.jsonl.1"), 5'000U);
  EXPECT_EQ(lines(settings_.path).size(), 1U);
}

TEST_F(FileSink, WritesOnWhenItCannotRotate) {
  settings_.rotate = 1'000;
  settings_.keep = 1;
  fs::create_directories(folder_ / "events.jsonl.1" / "in the way");
  start();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(send(std::string(200, 'x')), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 20}}));
  EXPECT_EQ(lines(settings_.path).size(), 20U);
}

TEST_F(FileSink, ReopensWhenToldThatTheFileWasMovedAway) {
  start();
  ASSERT_EQ(send("a"), Sent::accepted);
  poll();
  fs::rename(settings_.path, folder_ / "moved");
  ASSERT_EQ(send("b"), Sent::accepted);
  poll();
  EXPECT_EQ(lines(folder_ / "moved").size(), 2U) << "until it is told";
  sink_->reopen();
  EXPECT_THAT(notes_.signs, Contains(Sign::reopened));
  ASSERT_EQ(send("c"), Sent::accepted);
  poll();
  EXPECT_EQ(lines(folder_ / "moved").size(), 2U);
  EXPECT_EQ(lines(settings_.path).size(), 1U);
}

/// Files of this process may not grow beyond a size: the write that would is cut short, as on a full disk.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit old_{};
  void (*old_handler_)(int) = SIG_DFL;
};

TEST_F(FileSink, AFullDiskKeepsWholeLinesAndTheRestIsTriedAgain) {
  start();
  {
    const FileLimit limit(1'000);
    for (int i = 0; i < 10; ++i) ASSERT_EQ(send(std::to_string(i) + std::string(200, ' ')), Sent::accepted);
    const auto verdicts = poll();
    EXPECT_GT(verdicts.at(Verdict::delivered), 0);
    EXPECT_EQ(verdicts.at(Verdict::delivered) + verdicts.at(Verdict::retriable), 10);
    EXPECT_EQ(reports_.back().code, "EFBIG");
    EXPECT_EQ(static_cast<int>(lines(settings_.path).size()), verdicts.at(Verdict::delivered)) << "no torn line";
    EXPECT_THAT(notes_.signs, ElementsAre(Sign::cannot_write));
    ASSERT_EQ(send(std::string(800, 'x')), Sent::accepted);
    EXPECT_EQ(poll(), (Verdicts{{Verdict::retriable, 1}}));
    EXPECT_THAT(notes_.signs, ElementsAre(Sign::cannot_write)) << "said once";
  }
  const auto before = lines(settings_.path).size();
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 1}}));
  EXPECT_EQ(lines(settings_.path).size(), before + 1);
  EXPECT_THAT(notes_.signs, ElementsAre(Sign::cannot_write, Sign::up));
}

TEST_F(FileSink, ADeviceThatIsFullIsTriedAgainToo) {
  settings_.path = "/dev/full";
  start();
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::retriable, 1}}));
  EXPECT_EQ(reports_[0].code, "ENOSPC");
}

TEST_F(FileSink, AFolderThatIsGoneIsTriedAgain) {
  settings_.path = folder_ / "sub" / "events.jsonl";
  start();
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::retriable, 1}}));
  EXPECT_EQ(reports_[0].code, "ENOENT");
  fs::create_directory(folder_ / "sub");
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(FileSink, AFileThatSomebodyDeletesIsMadeAnew) {
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  fs::remove(settings_.path);
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 1}}));
  EXPECT_EQ(lines(settings_.path).size(), 1U) << "what is written to the deleted one is lost";
  EXPECT_THAT(notes_.signs, Contains(Sign::reopened));
}

TEST_F(FileSink, AFolderThatGoesWhileItIsOpenIsNotWrittenTo) {
  settings_.path = folder_ / "sub" / "events.jsonl";
  fs::create_directory(folder_ / "sub");
  start();
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 1}}));
  EXPECT_EQ(sink_->stuck(), "");
  fs::remove_all(folder_ / "sub");
  ASSERT_EQ(send(), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::retriable, 1}}));
  EXPECT_EQ(sink_->stuck(), "ENOENT");
}

TEST_F(FileSink, APipeThatNobodyReadsDoesNotBlock) {
  ASSERT_EQ(::mkfifo(settings_.path.c_str(), 0600), 0);
  start();
  const std::string padding(100'000, 'x');
  for (int i = 0; i < 5; ++i) ASSERT_EQ(send(padding), Sent::accepted);
  poll();
  poll();
  EXPECT_EQ(sink_->stuck(), "not_read");
}

/// A target that takes nothing, for every reason.
class Refusing final : public LineTarget {
 public:
  explicit Refusing(int error) : error_(error) {}
  Written write(std::string_view) override { return {0, error_}; }
  std::string_view subject() const override { return "out"; }

 private:
  const int error_;
};

class EveryWriteFault : public testing::TestWithParam<int> {};

TEST_P(EveryWriteFault, NeedsAPersonAndSaysWhatToDo) {
  for (const bool keeps : {true, false}) {
    Notes notes;
    LineSink sink(std::make_unique<Refusing>(GetParam()), {.keeps = keeps}, notes);
    ASSERT_EQ(sink.send("events", *make_event({}), 1, event::Manner::together), Sent::accepted);
    std::vector<event::DeliveryReport> reports;
    sink.poll(0ms, reports);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].verdict, keeps ? Verdict::retriable : Verdict::failed);
    EXPECT_THAT(notes.signs, ElementsAre(Sign::cannot_write));
    EXPECT_EQ(urgency(Sign::cannot_write), Urgency::error);
    EXPECT_THAT(notes.texts.at(0), testing::HasSubstr(keeps ? "; events wait" : "; its events are lost"));
    EXPECT_FALSE(sink.stuck().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Errno, EveryWriteFault,
                         testing::Values(ENOSPC, EDQUOT, EFBIG, EIO, EPIPE, EACCES, EPERM, EROFS, ENOENT, ENOTDIR,
                                         EBADF, ECONNRESET, ENXIO));

TEST_F(FileSink, IsFullAtAMebibyteUntilItIsPolled) {
  start();
  const std::string padding(100'000, 'x');
  int accepted = 0;
  while (send(padding) == Sent::accepted) ++accepted;
  EXPECT_EQ(accepted, 11);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 11}}));
  EXPECT_EQ(send(padding), Sent::accepted);
}

TEST_F(FileSink, WakeEndsALongPoll) {
  start();
  std::thread other([&] { sink_->wake(); });
  sink_->poll(1min, reports_);
  other.join();
}

TEST_F(FileSink, OthersMayNotReadTheFile) {
  start();
  ASSERT_EQ(send(), Sent::accepted);
  poll();
  struct stat status {};
  ASSERT_EQ(::stat(settings_.path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0007U, 0U);
}

}  // namespace
}  // namespace tributary::sinks::file
