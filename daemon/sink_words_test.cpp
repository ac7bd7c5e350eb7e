#include "daemon/sink_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "daemon/account.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using event::Dropped;
using testing::HasSubstr;
using testing::Not;
using What = relay::SinkAlert::What;

/// What the log says, as objects.
class SinkWords : public testing::Test {
 protected:
  template <class... Arguments>
  nlohmann::json said(const Arguments&... arguments) {
    testing::internal::CaptureStderr();
    {
      config::Log settings;
      settings.format = config::Log::Format::json;
      Log log(settings);
      Telemetry telemetry(log);
      report(telemetry, "events", arguments...);
    }
    std::istringstream text(testing::internal::GetCapturedStderr());
    auto lines = nlohmann::json::array();
    for (std::string line; std::getline(text, line);) lines.push_back(nlohmann::json::parse(line));
    return lines;
  }
  nlohmann::json said(const relay::SinkAlert& alert) { return said(SinkFacts{64U << 20U, 5}, alert).at(0); }
};

TEST_F(SinkWords, AParkedTopicNamesWhatToDo) {
  const auto missing = said({.what = What::lane_parked, .stream = "live.events", .code = "unknown_topic"});
  EXPECT_EQ(missing["event"], "lane_parked");
  EXPECT_EQ(missing["level"], "error");
  EXPECT_EQ(missing["message"],
            "topic live.events is missing, or an access list hides it: make it, set create_topics.enabled, or give our "
            "user Describe and Write; its events wait, those of other topics flow");
  const auto forbidden =
      said({.what = What::lane_parked, .stream = "live.events", .code = "TOPIC_AUTHORIZATION_FAILED"});
  EXPECT_THAT(forbidden["message"], HasSubstr("our user may not write to topic live.events: give it Write there"));
  const auto rare = said({.what = What::lane_parked, .stream = "live.events", .code = "INVALID_REQUIRED_ACKS"});
  EXPECT_THAT(rare["message"], HasSubstr("the broker refuses topic live.events (INVALID_REQUIRED_ACKS)"));
  const auto again = said({.what = What::still_parked,
                           .stream = "t",
                           .code = "unknown_topic",
                           .lasted = 11min,
                           .events = 10,
                           .notices = 1});
  EXPECT_THAT(again["message"], HasSubstr("so for 11 min, 10 events and 1 notice waiting"));
}

TEST_F(SinkWords, AMissingTopicThatIsToldAlreadyIsNotToldAsAnErrorAgain) {
  const relay::SinkAlert alert{.what = What::lane_parked, .stream = "live.events", .code = "unknown_topic"};
  const auto line = said(SinkFacts{}, alert, true).at(0);
  EXPECT_EQ(line["event"], "lane_parked");
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "the events of topic live.events, which is missing, wait; those of other topics flow");
  const auto later =
      said(SinkFacts{},
           relay::SinkAlert{.what = What::still_parked, .stream = "t", .code = "unknown_topic", .lasted = 1min}, true)
          .at(0);
  EXPECT_EQ(later["level"], "error");
}

TEST_F(SinkWords, AFullSinkNeedsAPersonOnlyWhenItLasts) {
  const auto full = said({.what = What::full});
  EXPECT_EQ(full["level"], "warn");
  EXPECT_EQ(full["message"], "sink events is full (64MiB): 5 connectors stop reading until it has room");
  const auto still = said({.what = What::still_full, .lasted = 20s});
  EXPECT_EQ(still["level"], "error");
  EXPECT_THAT(still["message"], HasSubstr("is full (64MiB) for 20 s: 5 connectors do not read"));
  const auto room = said({.what = What::room, .lasted = 178s});
  EXPECT_EQ(room["level"], "info");
  EXPECT_EQ(room["message"], "sink events has room again after 178 s");
}

TEST_F(SinkWords, GivingUpNoticesAloneIsNoError) {
  const auto notices = said({.what = What::given_up, .stream = "r", .code = "unknown_topic", .notices = 2});
  EXPECT_EQ(notices["level"], "warn");
  EXPECT_THAT(notices["message"], HasSubstr("tried once more at the stop, 2 notices dropped"));
  EXPECT_EQ(said({.what = What::given_up, .stream = "r", .code = "unknown_topic", .events = 1})["level"], "error");
}

TEST_F(SinkWords, ARefusedEventSaysWhatBecameOfIt) {
  EXPECT_THAT(said({.what = What::record_refused, .stream = "t", .key = "k", .code = "INVALID_TIMESTAMP"})["message"],
              HasSubstr("it is a dead letter now"));
  const auto dropped = said({.what = What::too_large, .stream = "t", .key = "k", .code = "too_large", .dropped = true});
  EXPECT_THAT(dropped["message"], HasSubstr("it is dropped, because topics.dead_letter is off"));
  EXPECT_EQ(dropped["level"], "warn");
  EXPECT_EQ(said({.what = What::letter_failed, .stream = "t", .code = "X"})["level"], "error");
  EXPECT_EQ(said({.what = What::letters_full, .stream = "t"})["level"], "error");
}

