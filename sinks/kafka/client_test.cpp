#include "sinks/kafka/client.hpp"

#include <gtest/gtest.h>

#include "sinks/kafka/config.hpp"

namespace tributary::sinks::kafka {
namespace {

TEST(KafkaClient, TakesAllThatIsSetByDefault) {
  Settings settings;
  settings.brokers = {"127.0.0.1:1"};
  std::string fault;
  const auto properties = properties_of(settings, {}, fault);
  EXPECT_TRUE(open_client(properties, Purpose::produce, fault)) << fault;
}

TEST(KafkaClient, RefusesSettingsThatContradictEachOther) {
  std::string fault;
  EXPECT_FALSE(open_client({{"enable.idempotence", "true"}, {"acks", "1"}}, Purpose::produce, fault));
  EXPECT_NE(fault.find("acks"), std::string::npos) << fault;
}

TEST(KafkaClient, TheLastPropertyOfANameCounts) {
  Properties properties{{"batch.size", "10"}, {"batch.size", "20"}, {"client.id", "x"}};
  EXPECT_EQ(number(properties, "batch.size"), 20U);
  EXPECT_EQ(number(properties, "client.id"), std::nullopt);
  EXPECT_EQ(number(properties, "linger.ms"), std::nullopt);
  set(properties, "batch.size", "30");
  EXPECT_EQ(number(properties, "batch.size"), 30U);
}

TEST(KafkaClient, KnowsItsVersion) { EXPECT_EQ(librdkafka_version().find("2."), 0U); }

}  // namespace
}  // namespace tributary::sinks::kafka
