#include "daemon/channel_reporter.hpp"

#include <gtest/gtest.h>

#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using event::MessageResult;
using sinks::channel::BreakerState;

event::MessageReport came(MessageResult result, std::string_view reason = {}, std::string detail = {}) {
  return {1, result, reason, std::move(detail)};
}

TEST(ChannelReport, WhatTheUpstreamRefusesIsToldAtTheFirstTheTenthAndTheHundredth) {
  const auto lines = lines_by([](Telemetry& telemetry) {
    ChannelReporter reporter(telemetry, "hall-screen");
    for (int n = 0; n < 150; ++n) reporter.message(came(MessageResult::refused, "upstream_error", "slow down"));
    EXPECT_EQ(telemetry.count(LogEvent::message_refused), 3U);
    reporter.message(came(MessageResult::refused, "too_large"));
    EXPECT_EQ(telemetry.count(LogEvent::message_refused), 4U);
  });
  ASSERT_FALSE(lines.empty());  // the log itself leaves out what repeats within seconds
  EXPECT_EQ(lines[0]["event"], "message_refused");
  EXPECT_EQ(lines[0]["subject"], "hall-screen");
  EXPECT_NE(lines[0]["message"].get<std::string>().find("upstream_error: slow down"), std::string::npos);
  EXPECT_EQ(lines[0]["count"], 1);
}

TEST(ChannelReport, ThatNothingCanBePublishedIsToldOnceUntilSomethingGoesOut) {
  const auto lines = lines_by([](Telemetry& telemetry) {
    ChannelReporter reporter(telemetry, "hall-screen");
    for (int n = 0; n < 3; ++n) reporter.message(came(MessageResult::unsupported, "not_authenticated"));
    reporter.message(came(MessageResult::sent));
    EXPECT_EQ(telemetry.count(LogEvent::channel_unsupported), 1U);
    reporter.message(came(MessageResult::sent));
    reporter.message(came(MessageResult::unsupported, "not_authenticated"));
    EXPECT_EQ(telemetry.count(LogEvent::channel_unsupported), 2U);
  });
  EXPECT_EQ(lines.at(0)["event"], "channel_unsupported");
}

TEST(ChannelReport, TheBreakerIsToldWithWhatItSaw) {
  const auto lines = lines_by([](Telemetry& telemetry) {
    ChannelReporter reporter(telemetry, "hall-screen");
    reporter.breaker({BreakerState::open, 6, 4, 60'000ms});
    reporter.breaker({BreakerState::half_open, 0, 0, 60'000ms});
    reporter.breaker({BreakerState::closed, 0, 0, 0ms});
  });
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0]["event"], "breaker_opened");
  EXPECT_NE(lines[0]["message"].get<std::string>().find("4 of the last 6 messages came back"), std::string::npos);
  EXPECT_EQ(lines[1]["event"], "breaker_half_open");
  EXPECT_EQ(lines[2]["event"], "breaker_closed");
}

}  // namespace
}  // namespace tributary::daemon
