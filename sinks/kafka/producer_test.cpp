#include "sinks/kafka/producer.hpp"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>

#include <deque>
#include <map>
#include <thread>

#include "sinks/kafka/embedded_broker.hpp"
#include "sinks/test_events.hpp"
#include "sinks/test_notes.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;
using event::DeliveryReport;
using event::Manner;
using event::Sent;
using event::Verdict;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

constexpr auto deadline = 20s;  // of every wait: reached only by a failing test

/// A producer against an embedded broker, driven as relay::Delivery drives it.
class KafkaProducer : public testing::Test {
 protected:
  void start() {
    std::string brokers;
    for (const auto& broker : broker_.brokers()) brokers += (brokers.empty() ? "" : ",") + broker;
    options_.properties = {{"bootstrap.servers", brokers},
                           {"acks", "all"},
                           {"enable.idempotence", "true"},
                           {"message.timeout.ms", "0"},
                           {"partitioner", "murmur2_random"},
                           {"message.max.bytes", "100000000"},
                           {"allow.auto.create.topics", "false"},
                           {"linger.ms", "1"},
                           {"retry.backoff.ms", "10"},
                           {"reconnect.backoff.max.ms", "100"}};
    for (auto& property : extra_) options_.properties.push_back(property);
    std::string fault;
    options_.events = *TopicTemplate::parse(events_, fault);
    producer_ = Producer::make(options_, notes_, fault);
    ASSERT_TRUE(producer_) << fault;
  }

  /// Sends until the producer takes or refuses it for good.
  Sent send(const event::EventPtr& event) {
    events_sent_.push_back(event);
    const auto stream = producer_->stream_of(*event);
    const auto token = reinterpret_cast<std::uintptr_t>(event.get());
    auto answer = producer_->send(stream, *event, token, Manner::together);
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (answer == Sent::full && std::chrono::steady_clock::now() < end) {
      producer_->poll(50ms, reports_);
      if (producer_->broken()) producer_->rebuild(reports_);
      answer = producer_->send(stream, *event, token, Manner::together);
    }
    return answer;
  }

  template <class Condition>
  bool poll_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    bool met = condition();
    while (!met && std::chrono::steady_clock::now() < end) {
      producer_->poll(50ms, reports_);
      met = condition();
    }
    return met;
  }
  bool await_reports(std::size_t count) {
    return poll_until([&] { return reports_.size() >= count; });
  }
  std::map<Verdict, int> verdicts() const {
    std::map<Verdict, int> counts;
    for (const auto& report : reports_) ++counts[report.verdict];
    return counts;
  }

  std::vector<std::pair<std::string, std::string>> extra_;
  std::string events_ = "stream.events";
  ProducerOptions options_;
  EmbeddedBroker broker_;
  Notes notes_;
  std::deque<event::EventPtr> events_sent_;
  std::vector<DeliveryReport> reports_;
  std::unique_ptr<Producer> producer_;  // destroyed first: it may still read the events
};

using Verdicts = std::map<Verdict, int>;

TEST_F(KafkaProducer, TellsHowItsBrokersStandAlsoOnceItIsClosed) {
  options_.statistics = 50ms;
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  ASSERT_TRUE(poll_until([&] {
    const auto brokers = producer_->brokers();
    return brokers.size() == 1 && brokers[0].up && brokers[0].sent > 3;
  }));
  EXPECT_EQ(producer_->brokers()[0].name, broker_.brokers()[0]);
  const auto sent = producer_->brokers()[0].sent;
  producer_->rebuild(reports_);
  ASSERT_TRUE(poll_until([&] { return !producer_->brokers().empty(); }));
  EXPECT_GE(producer_->brokers()[0].sent, sent) << "a count never falls";
  producer_->close();
  EXPECT_EQ(producer_->brokers().size(), 1U);
}

