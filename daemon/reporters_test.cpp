#include "daemon/reporters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

connectors::LinkStatus waiting(event::SteadyTime::duration at, net::Reason reason = net::Reason::connect_refused) {
  connectors::LinkStatus status;
  status.state = net::State::waiting;
  status.ending.reason = reason;
  status.ending.detail = "nobody there at " + std::to_string(at.count());  // no line repeats another
  status.wait = 60s;
  status.since = event::SteadyTime{1h + at};
  return status;
}

TEST(ConnectorReporter, AnUpstreamThatIsAwayForLongIsAnErrorAndToldSeldom) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    for (auto at = 0min; at <= 75min; at += 1min) reporter.changed("stage", waiting(at));
    connectors::LinkStatus live;
    live.state = net::State::live;
    reporter.changed("stage", live);
    reporter.changed("stage", waiting(80min));
  });
  std::vector<std::string> told;
  std::size_t warnings = 0;
  for (const auto& line : written) {
    if (line["level"] == "error")
      told.push_back(line["event"].get<std::string>() + std::to_string(line["minutes"].get<int>()));
    if (line["level"] == "warn") ++warnings;
  }
  EXPECT_EQ(told, (std::vector<std::string>{"connector_away10", "connector_away40", "connector_away70"}));
  EXPECT_EQ(warnings, 11U) << "each attempt of the first ten minutes, and of the next time";
  EXPECT_EQ(written.back()["event"], "connector_waiting");
}

TEST(ConnectorReporter, WhatWasReadBackOfAGapIsALineAndWhyItWasNotAnother) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    connectors::Filling filling{true, 1, 12, event::WallTime{1h}, event::WallTime{2h}, "den", {}, {}};
    reporter.asked_for("stage", filling);
    filling = {false, 3, 1, event::WallTime{1h}, event::WallTime{2h}, "den", "refused", "HTTP 401: no"};
    reporter.asked_for("stage", filling);
    filling.reason = "rate_limited";
    reporter.asked_for("stage", filling);
  });
  ASSERT_EQ(written.size(), 3U);
  EXPECT_EQ(written[0]["event"], "gap_filled");
  EXPECT_EQ(written[0]["level"], "info");
  EXPECT_EQ(written[0]["message"],
            "the gap of channel den from 1970-01-01T01:00:00.000Z to 1970-01-01T02:00:00.000Z filled: 12 events that "
            "were missed have come");
  EXPECT_EQ(written[1]["event"], "gap_unfilled");
  EXPECT_EQ(written[1]["level"], "error") << "the next gap has the same fault";
  EXPECT_EQ(written[1]["reason"], "refused");
  EXPECT_THAT(
      written[1]["message"].get<std::string>(),
      testing::AllOf(testing::HasSubstr("3 gaps"), testing::HasSubstr("HTTP 401: no; 1 event that was missed has "
                                                                      "come; give the connector a token")));
  EXPECT_EQ(written[2]["level"], "warn");
}

TEST(ConnectorReporter, WhoWaitsForRoomInASinkIsNotAway) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    for (auto at = 0min; at <= 30min; at += 10min) {
      auto status = waiting(at, net::Reason::backpressure);
      status.paused = true;
      reporter.changed("stage", status);
    }
  });
  ASSERT_EQ(written.size(), 4U);
  for (const auto& line : written) {
    EXPECT_EQ(line["level"], "warn");
    EXPECT_THAT(line["message"].get<std::string>(), testing::HasSubstr("dialled when there is room"));
  }
}

TEST(ConnectorReporter, AStopOfOneIsNoLossOfAnother) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    reporter.lost("stage", net::Ending{}, true);
    connectors::LinkStatus draining;
    draining.state = net::State::draining;
    reporter.changed("stage", draining);
    reporter.changed("hall", waiting(0min));
  });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["event"], "connector_waiting");
}

TEST(ConnectorReporter, AFaultOfOursIsAnErrorAlthoughItIsDialledAgain) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter(telemetry).changed("stage", waiting(0min, net::Reason::internal));
  });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["level"], "error");
  EXPECT_EQ(written[0]["reason"], "internal");
}

