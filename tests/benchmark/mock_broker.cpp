// librdkafka's mock cluster as a process of its own, so that its work is not counted with the relay's.
//
//   mock_broker [PARTITIONS]
//
// Prints `broker HOST:PORT` and runs until standard input ends.

#include <cstdio>
#include <cstdlib>

#include "sinks/kafka/embedded_broker.hpp"

int main(int argc, char** argv) {
  tributary::sinks::kafka::EmbeddedBroker broker;
  const int partitions = argc > 1 ? std::atoi(argv[1]) : 6;
  for (const char* topic : {"stream.events", "stream.dead-letter", "stream.relay"}) broker.create_topic(topic, partitions);
  std::printf("broker %s\n", broker.brokers().front().c_str());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
}