TEST_F(KafkaProducer, ReportsEachRecordOnceWhenItIsSafe) {
  broker_.create_topic("stream.events", 4);
  start();
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1'000));
  for (const auto& report : reports_) {
    EXPECT_EQ(report.verdict, Verdict::delivered) << report.code;
    ++seen[report.token];
  }
  EXPECT_EQ(seen.size(), 1'000U);
  EXPECT_EQ(producer_->outstanding(), 0U);
}

TEST_F(KafkaProducer, CountsClampedTimestamps) {
  broker_.create_topic("stream.events", 1);
  start();
  EventParts parts;
  parts.created += 48h;
  ASSERT_EQ(send(make_event(parts)), Sent::accepted);
  ASSERT_EQ(send(make_event()), Sent::accepted);
  EXPECT_EQ(producer_->clamped(), 1U);
}

TEST_F(KafkaProducer, SendsDeadLettersAndNoticesToTheirOwnTopics) {
  for (const auto* topic : {"stream.events", "stream.dead-letter", "stream.relay"}) broker_.create_topic(topic, 1);
  options_.dead_letter = "stream.dead-letter";
  options_.relay = "stream.relay";
  start();
  EXPECT_EQ(producer_->dead_letter_stream(), "stream.dead-letter");
  EventParts parts;
  parts.kind = event::Kind::notice;
  const auto notice = make_event(parts);
  EXPECT_EQ(producer_->stream_of(*notice), "stream.relay");
  ASSERT_EQ(send(notice), Sent::accepted);
  {
    const event::DeadLetter letter{"invalid", R"({"reason":"invalid"})", std::make_shared<const std::string>("main")};
    auto answer = Sent::full;
    poll_until(
        [&] { return (answer = producer_->send("stream.dead-letter", letter, 7, Manner::together)) != Sent::full; });
    ASSERT_EQ(answer, Sent::accepted);
  }  // a letter may be gone before its report
  ASSERT_TRUE(await_reports(2));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 2}}));
}

TEST_F(KafkaProducer, TakesNoEventsOfAKindWhoseTopicIsOff) {
  start();
  EventParts parts;
  parts.kind = event::Kind::state;
  EXPECT_EQ(producer_->stream_of(*make_event(parts)), "");
  EXPECT_EQ(producer_->dead_letter_stream(), "");
}

TEST_F(KafkaProducer, RidesOutRetriableErrorsByItself) {
  broker_.create_topic("stream.events", 1);
  broker_.fail_next_produce({RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  start();
  for (int i = 0; i < 10; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(10));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 10}}));
}

TEST_F(KafkaProducer, AWholeBatchIsAtFaultForOneRecord) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"linger.ms", "1000"}};
  broker_.fail_next_produce({RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP});
  start();
  for (int i = 0; i < 5; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(5));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::record_fault, 5}}));
  EXPECT_EQ(reports_.front().code, "INVALID_TIMESTAMP");
  reports_.clear();
  ASSERT_EQ(send(make_event()), Sent::accepted) << "the producer goes on afterwards";
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, ARefusedBatchTakesBackWhatFollowsIt) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"batch.num.messages", "5"}, {"max.in.flight.requests.per.connection", "1"}, {"linger.ms", "1000"}};
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  reports_.clear();
  broker_.fail_next_produce({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  broker_.set_round_trip(1s);  // no answer before all are sent
  for (int i = 0; i < 20; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(poll_until([&] { return producer_->broken(); }));
  broker_.set_round_trip(0ms);
  EXPECT_EQ(producer_->send("stream.events", *make_event(), 1, Manner::together), Sent::full);
  producer_->rebuild(reports_);
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::too_large, 5}, {Verdict::purged, 15}}));
  EXPECT_FALSE(producer_->broken());
  EXPECT_THAT(notes_.signs, Not(Contains(Sign::fatal))) << "it is a record's fault";
  reports_.clear();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, WhatIsRefusedAloneBreaksNothing) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  reports_.clear();
  const auto event = make_event();
  broker_.fail_next_produce({RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  for (const auto verdict : {Verdict::record_fault, Verdict::denied, Verdict::delivered}) {
    ASSERT_TRUE(poll_until([&] {
      return producer_->send("stream.events", *event, 7, Manner::alone) == Sent::accepted;
    })) << "after a denial librdkafka looks at the topic again";
    ASSERT_TRUE(await_reports(1));
    EXPECT_EQ(reports_.front().token, 7U);
    EXPECT_EQ(reports_.front().verdict, verdict) << reports_.front().code;
    EXPECT_FALSE(producer_->broken());
    reports_.clear();
  }
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, RebuildingWaitsForWhatTheBrokerIsAboutToAcknowledge) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  reports_.clear();
  broker_.set_round_trip(400ms);
  for (int i = 0; i < 8; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  const auto end = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < end) producer_->poll(50ms, reports_);  // they are on their way
  producer_->rebuild(reports_);
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 8}})) << "no repeats in the topic";
}

