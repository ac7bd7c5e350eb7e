// Reads stream.events of the mock broker and says how old the records were when they arrived here: the load server's
// --stamp is in their `_id`.
//
//   consumer BROKER EVENTS [PARTITIONS]
//
// Prints `consuming`, and when it has them all `latency P50 P99 MAX FIRST` in milliseconds: FIRST of the first record,
// the others without the first quarter, which pays for connections and metadata. An empty fetch is asked again after a
// millisecond, which is the most this reader adds.

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name, value, why, sizeof why) == RD_KAFKA_CONF_OK) return;
  std::fprintf(stderr, "consumer: %s\n", why);
  std::exit(1);
}

rd_kafka_t* consumer(const char* broker, int partitions) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", broker);
  set(conf, "group.id", "latency");
  set(conf, "enable.auto.commit", "false");
  set(conf, "fetch.wait.max.ms", "1");
  char why[256];
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
  if (client == nullptr) std::exit(1);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_topic_partition_list_t* all = rd_kafka_topic_partition_list_new(partitions);
  for (int i = 0; i < partitions; ++i) rd_kafka_topic_partition_list_add(all, "stream.events", i)->offset = 0;
  rd_kafka_assign(client, all);
  rd_kafka_topic_partition_list_destroy(all);
  return client;
}

double age_ms(std::string_view record) {
  static constexpr std::string_view mark = R"("_id":"5f1c3d6b)";
  const auto at = record.find(mark);
  if (at == std::string_view::npos) return -1;
  const std::string digits(record.substr(at + mark.size(), 16));
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
  return static_cast<double>(now.count() - static_cast<long long>(std::strtoull(digits.c_str(), nullptr, 16))) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::size_t wanted = std::strtoull(argv[2], nullptr, 10);
  rd_kafka_t* client = consumer(argv[1], argc > 3 ? std::atoi(argv[3]) : 6);
  std::puts("consuming");
  std::fflush(stdout);
  std::vector<double> ages;
  ages.reserve(wanted);
  while (ages.size() < wanted) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(client, 100);
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const double age = age_ms({static_cast<const char*>(message->payload), message->len});
      if (age >= 0) ages.push_back(age);
    }
    rd_kafka_message_destroy(message);
  }
  const double first = ages.front();
  ages.erase(ages.begin(), ages.begin() + static_cast<std::ptrdiff_t>(wanted / 4));
  std::sort(ages.begin(), ages.end());
  const auto at = [&](double part) {
    return ages[static_cast<std::size_t>(part * static_cast<double>(ages.size() - 1))];
  };
  std::printf("latency %.3f %.3f %.3f %.3f\n", at(0.5), at(0.99), at(1), first);
  std::fflush(stdout);
  std::_Exit(0);
}
