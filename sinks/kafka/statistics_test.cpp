#include "sinks/kafka/statistics.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tributary::sinks::kafka {
namespace {

using nlohmann::json;

/// As librdkafka 2.0.2 and 2.6 write it, shortened.
json broker(const std::string& node_name, int node, const std::string& source, const std::string& state = "UP") {
  return {{"name", node_name + "/" + (node < 0 ? "bootstrap" : std::to_string(node))},
          {"nodeid", node},
          {"nodename", node_name},
          {"source", source},
          {"state", state},
          {"outbuf_cnt", 2},
          {"waitresp_cnt", 3},
          {"tx", 100},
          {"txerrs", 1},
          {"rxerrs", 4},
          {"txretries", 5},
          {"req_timeouts", 6},
          {"rtt", {{"avg", 2'500}, {"cnt", 9}}}};
}

std::string statistics_of(const json& brokers) {
  json all{{"name", "tributary#producer-1"}, {"type", "producer"}, {"brokers", json::object()}};
  for (const auto& one : brokers) all["brokers"][one["name"].get<std::string>()] = one;
  all["topics"] = {{"stream.events", {{"partitions", {{"0", {{"tx", 1}}}}}}}};
  return all.dump();
}

TEST(KafkaStatistics, TellOfEachBroker) {
  const auto brokers = brokers_in(statistics_of(
      json::array({broker("kafka-2:9092", 2, "learned", "DOWN"), broker("kafka-1:9092", 1, "configured")})));
  ASSERT_EQ(brokers.size(), 2U);
  EXPECT_EQ(brokers[0].name, "kafka-1:9092");
  EXPECT_TRUE(brokers[0].up);
  EXPECT_EQ(brokers[0].round_trip, std::chrono::microseconds(2'500));
  EXPECT_EQ(brokers[0].waiting, 2U);
  EXPECT_EQ(brokers[0].in_flight, 3U);
  EXPECT_EQ(brokers[0].sent, 100U);
  EXPECT_EQ(brokers[0].retries, 5U);
  EXPECT_EQ(brokers[0].errors, 5U);
  EXPECT_EQ(brokers[0].timeouts, 6U);
  EXPECT_EQ(brokers[1].state, "DOWN");
  EXPECT_FALSE(brokers[1].up);
}

TEST(KafkaStatistics, TellOfConfiguredBrokersUntilTheClusterHasToldItsOwn) {
  const auto before = brokers_in(
      statistics_of(json::array({broker("entry:9092", -1, "configured", "CONNECT"), broker(":0", -1, "internal")})));
  ASSERT_EQ(before.size(), 1U);
  EXPECT_EQ(before[0].name, "entry:9092");
  const auto after = brokers_in(
      statistics_of(json::array({broker("entry:9092", -1, "configured"), broker("kafka-1:9092", 1, "learned"),
                                 broker("GroupCoordinator", -1, "logical")})));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].name, "kafka-1:9092");
}

TEST(KafkaStatistics, SurviveWhatIsNone) {
  for (const auto* text :
       {"", "{", "[]", "{}", R"({"brokers":1})", R"({"brokers":{"a":1,"b":{"source":"learned"}}})"}) {
    EXPECT_TRUE(brokers_in(text).empty()) << text;
  }
  const auto odd = brokers_in(R"({"brokers":{"a":{"source":"learned","nodeid":1,"nodename":"a:1","tx":-1,"rtt":7}}})");
  ASSERT_EQ(odd.size(), 1U);
  EXPECT_EQ(odd[0].sent, 0U);
}

TEST(KafkaStatistics, AreBounded) {
  json many;
  for (int i = 0; i < 150; ++i) many.push_back(broker("kafka-" + std::to_string(i) + ":9092", i, "learned"));
  EXPECT_EQ(brokers_in(statistics_of(many)).size(), 100U);
}

TEST(KafkaStatistics, GoOnCountingWhenTheProducerIsMadeAnew) {
  Statistics statistics;
  EXPECT_TRUE(statistics.brokers().empty());
  statistics.take(statistics_of(json::array({broker("kafka-1:9092", 1, "learned")})));
  EXPECT_EQ(statistics.brokers().at(0).sent, 100U);
  statistics.begin_anew();
  EXPECT_TRUE(statistics.brokers().empty()) << "it knows of none yet";
  for (std::uint64_t producers = 2; producers < 5; ++producers) {
    statistics.take(statistics_of(json::array({broker("kafka-1:9092", 1, "learned")})));
    EXPECT_EQ(statistics.brokers().at(0).sent, 100U * producers);
    EXPECT_EQ(statistics.brokers().at(0).retries, 5U * producers);
    statistics.begin_anew();
  }
}

}  // namespace
}  // namespace tributary::sinks::kafka