TEST_F(KafkaProducer, AMissingRightToWriteDenies) {
  broker_.create_topic("stream.events", 1);
  broker_.fail_next_produce({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::denied, 1}}));
  EXPECT_EQ(reports_.front().code, "TOPIC_AUTHORIZATION_FAILED");
}

TEST_F(KafkaProducer, ATopicThatIsNotThereIsDeniedUntilItIs) {
  broker_.create_topic("another", 1);
  start();
  const auto event = make_event();
  ASSERT_EQ(send(event), Sent::denied);
  EXPECT_THAT(notes_.signs, Contains(Sign::topic_missing));
  broker_.create_topic("stream.events", 1);
  auto answer = Sent::denied;
  ASSERT_TRUE(poll_until([&] {
    answer = producer_->send("stream.events", *event, 1, Manner::together);
    return answer == Sent::accepted;
  }));
  EXPECT_THAT(notes_.signs, Contains(Sign::topic_found));
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, ATopicThatAppearsIsToldOnceAsRepaired) {
  start();
  ASSERT_EQ(send(make_event()), Sent::denied);
  EXPECT_EQ(producer_->why_denied(), "unknown_topic");
  std::vector<std::string> repaired;
  producer_->take_repaired(repaired);
  EXPECT_TRUE(repaired.empty());
  broker_.create_topic("stream.events", 1);
  ASSERT_TRUE(poll_until([&] {
    producer_->take_repaired(repaired);
    return !repaired.empty();
  }));
  EXPECT_THAT(repaired, ElementsAre("stream.events"));
}

TEST_F(KafkaProducer, InAHurryAMissingTopicIsAskedForOnceMore) {
  start();
  const auto event = make_event();
  ASSERT_EQ(send(event), Sent::denied);
  broker_.create_topic("stream.events", 1);
  producer_->hurry();
  EXPECT_EQ(send(event), Sent::accepted) << "full until the answer, not denied";
}

TEST_F(KafkaProducer, InAHurryATopicThatIsMissingStillIsDenied) {
  start();
  const auto event = make_event();
  ASSERT_EQ(send(event), Sent::denied);
  producer_->hurry();
  EXPECT_EQ(producer_->send("stream.events", *event, 1, Manner::together), Sent::full);
  EXPECT_EQ(send(event), Sent::denied);
}

TEST_F(KafkaProducer, AskingForATopicCreatesNone) {
  start();
  ASSERT_EQ(send(make_event()), Sent::denied);
  EXPECT_TRUE(broker_.create_topic("stream.events", 1)) << "it was not there before";
}

TEST_F(KafkaProducer, OneMissingTopicOfATemplateDoesNotStopTheOthers) {
  broker_.create_topic("stream.tip", 1);
  events_ = "stream.{type}";
  start();
  EventParts raid;
  raid.type = "raid";
  ASSERT_EQ(send(make_event(raid)), Sent::denied);
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, TakesEverythingWhileNoBrokerAnswersAndDeliversItAfterwards) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  broker_.set_down(true);
  ASSERT_TRUE(poll_until([&] { return notes_.last_is(Sign::down); }));
  for (int i = 0; i < 20; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  EXPECT_EQ(producer_->outstanding(), 20U);
  broker_.set_down(false);
  ASSERT_TRUE(await_reports(21));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 21}}));
  EXPECT_TRUE(poll_until([&] { return notes_.last_is(Sign::up); }));
}

TEST_F(KafkaProducer, AnIdleSinkLearnsThatTheBrokersAreBack) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_TRUE(poll_until([&] { return !notes_.signs.empty(); }));
  broker_.set_down(true);
  ASSERT_TRUE(poll_until([&] { return notes_.last_is(Sign::down); }));
  broker_.set_down(false);
  EXPECT_TRUE(poll_until([&] { return notes_.last_is(Sign::up); }));
}

TEST_F(KafkaProducer, AFatalErrorBreaksItAndARebuiltOneDeliversAgain) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"linger.ms", "1000"}};
  start();
  for (int i = 0; i < 8; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  producer_->provoke_fatal_error(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  ASSERT_TRUE(poll_until([&] { return producer_->broken(); }));
  producer_->rebuild(reports_);
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::purged, 8}}));
  EXPECT_EQ(producer_->outstanding(), 0U);
  EXPECT_FALSE(producer_->broken());
  EXPECT_THAT(notes_.signs, Contains(Sign::fatal));
  EXPECT_THAT(notes_.signs, Contains(Sign::rebuilt));
  reports_.clear();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 1}}));
}

