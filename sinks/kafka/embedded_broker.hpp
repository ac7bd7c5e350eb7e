#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "sinks/kafka/client.hpp"

struct rd_kafka_mock_cluster_s;

namespace tributary::sinks::kafka {

/// A Kafka-protocol broker in this process, on loopback ports of its own, for `tributary demo` and the tests: it keeps
/// about 5 MB of each partition, checks no sequences and knows no TLS. Its methods are for one thread at a time.
class EmbeddedBroker {
 public:
  explicit EmbeddedBroker(int brokers = 1);
  ~EmbeddedBroker();
  EmbeddedBroker(const EmbeddedBroker&) = delete;
  EmbeddedBroker& operator=(const EmbeddedBroker&) = delete;

  /// host:port of each broker.
  const std::vector<std::string>& brokers() const { return brokers_; }
  /// False when it is there already.
  bool create_topic(const std::string& name, int partitions);

  // Faults, for tests. Error codes are rd_kafka_resp_err_t.
  void fail_next_produce(const std::vector<int>& errors);
  void fail_next(int api_key, const std::vector<int>& errors);
  void set_round_trip(std::chrono::milliseconds time);
  void set_down(bool down);
  void set_leader(const std::string& topic, int partition, int broker);  ///< −1: none
  void set_topic_error(const std::string& topic, int error);             ///< what metadata says of it

 private:
  ClientPtr owner_;
  rd_kafka_mock_cluster_s* cluster_ = nullptr;
  std::vector<std::string> brokers_;
};

}  // namespace tributary::sinks::kafka
