#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>

#include "sinks/lines.hpp"
#include "sinks/stdout/descriptor.hpp"
#include "sinks/test_events.hpp"
#include "sinks/test_notes.hpp"

namespace tributary::sinks::standard_output {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;
using Verdicts = std::map<Verdict, int>;

/// A sink that writes to a pipe whose other end the test reads.
class StdoutSink : public testing::Test {
 protected:
  StdoutSink() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe2(ends_.data(), O_CLOEXEC), 0);
    sink_ = std::make_unique<LineSink>(std::make_unique<Descriptor>(ends_[1], "standard output"),
                                       LineSink::Settings{.keeps = false}, notes_);
  }
  ~StdoutSink() override {
    hang_up();
    sink_.reset();
    ::close(ends_[1]);
  }
  void hang_up() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  Sent send(std::size_t size) {
    EventParts parts;
    parts.padding = std::string(size, 'x');
    const auto event = make_event(parts);
    const auto answer = sink_->send("events", *event, ++token_, event::Manner::together);
    if (answer == Sent::accepted) expected_ += std::string(event->json_text()) + "\n";
    return answer;
  }
  Verdicts poll() {
    Verdicts counts;
    std::vector<event::DeliveryReport> reports;
    sink_->poll(0ms, reports);
    for (const auto& report : reports) ++counts[report.verdict];
    return counts;
  }
  std::string read(std::size_t most) {
    std::string text(most, '\0');
    const auto count = ::read(ends_[0], text.data(), most);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  std::array<int, 2> ends_{-1, -1};
  Notes notes_;
  std::uint64_t token_ = 0;
  std::string expected_;
  std::unique_ptr<LineSink> sink_;
};

TEST_F(StdoutSink, WritesEachEventAsOneLineAndCountsItAsSent) {
  ASSERT_EQ(send(10), Sent::accepted);
  ASSERT_EQ(send(20), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::delivered, 2}}));
  EXPECT_EQ(read(4'096), expected_);
  EXPECT_FALSE(sink_->acknowledges());
}

TEST_F(StdoutSink, ALineCutByAFullPipeGoesOnWhereItStopped) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(send(50'000), Sent::accepted);
  int delivered = 0;
  std::string got;
  for (int round = 0; round < 1'000 && delivered < 10; ++round) {
    for (const auto& [verdict, count] : poll()) {
      ASSERT_EQ(verdict, Verdict::delivered);
      delivered += count;
    }
    got += read(30'000);
  }
  while (got.size() < expected_.size()) got += read(65'536);
  EXPECT_EQ(delivered, 10);
  EXPECT_EQ(got, expected_);
}

TEST_F(StdoutSink, AReaderThatLeftMakesItFail) {
  hang_up();
  ASSERT_EQ(send(10), Sent::accepted);
  EXPECT_EQ(poll(), (Verdicts{{Verdict::failed, 1}}));
  EXPECT_THAT(notes_.signs, testing::ElementsAre(Sign::cannot_write));
}

TEST_F(StdoutSink, AReaderThatStallsIsToldAsStuckUntilItReads) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(send(50'000), Sent::accepted);
  poll();
  poll();
  EXPECT_EQ(sink_->stuck(), "not_read");
  read(65'536);
  poll();
  EXPECT_EQ(sink_->stuck(), "");
}

TEST_F(StdoutSink, TheDescriptorsOwnFlagsStayAsTheyAre) {
  const int flags = ::fcntl(ends_[1], F_GETFL);
  ASSERT_EQ(send(10), Sent::accepted);
  poll();
  EXPECT_EQ(::fcntl(ends_[1], F_GETFL), flags) << "others share them";
}

TEST_F(StdoutSink, AReaderThatStallsDoesNotHoldThePollForLong) {
  for (int i = 0; i < 10; ++i) ASSERT_EQ(send(50'000), Sent::accepted);
  poll();
  const auto begin = std::chrono::steady_clock::now();
  poll();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

}  // namespace
}  // namespace tributary::sinks::standard_output
