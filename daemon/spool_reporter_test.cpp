#include "daemon/spool_reporter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/account.hpp"
#include "daemon/log_fixture.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using spool::SpoolSign;
using testing::HasSubstr;

TEST(SpoolReporter, TellsWhatNeedsAPersonAsAnError) {
  const auto written = lines_by([](Telemetry& telemetry) {
    SpoolReporter reporter(telemetry, "events");
    reporter.on_news({.sign = SpoolSign::cannot_write, .file = "f", .code = "SQLITE_FULL", .text = "the disk is full"});
    reporter.on_news({.sign = SpoolSign::works_again, .file = "f", .text = "it works", .lasted = 1500ms});
    reporter.on_news({.sign = SpoolSign::full, .file = "f", .text = "at its size"});
    reporter.on_news({.sign = SpoolSign::set_aside, .file = "f", .text = "was damaged", .records = 7, .lost = 2});
  });
  ASSERT_EQ(written.size(), 4U);
  EXPECT_EQ(written[0]["event"], "spool_failing");
  EXPECT_EQ(written[0]["level"], "error");
  EXPECT_EQ(written[0]["subject"], "events");
  EXPECT_EQ(written[0]["message"], "the disk is full");
  EXPECT_EQ(written[0]["reason"], "cannot_write");
  EXPECT_EQ(written[0]["code"], "SQLITE_FULL");
  EXPECT_EQ(written[1]["event"], "spool_works");
  EXPECT_EQ(written[1]["level"], "info");
  EXPECT_EQ(written[1]["lasted_ms"], 1500);
  EXPECT_EQ(written[2]["event"], "spool_full");
  EXPECT_EQ(written[2]["level"], "warn");
  EXPECT_EQ(written[3]["event"], "spool_damaged");
  EXPECT_EQ(written[3]["records"], 7);
  EXPECT_EQ(written[3]["lost"], 2);
}

TEST(SpoolReporter, HasAnEventForEachSign) {
  const auto written = lines_by([](Telemetry& telemetry) {
    for (std::size_t sign = 0; sign < static_cast<std::size_t>(SpoolSign::count); ++sign) {
      SpoolReporter(telemetry, "sink " + std::to_string(sign))
          .on_news({.sign = static_cast<SpoolSign>(sign), .file = "f"});
    }
  });
  ASSERT_EQ(written.size(), static_cast<std::size_t>(SpoolSign::count));
  for (const auto& line : written) EXPECT_THAT(line["event"].get<std::string>(), testing::StartsWith("spool_"));
}

TEST(SpoolReporter, TellsWhatWasFoundAndWhatWaits) {
  event::SinkLedger ledger;
  const auto written = lines_by([&](Telemetry& telemetry) {
    const auto may_use = [](const std::string& topic) { return topic != "old"; };
    report_found(telemetry, "events", "e.spool", {}, may_use);
    report_found(telemetry, "events", "e.spool", {{"stream.events", 3}}, may_use);
    report_found(telemetry, "events", "e.spool", {{"old", 1}, {"stream.events", 2}}, may_use);
    report_waiting(telemetry, "events", "e.spool", ledger);
    ledger.spooled = 1;
    report_waiting(telemetry, "events", "e.spool", ledger);
  });
  ASSERT_EQ(written.size(), 4U);
  EXPECT_EQ(written[0]["message"],
            "e.spool holds 3 records of an earlier run, for topic stream.events; they go first, in order");
  EXPECT_THAT(written[1]["message"].get<std::string>(), HasSubstr("for topics old, stream.events; they go"));
  EXPECT_EQ(written[2]["level"], "warn");
  EXPECT_EQ(written[2]["reason"], "topic_unused");
  EXPECT_THAT(written[2]["message"].get<std::string>(),
              HasSubstr("1 record of these is for topic old, which this sink does not name any more"));
  EXPECT_EQ(written[3]["message"], "1 event waits on disk, in e.spool: the next start delivers it first");
}

TEST(SpoolReporter, WhatWaitsOnDiskIsNoLoss) {
  Account account;
  account.sinks.offered = account.sinks.spooled = 50;
  EXPECT_TRUE(account.balances());
  EXPECT_EQ(account.lost(), 0U);
  EXPECT_THAT(how_it_ended(account), HasSubstr("no event was lost; 50 events wait on disk for the next start"));
}

}  // namespace
}  // namespace tributary::daemon
