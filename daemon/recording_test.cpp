#include "daemon/recording.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace tributary::daemon {
namespace {

const event::WallTime then{std::chrono::milliseconds(1'790'000'000'123)};

Recorded read(const std::string& line) {
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  const auto answer = read_recorded(line);
  EXPECT_TRUE(std::holds_alternative<Recorded>(answer)) << std::get<std::string>(answer) << line;
  return std::holds_alternative<Recorded>(answer) ? std::get<Recorded>(answer) : Recorded{};
}

TEST(Recording, IsReadAsItWasWritten) {
  struct Case {
    std::string payload;
    bool binary;
  };
  const std::vector<Case> cases{{"", false},
                                {"42[\"event\",{\"a\":\"\\u00e4\"}]", false},
                                {"two\nlines \xc3\xa4 \x7f", false},
                                {"not \xff utf-8", false},
                                {std::string("\0\x01\xff", 3), true}};
  for (const auto& [payload, binary] : cases) {
    for (const auto way : {Recorded::What::received, Recorded::What::sent}) {
      const auto back = read(line_of_frame(way, payload, binary, then));
      EXPECT_EQ(back.what, way);
      EXPECT_EQ(back.text, payload);
      EXPECT_EQ(back.binary, binary);
      EXPECT_EQ(back.at, then);
    }
  }
}

TEST(Recording, TellsHowAConnectionEnded) {
  Recorded line;
  line.what = Recorded::What::ended;
  line.at = then;
  line.ending = {net::Reason::upgrade_refused, "no \"room\"", 0, 30, 503};
  line.by_us = true;
  const auto back = read(line_of(line));
  EXPECT_EQ(back.what, Recorded::What::ended);
  EXPECT_EQ(back.ending.reason, net::Reason::upgrade_refused);
  EXPECT_EQ(back.ending.detail, "no \"room\"");
  EXPECT_EQ(back.ending.retry_after_seconds, 30);
  EXPECT_EQ(back.ending.http_status, 503);
  EXPECT_TRUE(back.by_us);
}

TEST(Recording, BeginsWithWhatItIsOf) {
  const RecordingHead head{"main-stage", "oha", then, true, "01RUN", "connectors:\n  main-stage:\n    type: oha\n"};
  const auto answer = read_head(line_of(head));
  ASSERT_TRUE(std::holds_alternative<RecordingHead>(answer)) << std::get<std::string>(answer);
  const auto& back = std::get<RecordingHead>(answer);
  EXPECT_EQ(back.connector, "main-stage");
  EXPECT_EQ(back.type, "oha");
  EXPECT_EQ(back.at, then);
  EXPECT_TRUE(back.continues);
  EXPECT_EQ(back.run, "01RUN");
  EXPECT_EQ(back.settings, head.settings);
}

TEST(Recording, SaysWhatIsWrongWithALine) {
  const auto fault = [](const std::string& line) {
    const auto answer = read_recorded(line);
    return std::holds_alternative<std::string>(answer) ? std::get<std::string>(answer) : "none";
  };
  EXPECT_EQ(fault("{\"at\":1,\"frame\":\"received\",\"text\":\"a"), "not JSON");
  EXPECT_EQ(fault("[]"), "expected an object with a time in ms at `at`");
  EXPECT_EQ(fault("{\"at\":1}"), "expected one of `frame`, `opened`, `ended`, `missed`");
  EXPECT_EQ(fault("{\"at\":1,\"frame\":\"up\",\"text\":\"\"}"), "expected `received` or `sent` at `frame`");
  EXPECT_EQ(fault("{\"at\":1,\"frame\":\"sent\"}"), "expected a frame at `text`, `binary` or `base64`");
  EXPECT_EQ(fault("{\"at\":1,\"frame\":\"sent\",\"binary\":\"Zg\"}"), "expected base64 at `binary`");
  EXPECT_EQ(fault("{\"at\":1,\"ended\":\"bored\"}"), "`ended` says no reason of a connection's end: bored");
  const auto head = [](const std::string& line) { return std::get<std::string>(read_head(line)); };
  EXPECT_EQ(head("{\"_id\":\"5\"}"), "this is no recording: expected {\"at\":…,\"recording\":1,…} on its first line");
  EXPECT_EQ(head("{\"recording\":2}"), "this recording is of a later version of Tributary: expected \"recording\":1");
}

}  // namespace
}  // namespace tributary::daemon
