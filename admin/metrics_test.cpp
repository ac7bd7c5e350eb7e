#include "admin/metrics.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "admin/vocabulary.hpp"
#include "event/counts.hpp"

namespace tributary::admin {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

event::WallTime wall(std::int64_t seconds) { return event::WallTime{std::chrono::seconds(seconds)}; }

ConnectorView full_connector() {
  ConnectorView one;
  one.name = "hall", one.type = "oha", one.state = net::State::live;
  one.state_for = 90s, one.dial_in = 3s, one.frame_age = 1500ms, one.event_age = 2s;
  one.channels = {{"b \"quoted\"", 5s}, {"a\\b", 7s}};
  one.credential_expires = wall(2'000'000'000);
  one.dials = 4, one.ledger.gaps = 2;
  one.ledger.frames = 10, one.ledger.ignored[0] = 1;
  one.endings.resize(static_cast<std::size_t>(net::Reason::stopped) + 1);
  one.endings[static_cast<std::size_t>(net::Reason::eof)] = 3;
  return one;
}

SinkView full_sink() {
  SinkView one;
  one.name = "events", one.type = "kafka";
  one.ledger.offered = 12, one.ledger.delivered = 9, one.ledger.in_flight = 1, one.ledger.dropped[0] = 2;
  one.held = 100, one.memory = 1000, one.oldest_age = 250ms;
  one.spool_bytes = 4096, one.spool_size = 1 << 20;
  one.breaker = "half_open", one.copies = 1;
  one.latency = {{0.001, 60}, {4, 8}, 9, 1.5};
  BrokerView broker;
  broker.name = "kafka-1:9092", broker.up = true, broker.state = "UP", broker.round_trip = 2500us;
  broker.waiting = 1, broker.in_flight = 2, broker.sent = 3, broker.retries = 4, broker.errors = 5, broker.timeouts = 6;
  one.brokers = {broker};
  return one;
}

Snapshot full() {
  Snapshot all;
  all.version = "1.2.3", all.started = wall(1'700'000'000);
  all.connectors = {full_connector()};
  all.sinks = {full_sink()};
  all.log_events = {{"connector_up", "info", 3}};
  all.reload = ReloadView{wall(1'700'000'100), true, ""};
  return all;
}

ProcessView full_process() { return {1.25, 1 << 20, 20, 1024}; }

/// Names and types as `# TYPE` lines say.
std::map<std::string, std::string> types_in(const std::string& text) {
  std::map<std::string, std::string> types;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, name, type;
    words >> hash >> keyword >> name >> type;
    if (keyword == "TYPE") types[name] = type;
  }
  return types;
}

TEST(Metrics, WriteTheWholeVocabularyAndNothingElse) {
  std::map<std::string, std::string> expected;
  for (const auto& one : metrics()) expected[std::string(one.name)] = name(one.type);
  EXPECT_EQ(types_in(metrics_text(full(), full_process())), expected);
}

TEST(Metrics, LeaveOutWhatHasNoValue) {
  Snapshot bare;
  bare.connectors.resize(1);
  bare.sinks.resize(1);
  const auto text = metrics_text(bare, {});
  for (const auto* absent :
       {"event_age", "frame_age", "next_dial", "credential_expiry", "channel_silence", "connector_silence",
        "connector_channels", "oldest_age", "spool_bytes", "spool_size", "sink_breaker", "delivery_seconds", "broker_",
        "reload_", "memory_bytes", "cpu_seconds", "fds", "endings"}) {
    EXPECT_THAT(text, Not(HasSubstr(absent)));
  }
}

TEST(Metrics, WriteOneSeriesForEachState) {
  const auto text = metrics_text(full(), {});
  EXPECT_THAT(text, HasSubstr("tributary_connector_state{connector=\"hall\",state=\"live\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tributary_connector_state{connector=\"hall\",state=\"parked\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("tributary_sink_breaker{sink=\"events\",state=\"half_open\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("tributary_broker_state{sink=\"events\",broker=\"kafka-1:9092\",state=\"up\"} 1\n"));
}

TEST(Metrics, WriteValuesInBaseUnits) {
  const auto text = metrics_text(full(), full_process());
  for (const auto* line :
       {"tributary_connector_frame_age_seconds{connector=\"hall\"} 1.5\n",
        "tributary_connector_silence_seconds{connector=\"hall\"} 7\n",
        "tributary_connector_channel_silence_seconds{connector=\"hall\",channel=\"a\\\\b\"} 7\n",
        "tributary_connector_channel_silence_seconds{connector=\"hall\",channel=\"b \\\"quoted\\\"\"} 5\n",
        "tributary_connector_credential_expiry_timestamp_seconds{connector=\"hall\"} 2000000000\n",
        "tributary_connector_endings_total{connector=\"hall\",reason=\"eof\"} 3\n",
        "tributary_connector_ignored_total{connector=\"hall\",reason=\"test\"} 1\n",
        "tributary_sink_oldest_age_seconds{sink=\"events\"} 0.25\n",
        "tributary_sink_dropped_total{sink=\"events\",reason=\"validation\"} 2\n",
        "tributary_sink_dropped_total{sink=\"events\",reason=\"stopped\"} 0\n",
        "tributary_broker_round_trip_seconds{sink=\"events\",broker=\"kafka-1:9092\"} 0.0025\n",
        "tributary_delivery_seconds_bucket{sink=\"events\",le=\"60\"} 8\n",
        "tributary_delivery_seconds_bucket{sink=\"events\",le=\"+Inf\"} 9\n",
        "tributary_delivery_seconds_count{sink=\"events\"} 9\n",
        "tributary_log_events_total{event=\"connector_up\",level=\"info\"} 3\n",
        "process_start_time_seconds 1700000000\n", "process_cpu_seconds_total 1.25\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Metrics, KeepCountsExact) {
  Snapshot one = full();
  one.connectors[0].ledger.frames = 9'007'199'254'740'991;  // the last that a double holds
  EXPECT_THAT(metrics_text(one, {}), HasSubstr("frames_total{connector=\"hall\"} 9007199254740991\n"));
}

TEST(Metrics, BoundTheSeriesOfChannelsAndNotTheLongestSilence) {
  Snapshot one = full();
  one.connectors[0].channels.clear();
  for (int i = 0; i < 1'000; ++i) one.connectors[0].channels.push_back({"channel-" + std::to_string(i), 1s});
  one.connectors[0].channels[999].silence = 600s;
  const auto text = metrics_text(one, {});
  std::size_t series = 0;
  for (auto at = text.find("channel_silence_seconds{"); at != std::string::npos;
       at = text.find("channel_silence_seconds{", at + 1)) {
    ++series;
  }
  EXPECT_EQ(series, 100U);
  EXPECT_THAT(text, HasSubstr("tributary_connector_silence_seconds{connector=\"hall\"} 600\n"));
  EXPECT_THAT(text, HasSubstr("tributary_connector_channels{connector=\"hall\"} 1000\n"));
}

TEST(Metrics, MendWhatIsNoText) {
  Snapshot one = full();
  one.connectors[0].channels = {{"bad \xff byte\nand line", 1s}};
  EXPECT_THAT(metrics_text(one, {}), HasSubstr("channel=\"bad \xef\xbf\xbd byte and line\""));
}

TEST(Metrics, AreCleanForPromtool) {
  const auto file = std::filesystem::temp_directory_path() / ("tributary-metrics-" + std::to_string(::getpid()));
  const auto said = file.string() + ".said";
  std::ofstream(file) << metrics_text(full(), full_process());
  const auto code = std::system(("promtool check metrics < " + file.string() + " > " + said + " 2>&1").c_str());
  std::stringstream words;
  words << std::ifstream(said).rdbuf();
  std::filesystem::remove(file);
  std::filesystem::remove(said);
  EXPECT_EQ(code, 0) << words.str();
  EXPECT_EQ(words.str(), "");
}

TEST(Metrics, TellOfThisProcess) {
  const auto process = read_process();
  EXPECT_GT(process.cpu.value_or(0), 0);
  EXPECT_GT(process.memory.value_or(0), 1U << 20);
  EXPECT_GT(process.open_files.value_or(0), 2U);
  EXPECT_GT(process.most_files.value_or(1'000'000), process.open_files.value_or(0));
}

}  // namespace
}  // namespace tributary::admin
