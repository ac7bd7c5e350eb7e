#include "sinks/kafka/check.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "sinks/kafka/config.hpp"
#include "sinks/kafka/embedded_broker.hpp"
#include "sinks/kafka/topics.hpp"

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

/// This broker answers no CreateTopics: the attempt takes all the time that it may.
TEST(KafkaTopicWatch, TellsOfATopicThatIsThereWhileAnotherIsBeingCreated) {
  EmbeddedBroker broker;
  broker.create_topic("is-there", 3);
  Settings settings;
  settings.brokers = broker.brokers();
  CreateTopics create;
  create.enabled = true;
  create.replication = 1;
  std::string fault;
  std::mutex mutex;
  std::condition_variable changed;
  bool notified = false;
  TopicWatch watch(properties_of(settings, {}, fault), create, [&] {
    const std::lock_guard lock(mutex);
    notified = true;
    changed.notify_one();
  });
  const auto begin = std::chrono::steady_clock::now();
  watch.want({"is-missing", "is-there"});
  std::vector<std::string> told;
  while (told.empty() && std::chrono::steady_clock::now() - begin < 60s) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 1s, [&] { return notified; });
    notified = false;
    lock.unlock();
    for (const auto& fact : watch.take().facts) told.push_back(fact.name);
  }
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "is-there") << "first of all, before the attempt to create the other has ended";
}

TEST(KafkaTopicWatch, LeavesACreationForATopicThatIsWantedMeanwhile) {
  EmbeddedBroker broker;
  broker.create_topic("is-there", 3);
  Settings settings;
  settings.brokers = broker.brokers();
  CreateTopics create;
  create.enabled = true;
  create.replication = 1;
  std::string fault;
  TopicWatch watch(properties_of(settings, {}, fault), create, [] {});
  watch.want({"is-missing"});
  std::this_thread::sleep_for(500ms);  // the attempt is under way, or has failed, or has yet to begin: all are well
  watch.want({"is-there"});
  const auto begin = std::chrono::steady_clock::now();
  bool told = false;
  while (!told && std::chrono::steady_clock::now() - begin < 60s) {
    std::this_thread::sleep_for(10ms);
    for (const auto& fact : watch.take().facts) told |= fact.name == "is-there";
  }
  EXPECT_TRUE(told);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a creation may take ten";
}

}  // namespace
}  // namespace tributary::sinks::kafka