/// Every reason of a drop: does the program say at the end that events are lost, as an ERROR, and end with 1?
struct Loss {
  Dropped reason;
  bool lost;
};
class LossAtTheEnd : public SinkWords, public testing::WithParamInterface<Loss> {};

TEST_P(LossAtTheEnd, IsAnErrorAndTheExitCodeUnlessTheConfigurationAsksForIt) {
  Account account;
  account.sinks.offered = 3;
  account.sinks.dropped[static_cast<std::size_t>(GetParam().reason)] = 3;
  ASSERT_TRUE(account.sinks.balances());
  EXPECT_EQ(account.lost(), GetParam().lost ? 3U : 0U);
  const auto lines = said(account.sinks, std::string_view());
  if (!GetParam().lost) {
    EXPECT_TRUE(lines.empty()) << lines;
    EXPECT_THAT(how_it_ended(account), HasSubstr("no event was lost"));
    return;
  }
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["event"], "events_lost");
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_THAT(lines[0]["message"], HasSubstr("3 events lost"));
  EXPECT_THAT(lines[0]["message"], HasSubstr("(" + std::string(name(GetParam().reason)) + ")"));
  EXPECT_THAT(how_it_ended(account), HasSubstr("3 events were lost"));
}

INSTANTIATE_TEST_SUITE_P(EveryReason, LossAtTheEnd,
                         testing::Values(Loss{Dropped::validation, false}, Loss{Dropped::dead_letter_off, false},
                                         Loss{Dropped::limit, false}, Loss{Dropped::topic_off, false},
                                         Loss{Dropped::expired, false}, Loss{Dropped::empty, false},
                                         Loss{Dropped::breaker, false}, Loss{Dropped::refused, true},
                                         Loss{Dropped::dead_letter_failed, true}, Loss{Dropped::stopped, true},
                                         Loss{Dropped::write_failed, true}, Loss{Dropped::denied, true},
                                         Loss{Dropped::spool_lost, true}),
                         [](const auto& test) { return std::string(name(test.param.reason)); });

TEST_F(SinkWords, LostNoticesAreSaidApartAndAreNoError) {
  event::SinkLedger ledger;
  ledger.notices = ledger.notices_dropped = 3;
  const auto lines = said(ledger, std::string_view());
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["event"], "notices_lost");
  EXPECT_EQ(lines[0]["level"], "warn");
  EXPECT_THAT(lines[0]["message"], HasSubstr("3 notices of the relay's own"));
}

TEST_F(SinkWords, NothingIsSaidOfASinkThatDeliveredEverything) {
  event::SinkLedger ledger;
  ledger.offered = ledger.delivered = 3;
  EXPECT_TRUE(said(ledger, std::string_view()).empty());
}

TEST_F(SinkWords, WhatKeptASinkFromWritingIsSaidInWords) {
  event::SinkLedger ledger;
  ledger.offered = ledger.dropped[static_cast<std::size_t>(Dropped::stopped)] = 3;
  const auto of = [&](std::string_view stuck) { return said(ledger, stuck).at(0)["message"].get<std::string>(); };
  const std::string lost = "3 events lost: 3 not delivered before the end (stopped); ";
  EXPECT_EQ(of("EFBIG"),
            lost + "it could not be written: the file may not become larger; see ulimit -f, or set `rotate`");
  EXPECT_EQ(of("not_read"), lost + "nobody reads what is written: see its reader");
  EXPECT_EQ(of("tls_failed"), lost + "no TLS connection comes about: see the line `tls_failed`");
  EXPECT_EQ(of("INVALID_X"), lost + "the sink could not write (INVALID_X)");
}

/// No name of a ledger's counter stands where a person reads.
TEST(HowItEnded, EveryCountHasWords) {
  Account account;
  auto& in = account.connectors;
  auto& to = account.sinks;
  in.control = in.malformed = in.carrying = in.duplicate = in.unknown = in.updates = in.repaired = in.unrouted = 2;
  in.ignored.fill(1);
  to.dropped.fill(1);
  to.replayed = to.clamped = to.dead_letter_failed = to.notices_dropped = 1;
  const auto numbers = counts(account);
  EXPECT_EQ(numbers.size(), 8U + 4 + account.sinks.dropped.size() + 4);
  for (const auto& [name, count] : numbers) EXPECT_NE(count, 0U) << name;
  const auto words = details(account);
  EXPECT_EQ(words.find_first_of("=._"), std::string::npos) << words;
  EXPECT_EQ(std::count(words.begin(), words.end(), ','),
            static_cast<std::ptrdiff_t>(8 + 4 + account.sinks.dropped.size() + 4 - 1))
      << words;
}

TEST(HowItEnded, IsASentenceWithTheCountsBehindIt) {
  Account account;
  account.connectors.frames = 136, account.connectors.control = 7, account.connectors.carrying = 129;
  EXPECT_EQ(how_it_ended(account), "ended; no event was lost (129 frames with events, 7 frames of the protocol)");
  EXPECT_EQ(how_it_ended({}), "ended; no event was lost");
}

}  // namespace
}  // namespace tributary::daemon