TEST(ConnectorReporter, WhatOnlyAPersonCanMendIsAnErrorAtOnce) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter(telemetry).changed("stage", waiting(0min, net::Reason::credential_refused));
  });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0]["level"], "error");
}

TEST(ConnectorReporter, OneConnectorsLossIsNotToldOfAnother) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    net::Ending ending;
    ending.reason = net::Reason::eof;
    reporter.lost("stage", ending, true);
    reporter.lost("hall", ending, false);
    reporter.changed("hall", waiting(0min, net::Reason::eof));
    reporter.changed("stage", waiting(0min, net::Reason::eof));
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["event"], "connector_waiting");
  EXPECT_EQ(written[1]["event"], "connector_down");
}

TEST(ConnectorReporter, UpSaysWhereAndWhichChannels) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    connectors::LinkStatus live;
    live.state = net::State::live;
    live.connections = 2;
    live.upstream = "wss://example.org:443";
    live.channels = {"a", "b", "c", "d", "e", "f"};
    reporter.changed("stage", live);
    live.channels = {"a"};
    reporter.changed("hall", live);
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0]["message"], "live at wss://example.org:443, channels a, b, c, d, e and 1 more");
  EXPECT_EQ(written[0]["connection"], 2);
  EXPECT_EQ(written[1]["message"], "live at wss://example.org:443, channel a");
}

TEST(ConnectorReporter, MalformedFramesAreToldOnceAMinuteForEachReason) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    for (auto at = 0s; at < 150s; at += 1s) {
      const event::Now now{event::SteadyTime{1h + at}, {}};
      reporter.not_understood("stage", {"not_json", "at byte " + std::to_string(at.count()), "{"}, now);
    }
    reporter.not_understood("stage", {"too_deep", "", "[["}, {event::SteadyTime{2h}, {}});
  });
  ASSERT_EQ(written.size(), 4U);
  EXPECT_EQ(written[0]["level"], "warn");
  EXPECT_EQ(written[0]["message"], "a frame that cannot be understood (not_json): at byte 0; it becomes a dead letter");
  EXPECT_EQ(written[1]["message"], "a frame that cannot be understood (not_json): at byte 60; 61 such frames so far");
  EXPECT_EQ(written[2]["frames"], 121);
  EXPECT_EQ(written[3]["reason"], "too_deep");
}

TEST(ConnectorReporter, WhatCannotChangeIsNotSaidToBeLookedAtAgain) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    auto status = waiting(0s, net::Reason::credential_unreadable);
    status.state = net::State::parked;
    reporter.changed("stage", status);
    status.needs_restart = true;
    reporter.changed("stage", status);
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_THAT(written[0]["message"].get<std::string>(), testing::EndsWith("looked at again in 60.0 s"));
  EXPECT_THAT(written[1]["message"].get<std::string>(),
              testing::EndsWith("that cannot change while the program runs; set it and start again"));
}

TEST(ConnectorReporter, LiveAgainSaysWhereAndAfterHowLong) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ConnectorReporter reporter(telemetry);
    reporter.lost("stage", net::Ending{}, true);
    reporter.changed("stage", waiting(0s));
    connectors::LinkStatus live;
    live.state = net::State::live;
    live.upstream = "wss://example.org:443";
    live.since = event::SteadyTime{1h + 178s};
    reporter.changed("stage", live);
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[1]["message"], "live at wss://example.org:443; again after 178.0 s, gap reported");
}

TEST(SinkReporter, KnowsWhichMissingTopicsAreTold) {
  lines_by([](Telemetry& telemetry) {
    SinkReporter reporter(telemetry, "events");
    const auto news = [&](sinks::Sign sign, std::string_view topic) {
      reporter.on_news({sign, sinks::urgency(sign), topic, "words"});
    };
    news(sinks::Sign::topic_missing, "a");
    news(sinks::Sign::topic_not_created, "b");
    EXPECT_TRUE(reporter.told_missing("a") && reporter.told_missing("b"));
    EXPECT_FALSE(reporter.told_missing("c"));
    news(sinks::Sign::topic_found, "a");
    EXPECT_FALSE(reporter.told_missing("a"));
  });
}

