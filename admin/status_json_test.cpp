#include "admin/status_json.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "admin/status_fixture.hpp"
#include "event/counts.hpp"

namespace tributary::admin {
namespace {

using namespace samples;

nlohmann::json status_of(const Snapshot& snapshot, const RateHistory& rates = {}) {
  return nlohmann::json::parse(status_json(snapshot, rates));
}

TEST(StatusJson, TellsTheProgramAndTheVerdict) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {waiting_connector("hall", net::Reason::connect_refused, "connection refused")};
  snapshot.log_events = {{"connector_down", "warn", 3}, {"connector_down", "info", 1}};
  const auto json = status_of(snapshot);
  EXPECT_EQ(json["level"], "trouble");
  EXPECT_EQ(json["headline"], "1 of 1 upstream needs attention: hall (connect_refused)");
  EXPECT_EQ(json["troubles"][0]["kind"], "connector");
  EXPECT_EQ(json["troubles"][0]["name"], "hall");
  EXPECT_EQ(json["taken"], "2026-10-01T12:00:00.000Z");
  EXPECT_EQ(json["uptime"], 3600.0);
  EXPECT_EQ(json["run"], "01K9ZB4T");
  EXPECT_TRUE(json["reload"].is_null());
  EXPECT_EQ(json["log_events"]["connector_down"], 4);
}

TEST(StatusJson, AgesAreSecondsAndWhatIsNotKnownIsNull) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("hall", 7)};
  snapshot.connectors[0].event_age.reset();
  snapshot.connectors[0].frame_age = 1'250ms;
  snapshot.connectors[0].credential_expires = noon + 1h;
  snapshot.connectors[0].channels = {{"dbl-lee", 61s}};
  snapshot.connectors[0].endings = {0, 0, 4};
  const auto one = status_of(snapshot)["connectors"][0];
  EXPECT_EQ(one["last_frame_age"], 1.25);
  EXPECT_TRUE(one["last_event_age"].is_null());
  EXPECT_TRUE(one["reason"].is_null());
  EXPECT_TRUE(one["next_attempt_in"].is_null());
  EXPECT_EQ(one["credential_expires"], "2026-10-01T13:00:00.000Z");
  EXPECT_EQ(one["channels"][0], nlohmann::json({{"channel", "dbl-lee"}, {"silence", 61.0}}));
  EXPECT_EQ(one["endings"], nlohmann::json({{"connect_refused", 4}}));
  EXPECT_EQ(one["ledger"]["events"], 7);
}

/// A ledger whose members hold 1, 2, 3, … in the order in which they stand.
template <class Ledger>
Ledger numbered() {
  Ledger ledger;
  std::array<std::uint64_t, sizeof(Ledger) / sizeof(std::uint64_t)> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1'000'001 + i;
  std::memcpy(static_cast<void*>(&ledger), numbers.data(), sizeof(ledger));
  return ledger;
}

/// The values that stand somewhere in it, each with its path.
std::map<std::uint64_t, std::string> values_in(const nlohmann::json& json) {
  std::map<std::uint64_t, std::string> values;
  const auto flat = json.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (value.is_number_unsigned()) values[value.get<std::uint64_t>()] = path;
  }
  return values;
}

TEST(StatusJson, HasEveryCountOfALedgerInItsPlace) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("hall", 7)};
  snapshot.sinks = {healthy_sink("events", 5)};
  snapshot.connectors[0].ledger = numbered<event::ConnectorLedger>();
  snapshot.sinks[0].ledger = numbered<event::SinkLedger>();
  const auto json = status_of(snapshot);
  const auto in = values_in(json["connectors"][0]), out = values_in(json["sinks"][0]);
  for (const auto& count : event::counts_of(snapshot.connectors[0].ledger)) {
    const std::string inner = std::string(count.name) + (count.reason.empty() ? "" : "/") + std::string(count.reason);
    EXPECT_EQ(in.count(count.value) != 0 ? in.at(count.value) : "", (count.beside ? "/" : "/ledger/") + inner);
  }
  for (const auto& count : event::counts_of(snapshot.sinks[0].ledger)) {
    EXPECT_EQ(out.count(count.value), 1U) << count.name << " " << count.reason << " is missing";
  }
  EXPECT_EQ(json["sinks"][0]["notices"]["offered"], snapshot.sinks[0].ledger.notices);
  EXPECT_EQ(json["sinks"][0]["notices"]["dropped"], snapshot.sinks[0].ledger.notices_dropped);
  EXPECT_EQ(json["sinks"][0]["dead_letter_failed"], snapshot.sinks[0].ledger.dead_letter_failed);
}

