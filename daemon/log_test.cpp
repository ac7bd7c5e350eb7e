#include "daemon/log.hpp"

#include <gtest/gtest.h>

#include <regex>

#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using Format = config::Log::Format;

TEST(Log, WritesJsonLinesAndHoldsRepeatsBack) {
  const auto written = lines_by([](Telemetry& telemetry) {
    for (int i = 0; i < 3; ++i)
      telemetry.emit(LogEvent::connector_down, "stage", "eof \"quoted\"", {{"reason", "eof"}});
    telemetry.emit(LogEvent::connector_up, "stage", "live");
    EXPECT_EQ(telemetry.count(LogEvent::connector_down), 3U);
    EXPECT_EQ(telemetry.count(LogEvent::connector_down, Level::warn), 3U);
    EXPECT_EQ(telemetry.count(LogEvent::connector_down, Level::error), 0U);
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["level"], "warn");
  EXPECT_EQ(written[0]["event"], "connector_down");
  EXPECT_EQ(written[0]["subject"], "stage");
  EXPECT_EQ(written[0]["reason"], "eof");
  EXPECT_EQ(written[0]["message"], "eof \"quoted\"");
  EXPECT_EQ(written[1]["level"], "info");
}

TEST(Log, NumbersAreNumbersInJson) {
  const auto written = lines_by([](Telemetry& telemetry) {
    telemetry.emit(LogEvent::connector_up, "stage", "live",
                   {{"connection", std::uint64_t{3}}, {"p50_ms", FieldValue(4.615, 2)}, {"reason", "12"}});
  });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["connection"], 3);
  EXPECT_TRUE(written[0]["p50_ms"].is_number_float());
  EXPECT_EQ(written[0]["reason"], "12") << "words stay words";
}

TEST(Log, ATextLineHasTheDateTheLevelTheEventAndTheSubject) {
  const auto text = written_by(Format::text, [](Telemetry& telemetry) {
    telemetry.emit(LogEvent::connector_down, "stage", "eof", {{"reason", "eof"}});
    telemetry.emit(LogEvent::connector_up, "stage", "live", {{"connection", 2}});
  });
  EXPECT_TRUE(std::regex_match(
      text, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  WARN   connector_down  stage: eof  reason=eof
\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z  INFO   connector_up  stage: live  connection=2
)"))) << text;
}

TEST(Log, ItsLevelCanBeChanged) {
  testing::internal::CaptureStderr();
  Log log(log_settings(Format::text, config::Log::Level::error));
  Telemetry telemetry(log);
  telemetry.emit(LogEvent::connector_up, "stage", "one");
  log.use({config::Log::Level::info, config::Log::Format::text});
  telemetry.emit(LogEvent::connector_up, "stage", "two");
  log.use({config::Log::Level::warn, config::Log::Format::text});
  telemetry.emit(LogEvent::connector_up, "stage", "three");
  const auto text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("one"), std::string::npos);
  EXPECT_NE(text.find("two"), std::string::npos);
  EXPECT_EQ(text.find("three"), std::string::npos);
}

}  // namespace
}  // namespace tributary::daemon
