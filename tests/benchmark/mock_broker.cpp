// librdkafka's mock cluster as a process of its own, so that its work is not counted with the relay's.
//
//   mock_broker [PARTITIONS]
//
// Prints `broker HOST:PORT` and answers each line of standard input with `count N`, the records of stream.events so
// far; runs until standard input ends.

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "sinks/kafka/embedded_broker.hpp"

namespace {

constexpr const char* events = "stream.events";

long long count(rd_kafka_t* client, int partitions) {
  long long sum = 0;
  for (int partition = 0; partition < partitions; ++partition) {
    std::int64_t low = 0, high = 0;
    if (rd_kafka_query_watermark_offsets(client, events, partition, &low, &high, 2'000) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      sum += high;
    }
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  tributary::sinks::kafka::EmbeddedBroker broker;
  const int partitions = argc > 1 ? std::atoi(argv[1]) : 6;
  for (const char* topic : {events, "stream.dead-letter", "stream.relay"}) broker.create_topic(topic, partitions);
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[256];
  rd_kafka_conf_set(conf, "bootstrap.servers", broker.brokers().front().c_str(), why, sizeof why);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
  if (client == nullptr) return 1;
  std::printf("broker %s\n", broker.brokers().front().c_str());
  std::fflush(stdout);
  for (int c; (c = std::getchar()) != EOF;) {
    if (c != '\n') continue;
    std::printf("count %lld\n", count(client, partitions));
    std::fflush(stdout);
  }
  rd_kafka_destroy(client);
}
