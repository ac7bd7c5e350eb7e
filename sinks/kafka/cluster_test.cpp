// A cluster of three brokers whose leaders move and which is slow: what librdkafka rides out by itself.

#include <gmock/gmock.h>

#include <cstdint>
#include <deque>

#include "sinks/kafka/embedded_broker.hpp"
#include "sinks/kafka/producer.hpp"
#include "sinks/test_events.hpp"
#include "sinks/test_notes.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

class KafkaCluster : public testing::Test {
 protected:
  KafkaCluster() {
    cluster_.create_topic("stream.events", 1);
    std::string brokers;
    for (const auto& broker : cluster_.brokers()) brokers += (brokers.empty() ? "" : ",") + broker;
    ProducerOptions options;
    options.properties = {{"bootstrap.servers", brokers},
                          {"acks", "all"},
                          {"enable.idempotence", "true"},
                          {"message.timeout.ms", "0"},
                          {"allow.auto.create.topics", "false"},
                          {"linger.ms", "1"},
                          {"retry.backoff.ms", "10"},
                          {"topic.metadata.refresh.fast.interval.ms", "20"},
                          {"reconnect.backoff.max.ms", "100"}};
    std::string fault;
    options.events = *TopicTemplate::parse("stream.events", fault);
    producer_ = Producer::make(options, notes_, fault);
    EXPECT_TRUE(producer_) << fault;
  }

  /// Sends so many, and `change` after each tenth; true when each was reported as delivered, in order.
  template <class Change>
  bool all_delivered(std::uint64_t count, Change change) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    std::uint64_t sent = 0;
    while (reports_.size() < count && std::chrono::steady_clock::now() < end && !producer_->broken()) {
      if (sent < count) {
        if (events_.size() == sent) events_.push_back(make_event());
        const auto stream = producer_->stream_of(*events_.back());
        if (producer_->send(stream, *events_.back(), sent + 1, event::Manner::together) == event::Sent::accepted) {
          if (++sent % 10 == 0) change(sent / 10);
        }
      }
      producer_->poll(sent < count ? 0ms : 50ms, reports_);
    }
    for (std::uint64_t i = 0; i < reports_.size(); ++i) {
      if (reports_[i].verdict != event::Verdict::delivered || reports_[i].token != i + 1) return false;
    }
    return reports_.size() == count;
  }

  EmbeddedBroker cluster_{3};
  Notes notes_;
  std::deque<event::EventPtr> events_;
  std::vector<event::DeliveryReport> reports_;
  std::unique_ptr<Producer> producer_;  // destroyed first: it may still read the events
};

TEST_F(KafkaCluster, ALeaderThatMovesCostsNothing) {
  EXPECT_TRUE(all_delivered(100, [&](std::uint64_t turn) {
    cluster_.set_leader("stream.events", 0, turn % 4 == 0 ? -1 : static_cast<int>(turn % 3) + 1);
    if (turn % 4 == 0) cluster_.set_leader("stream.events", 0, 1);
  }));
}

TEST_F(KafkaCluster, ASlowOneCostsNothing) {
  cluster_.set_round_trip(120ms);
  EXPECT_TRUE(all_delivered(100, [](std::uint64_t) {}));
}

}  // namespace
}  // namespace tributary::sinks::kafka
