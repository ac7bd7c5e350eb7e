#include "admin/vocabulary.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "event/ledger.hpp"
#include "tests/support/source_dir.hpp"

namespace tributary::admin {
namespace {

TEST(Vocabulary, HasEachNameOnceWithItsUnitLast) {
  std::set<std::string_view> names;
  for (const auto& one : metrics()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    EXPECT_EQ(one.name.ends_with("_total"), one.type == MetricType::counter) << one.name;
    EXPECT_TRUE(one.name.starts_with("tributary_") || one.name.starts_with("process_")) << one.name;
    EXPECT_FALSE(one.help.empty()) << one.name;
    EXPECT_TRUE(one.help.ends_with(".")) << one.name;
    EXPECT_EQ(one.help.find('|'), std::string_view::npos) << one.name;
  }
}

TEST(Vocabulary, HasNoLabelWhoseValuesAreNotBounded) {
  const std::set<std::string_view> bounded{"connector", "sink",   "type",    "state", "reason",
                                           "channel",   "broker", "version", "event", "level"};
  for (const auto& one : metrics()) {
    for (const auto& label : one.labels) {
      EXPECT_TRUE(bounded.contains(label)) << one.name << ": " << label;
      EXPECT_TRUE(label != "channel" || one.name == "tributary_connector_channel_silence_seconds") << one.name;
    }
  }
}

TEST(Vocabulary, HasEveryCountOfBothBooks) {
  EXPECT_EQ(metric("tributary_connector_ignored_total").labels, (std::vector<std::string_view>{"connector", "reason"}));
  EXPECT_EQ(metric("tributary_sink_delivered_total").type, MetricType::counter);
  EXPECT_EQ(metric("tributary_sink_in_flight").type, MetricType::gauge);
  EXPECT_EQ(metric_name("sink", "dropped"), "tributary_sink_dropped_total");
}

std::string page(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(support::source_dir() + name).rdbuf();
  return text.str();
}

TEST(Vocabulary, IsWhatTheAlertOfLostEventsGoesBy) {
  std::string reasons;
  for (std::size_t i = 0; i < static_cast<std::size_t>(event::Dropped::count); ++i) {
    const auto reason = static_cast<event::Dropped>(i);
    if (event::is_loss(reason)) reasons += (reasons.empty() ? "" : "|") + std::string(event::name(reason));
  }
  for (const auto* file : {"/deploy/prometheus/alerts.yaml", "/deploy/grafana/tributary.json"}) {
    EXPECT_THAT(page(file), testing::HasSubstr(reasons)) << file << ": the reasons that are losses, in this order";
  }
}

TEST(Vocabulary, StandsInItsPage) {
  EXPECT_THAT(page("/docs/METRICS.md"), testing::EndsWith(metrics_table())) << "docs/METRICS.md must end with this:\n"
                                                                            << metrics_table();
}

}  // namespace
}  // namespace tributary::admin
