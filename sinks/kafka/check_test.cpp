#include "sinks/kafka/check.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

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

std::vector<Finding> findings_of(const Settings& settings, std::chrono::milliseconds deadline = 3s) {
  std::vector<Finding> findings;
  check_connect(settings, deadline, [&](const Finding& finding) { findings.push_back(finding); });
  return findings;
}

TEST(KafkaCheck, FindsTopicsAndMissesTopicsWithoutCreatingThem) {
  EmbeddedBroker broker(2);
  broker.create_topic("stream.events", 3);
  broker.create_topic("stream.relay", 1);
  Settings settings;
  settings.brokers = broker.brokers();
  const auto findings = findings_of(settings);
  EXPECT_THAT(findings, Contains(good("2 brokers")));
  EXPECT_THAT(findings, Contains(good("topic stream.events: 3 partitions")));
  EXPECT_THAT(findings, Contains(good("topic stream.relay: 1 partition")));
  EXPECT_THAT(findings, Contains(bad("topic stream.dead-letter: missing")));
  EXPECT_TRUE(broker.create_topic("stream.dead-letter", 1)) << "it was not there before";
}

TEST(KafkaCheck, AMissingTopicIsFineWhenItWillBeCreated) {
  EmbeddedBroker broker;
  Settings settings;
  settings.brokers = broker.brokers();
  settings.create_topics.enabled = true;
  settings.create_topics.replication = 1;
  EXPECT_THAT(findings_of(settings), Each(Field(&Finding::good, true)));
}

TEST(KafkaCheck, AReplicationOverTheNumberOfBrokersIsAFaultOfItsKey) {
  EmbeddedBroker broker(2);
  Settings settings;
  settings.brokers = broker.brokers();
  settings.create_topics.enabled = true;
  settings.create_topics.replication = 3;
  EXPECT_THAT(findings_of(settings), Contains(AllOf(bad("with replication 3 on 2 brokers"),
                                                    Field(&Finding::key, "create_topics.replication"))));
  for (const auto* topic : {"stream.events", "stream.dead-letter", "stream.relay"}) broker.create_topic(topic, 1);
  EXPECT_THAT(findings_of(settings), Each(Field(&Finding::good, true))) << "nothing is left to create";
}

TEST(KafkaCheck, SaysThatWritingWasNotCheckedWhereItCannotBe) {
  EmbeddedBroker broker;  // it answers no question about access lists
  Settings settings;
  settings.brokers = broker.brokers();
  EXPECT_THAT(findings_of(settings),
              Contains(AllOf(good("may be written to was not checked"), Field(&Finding::doubtful, true))));
}

TEST(KafkaCheck, SaysWhyTheClusterCannotBeReachedWithinTheDeadline) {
  Settings settings;
  settings.brokers = {"127.0.0.1:1"};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(findings_of(settings, 1500ms), testing::ElementsAre(bad("127.0.0.1:1")));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 20s);
}

TEST(KafkaCheck, SaysWhichSettingLibrdkafkaRefuses) {
  Settings settings;
  settings.brokers = {"127.0.0.1:1"};
  settings.security.protocol = SecurityProtocol::ssl;
  settings.security.ca_file = "/nonexistent/ca.pem";
  EXPECT_THAT(findings_of(settings), testing::ElementsAre(bad("ssl.ca.location")));
}

/// Against a broker that answers no CreateTopics: an attempt takes all the time that it may.
class KafkaTopicWatch : public testing::Test {
 protected:
  KafkaTopicWatch() {
    settings_.brokers = broker_.brokers();
    create_.enabled = true;
    create_.replication = 1;
    start();
  }

  void start() {
    watch_ = std::make_unique<TopicWatch>(properties_of(settings_, {}, fault_), create_, [this] {
      const std::lock_guard lock(mutex_);
      notified_ = true;
      changed_.notify_one();
    });
  }

  /// The topics told of, in order, from the next news on until there is one of this name.
  std::vector<std::string> told_until(const std::string& name) {
    std::vector<std::string> told;
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::find(told.begin(), told.end(), name) == told.end() && std::chrono::steady_clock::now() < end) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, 1s, [this] { return notified_; });
      notified_ = false;
      lock.unlock();
      for (const auto& fact : watch_->take().facts) told.push_back(fact.name);
    }
    return told;
  }

  EmbeddedBroker broker_;
  Settings settings_;
  CreateTopics create_;
  std::string fault_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool notified_ = false;
  std::unique_ptr<TopicWatch> watch_;
};

TEST_F(KafkaTopicWatch, TellsOfATopicThatIsThereWhileAnotherIsBeingCreated) {
  broker_.create_topic("is-there", 3);
  watch_->want({"is-missing", "is-there"});
  const auto told = told_until("is-there");
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told.front(), "is-there") << "first of all, before the attempt to create the other has ended";
}

TEST_F(KafkaTopicWatch, LeavesACreationForATopicThatIsWantedMeanwhile) {
  broker_.create_topic("is-there", 3);
  broker_.create_topic("comes-late", 3);
  watch_->want({"is-missing", "is-there"});
  told_until("is-there");  // and then the other is being created
  const auto begin = std::chrono::steady_clock::now();
  watch_->want({"comes-late"});
  EXPECT_THAT(told_until("comes-late"), Contains("comes-late"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s) << "a creation may take ten";
}

TEST_F(KafkaTopicWatch, ACreationUnderWayHoldsUpNobody) {
  broker_.create_topic("is-there", 3);
  watch_->want({"is-missing", "is-there"});
  told_until("is-there");  // and then the other is being created
  const auto begin = std::chrono::steady_clock::now();
  watch_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s) << "a creation may take ten seconds";
}

TEST_F(KafkaTopicWatch, AtTheStopACreationThatEventsWaitForHasTwoSeconds) {
  broker_.create_topic("is-there", 3);
  watch_->want({"is-missing", "is-there"});
  told_until("is-there");  // and then the other is being created
  const auto begin = std::chrono::steady_clock::now();
  watch_->hasten();
  EXPECT_THAT(told_until("is-missing"), Contains("is-missing"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 6s) << "it may take ten else";
}

TEST_F(KafkaTopicWatch, AtTheStopAListingUnderWayIsShort) {
  create_.enabled = false;
  broker_.create_topic("is-there", 3);
  std::chrono::steady_clock::duration took = 1h;
  for (int attempt = 0; attempt < 3 && took >= 600ms; ++attempt) {  // the machine may be busy for a moment
    broker_.set_round_trip(0ms);
    start();
    watch_->want({"is-there", "is-missing"});
    told_until("is-missing");
    broker_.set_round_trip(30s);
    watch_->hasten();
    watch_->look_now();
    {
      std::unique_lock lock(mutex_);
      notified_ = false;
      EXPECT_FALSE(changed_.wait_for(lock, 200ms, [this] { return notified_; })) << "the listing is under way";
    }
    const auto begin = std::chrono::steady_clock::now();
    watch_.reset();
    took = std::chrono::steady_clock::now() - begin;
  }
  EXPECT_LT(took, 600ms);
}

}  // namespace
}  // namespace tributary::sinks::kafka
