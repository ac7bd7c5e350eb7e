#include "sinks/kafka/check.hpp"

#include <gmock/gmock.h>

#include "sinks/kafka/embedded_broker.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;

auto good(const char* text) { return AllOf(Field(&Finding::good, true), Field(&Finding::text, HasSubstr(text))); }
auto bad(const char* text) { return AllOf(Field(&Finding::good, false), Field(&Finding::text, HasSubstr(text))); }

TEST(KafkaCheck, FindsTopicsAndMissesTopicsWithoutCreatingThem) {
  EmbeddedBroker broker(2);
  broker.create_topic("stream.events", 3);
  broker.create_topic("stream.relay", 1);
  Settings settings;
  settings.brokers = broker.brokers();
  const auto findings = check_connect(settings, 1500ms);
  EXPECT_THAT(findings, Contains(good("2 brokers")));
  EXPECT_THAT(findings, Contains(good("topic stream.events: 3 partitions")));
  EXPECT_THAT(findings, Contains(good("topic stream.relay: 1 partitions")));
  EXPECT_THAT(findings, Contains(bad("topic stream.dead-letter: missing")));
  EXPECT_TRUE(broker.create_topic("stream.dead-letter", 1)) << "it was not there before";
}

TEST(KafkaCheck, AMissingTopicIsFineWhenItWillBeCreated) {
  EmbeddedBroker broker;
  Settings settings;
  settings.brokers = broker.brokers();
  settings.create_topics.enabled = true;
  EXPECT_THAT(check_connect(settings, 1500ms), Each(Field(&Finding::good, true)));
}

TEST(KafkaCheck, SaysWhyTheClusterCannotBeReachedWithinTheDeadline) {
  Settings settings;
  settings.brokers = {"127.0.0.1:1"};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(check_connect(settings, 1500ms), testing::ElementsAre(bad("127.0.0.1:1")));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST(KafkaCheck, SaysWhichSettingLibrdkafkaRefuses) {
  Settings settings;
  settings.brokers = {"127.0.0.1:1"};
  settings.security.protocol = Protocol::ssl;
  settings.security.ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(check_connect(settings, 1500ms), testing::ElementsAre(bad("ssl.ca.location")));
}

}  // namespace
}  // namespace tributary::sinks::kafka