TEST(StatusJson, TheLedgersAreWholeWithEveryReason) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("hall", 7)};
  snapshot.sinks = {healthy_sink("events", 5)};
  auto& book = snapshot.sinks[0].ledger;
  book.offered = 12;
  book.in_flight = 3;
  book.spooled = 2;
  book.dropped[static_cast<std::size_t>(event::Dropped::write_failed)] = 2;
  const auto json = status_of(snapshot);
  const auto& in = json["connectors"][0]["ledger"];
  std::uint64_t ignored = 0;
  for (const auto& count : in["ignored"]) ignored += count.get<std::uint64_t>();
  EXPECT_EQ(in["ignored"].size(), static_cast<std::size_t>(event::Ignored::count));
  EXPECT_EQ(in["events"], in["duplicate"].get<std::uint64_t>() + ignored + in["unrouted"].get<std::uint64_t>() +
                              in["accepted"].get<std::uint64_t>());
  const auto& out = json["sinks"][0]["ledger"];
  EXPECT_EQ(out["dropped"].size(), static_cast<std::size_t>(event::Dropped::count));
  EXPECT_EQ(out["dropped"]["write_failed"], 2);
  EXPECT_EQ(out["in_flight"], 3);
  EXPECT_EQ(json["sinks"][0]["waiting"], 5);
  EXPECT_EQ(json["sinks"][0]["lost"], 2);
}

TEST(StatusJson, ASinkHasTheStateThatTheVerdictGivesIt) {
  auto snapshot = quiet_snapshot();
  snapshot.sinks = {healthy_sink("events"), healthy_sink("archive")};
  snapshot.sinks[1].failing = "the disk is full";
  snapshot.sinks[1].spool_bytes = 10;
  snapshot.sinks[1].spool_size = 100;
  const auto json = status_of(snapshot);
  EXPECT_EQ(json["sinks"][0]["state"], "ok");
  EXPECT_TRUE(json["sinks"][0]["spool"].is_null());
  EXPECT_EQ(json["sinks"][1]["state"], "failing");
  EXPECT_EQ(json["sinks"][1]["failing"], "the disk is full");
  EXPECT_EQ(json["sinks"][1]["spool"], nlohmann::json({{"bytes", 10}, {"size", 100}}));
}

TEST(StatusJson, LatencyIsReadFromTheHistogram) {
  auto snapshot = quiet_snapshot();
  snapshot.sinks = {healthy_sink("events"), healthy_sink("idle")};
  snapshot.sinks[0].latency = {{0.005, 0.01, 0.1}, {50, 98, 99}, 100, 1.5};
  const auto json = status_of(snapshot);
  const auto& latency = json["sinks"][0]["latency"];
  EXPECT_EQ(latency["count"], 100);
  EXPECT_DOUBLE_EQ(latency["mean"], 0.015);
  EXPECT_DOUBLE_EQ(latency["p50"], 0.005);
  EXPECT_DOUBLE_EQ(latency["p99"], 0.1);
  EXPECT_TRUE(json["sinks"][1]["latency"]["p99"].is_null());
}

TEST(StatusJson, RatesComeWithTheirHistory) {
  RateHistory rates;
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {live_connector("hall", 0)};
  rates.add(snapshot);
  snapshot.taken += 5s;
  snapshot.connectors = {live_connector("hall", 12)};
  rates.add(snapshot);
  const auto one = status_of(snapshot, rates)["connectors"][0];
  EXPECT_DOUBLE_EQ(one["events_per_second"], 2.4);
  EXPECT_EQ(one["history"], nlohmann::json({{"step", 5}, {"events", {12.0}}}));
}

TEST(StatusJson, IsValidWhateverTheTextsHold) {
  auto snapshot = quiet_snapshot();
  snapshot.connectors = {waiting_connector("hall", net::Reason::closed, "bad \xff\xfe \"quoted\" <script>\n")};
  const auto json = status_of(snapshot);
  EXPECT_EQ(json["connectors"][0]["detail"], "bad \xef\xbf\xbd\xef\xbf\xbd \"quoted\" <script>\n");
}

}  // namespace
}  // namespace tributary::admin