TEST_F(KafkaProducer, RebuildingReportsWhatHangsInTheBroker) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(1));
  reports_.clear();
  broker_.set_round_trip(60s);
  for (int i = 0; i < 8; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  producer_->poll(50ms, reports_);  // they are on their way
  producer_->rebuild(reports_);
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::purged, 8}}));
}

TEST_F(KafkaProducer, ASecondFatalErrorIsNotAnsweredAtOnce) {
  broker_.create_topic("stream.events", 1);
  start();
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(poll_until([&] { return true; }));
    producer_->provoke_fatal_error(RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID);
    if (round == 0) {
      ASSERT_TRUE(poll_until([&] { return producer_->broken(); }));
      producer_->rebuild(reports_);
    }
  }
  const auto fatal = [&] { return notes_.count(Sign::fatal); };
  ASSERT_TRUE(poll_until([&] { return fatal() == 2; }));
  EXPECT_FALSE(producer_->broken());
  EXPECT_EQ(producer_->send("stream.events", *make_event(), 1, Manner::together), Sent::full);
  EXPECT_TRUE(poll_until([&] { return producer_->broken(); }));
}

TEST_F(KafkaProducer, SaysFullAtItsOwnCapAndTakesMoreAfterReports) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"queue.buffering.max.messages", "10"}, {"linger.ms", "100"}};
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  const auto event = make_event();
  int accepted = 1;
  while (producer_->send("stream.events", *event, 1, Manner::together) == Sent::accepted) ++accepted;
  EXPECT_EQ(accepted, 10);
  ASSERT_TRUE(await_reports(10));
  EXPECT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(11));
}

TEST_F(KafkaProducer, ARecordAboveTheClientsLimitIsTooLarge) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"message.max.bytes", "2000"}};
  start();
  EventParts parts;
  parts.padding = std::string(3'000, 'x');
  EXPECT_EQ(send(make_event(parts)), Sent::too_large);
}

TEST_F(KafkaProducer, ARecordAboveTheQueuesLimitIsTooLargeAndNotWaitedForEver) {
  broker_.create_topic("stream.events", 1);
  extra_ = {{"queue.buffering.max.kbytes", "1"}};
  start();
  EventParts parts;
  parts.padding = std::string(3'000, 'x');
  EXPECT_EQ(send(make_event(parts)), Sent::too_large);
}

TEST_F(KafkaProducer, WakeEndsALongPoll) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_TRUE(poll_until([&] { return !notes_.signs.empty(); }));
  const auto begin = std::chrono::steady_clock::now();
  std::thread other([&] { producer_->wake(); });
  producer_->poll(std::chrono::duration_cast<std::chrono::milliseconds>(deadline), reports_);
  other.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, deadline);
}

TEST_F(KafkaProducer, EndsWithRecordsUnderWayWithoutTouchingThem) {
  broker_.create_topic("stream.events", 1);
  start();
  ASSERT_EQ(send(make_event()), Sent::accepted);
  broker_.set_round_trip(60s);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  producer_->poll(20ms, reports_);
  producer_.reset();
  events_sent_.clear();
}

TEST_F(KafkaProducer, StructuredRecordsOutliveTheNextOne) {
  broker_.create_topic("stream.events", 1);
  options_.cloudevents = CloudEvents::structured;
  start();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(send(make_event()), Sent::accepted);
  ASSERT_TRUE(await_reports(100));
  EXPECT_EQ(verdicts(), (Verdicts{{Verdict::delivered, 100}}));
}

TEST(KafkaProducerMake, SaysWhyLibrdkafkaRefuses) {
  Notes notes;
  std::string fault;
  ProducerOptions options;
  options.properties = {{"bootstrap.servers", "localhost:1"},
                        {"enable.idempotence", "true"},
                        {"security.protocol", "ssl"},
                        {"ssl.ca.location", "/nonexistent/ca.pem"}};
  options.events = *TopicTemplate::parse("stream.events", fault);
  EXPECT_FALSE(Producer::make(options, notes, fault));
  EXPECT_NE(fault.find("ssl.ca.location"), std::string::npos) << fault;
}

}  // namespace
}  // namespace tributary::sinks::kafka
