#include "sinks/kafka/embedded_broker.hpp"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <sstream>

#include "event/assert.hpp"

namespace tributary::sinks::kafka {
namespace {

constexpr int produce_api_key = 0;

}  // namespace

EmbeddedBroker::EmbeddedBroker(int brokers) {
  std::string fault;
  owner_ = open_client({}, Purpose::inspect, fault);
  TRIBUTARY_ASSERT(owner_);
  cluster_ = rd_kafka_mock_cluster_new(owner_.get(), brokers);
  TRIBUTARY_ASSERT(cluster_ != nullptr);
  std::istringstream list(rd_kafka_mock_cluster_bootstraps(cluster_));
  for (std::string broker; std::getline(list, broker, ',');) brokers_.push_back(broker);
}

EmbeddedBroker::~EmbeddedBroker() { rd_kafka_mock_cluster_destroy(cluster_); }

bool EmbeddedBroker::create_topic(const std::string& name, int partitions) {
  return rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void EmbeddedBroker::fail_next_produce(const std::vector<int>& errors) { fail_next(produce_api_key, errors); }

void EmbeddedBroker::fail_next(int api_key, const std::vector<int>& errors) {
  std::vector<rd_kafka_resp_err_t> codes;
  codes.reserve(errors.size());
  for (const int error : errors) codes.push_back(static_cast<rd_kafka_resp_err_t>(error));
  rd_kafka_mock_push_request_errors_array(cluster_, static_cast<std::int16_t>(api_key), codes.size(), codes.data());
}

void EmbeddedBroker::set_round_trip(std::chrono::milliseconds time) {
  rd_kafka_mock_broker_set_rtt(cluster_, -1, static_cast<int>(time.count()));
}

void EmbeddedBroker::set_down(bool down) {
  if (down) {
    rd_kafka_mock_broker_set_down(cluster_, -1);
  } else {
    rd_kafka_mock_broker_set_up(cluster_, -1);
  }
}

void EmbeddedBroker::set_leader(const std::string& topic, int partition, int broker) {
  rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker);
}

void EmbeddedBroker::set_topic_error(const std::string& topic, int error) {
  rd_kafka_mock_topic_set_error(cluster_, topic.c_str(), static_cast<rd_kafka_resp_err_t>(error));
}

}  // namespace tributary::sinks::kafka