TEST(SinkLatency, IsToldInAUnitThatCanBeRead) {
  relay::Latency latency;
  for (int i = 0; i < 90; ++i) latency.add(4'500us);
  for (int i = 0; i < 10; ++i) latency.add(96s);
  const auto written = lines_by([&](Telemetry& telemetry) { report(telemetry, "events", latency); });
  ASSERT_EQ(written.size(), 1U);
  EXPECT_THAT(written[0]["message"].get<std::string>(),
              testing::MatchesRegex("100 events acknowledged, counted from when their frame was read: half within "
                                    "4\\.[0-9]+ ms, 99 % within 9[0-9]\\.[0-9] s, all within 9[0-9]\\.[0-9] s"));
  EXPECT_GT(written[0]["p99_ms"].get<double>(), 90'000);
}

TEST(Telemetry, WhatNeedsAPersonIsAnError) {
  for (const auto signal :
       {LogEvent::connector_away, LogEvent::connector_parked, LogEvent::lane_parked, LogEvent::reload_refused,
        LogEvent::internal_error, LogEvent::events_lost, LogEvent::dead_letter_failed}) {
    EXPECT_EQ(row(signal).level, Level::error) << row(signal).name;
  }
}

TEST(ChannelReporter, TellsTheFirstFailureOfEachReasonAndThenAsTheyDouble) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ChannelReporter reporter(telemetry, "arcade-chat");
    using event::MessageResult;
    reporter.told({1, MessageResult::awaiting, {}, {}});
    reporter.told({1, MessageResult::sent, {}, {}});
    for (std::uint64_t number = 2; number < 7; ++number) {
      reporter.told({number, MessageResult::refused, "upstream_error", "1: banned"});
    }
    reporter.told({7, MessageResult::returned, "rate_limited", "HTTP 429"});
    reporter.told({8, MessageResult::unconfirmed, "server_error", "HTTP 503"});
    reporter.told({9, MessageResult::unconfirmed, {}, {}});
    reporter.told({10, MessageResult::refused, "credential_refused", "HTTP 401"});
  });
  ASSERT_EQ(written.size(), 6U);
  EXPECT_NE(written[0]["message"].get<std::string>().find("not said: upstream_error: 1: banned"), std::string::npos)
      << written[0];
  EXPECT_NE(written[2]["message"].get<std::string>().find("4 messages so far"), std::string::npos) << written[2];
  EXPECT_NE(written[3]["message"].get<std::string>().find("not said yet, tried again: rate_limited: HTTP 429"),
            std::string::npos)
      << written[3];
  EXPECT_NE(written[4]["message"].get<std::string>().find("nobody knows whether it arrived: server_error"),
            std::string::npos)
      << written[4];
  EXPECT_NE(written[5]["level"].get<std::string>().find("error"), std::string::npos) << written[5];
}

TEST(ChannelReporter, TellsThatTheBreakerOpenedAndClosed) {
  const auto written = lines_by([](Telemetry& telemetry) {
    ChannelReporter reporter(telemetry, "class-chat");
    using sinks::channel::BreakerState;
    reporter.breaker({BreakerState::open, 6, 3, std::chrono::seconds(60)});
    reporter.breaker({BreakerState::half_open, 0, 0, {}});
    reporter.breaker({BreakerState::closed, 0, 0, {}});
  });
  ASSERT_EQ(written.size(), 2U);
  EXPECT_NE(
      written[0]["message"].get<std::string>().find(
          "3 of the last 6 messages that were carried here from a channel came back: no more are carried for 60 s"),
      std::string::npos);
  EXPECT_NE(written[1]["event"].get<std::string>().find("breaker_closed"), std::string::npos);
}

}  // namespace
}  // namespace tributary::daemon
