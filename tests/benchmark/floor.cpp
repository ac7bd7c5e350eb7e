// The floor under the relay: the same transport, the same key and headers produced, nothing parsed, checked, deduped or
// counted. What the whole program costs above this is its own doing.
//
//   floor URL BROKER EVENTS
//
// Prints `acknowledged N` when all are, then waits to be ended, so that what it used can be read.

#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "net/websocket.hpp"

namespace {

using namespace tributary;

class Floor final : public net::WebSocketListener {
 public:
  Floor(const std::string& broker, std::uint64_t wanted) : wanted_(wanted) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    const auto set = [&](const char* name, const char* value) {
      char why[256];
      if (rd_kafka_conf_set(conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) throw std::runtime_error(why);
    };
    set("bootstrap.servers", broker.c_str());
    set("enable.idempotence", "true");
    set("linger.ms", "5");
    set("message.timeout.ms", "0");
    set("partitioner", "murmur2_random");
    set("queue.buffering.max.messages", "1000000");
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0);
    if (client_ == nullptr) throw std::runtime_error("no producer");
    topic_ = rd_kafka_topic_new(client_, "stream.events", nullptr);
    queue_ = rd_kafka_queue_get_main(client_);
  }

  void on_open(std::string_view) override {}
  void on_pong() override {}
  void on_end(net::Ending) override { ended_ = true; }
  void on_message(std::string_view payload, bool) override {
    if (payload == "40") {
      socket->send_text(R"(42["authenticate",{"method":"jwt","token":"floor-token"}])");
      return;
    }
    if (payload.size() < 200) return;
    produce(payload.substr(12));
  }
  void on_read_end() override { reports(0); }
  bool done() const { return acknowledged_ >= wanted_ || ended_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  void reports(int timeout_ms) {
    while (rd_kafka_event_t* event = rd_kafka_queue_poll(queue_, timeout_ms)) {
      acknowledged_ += rd_kafka_event_message_count(event);
      rd_kafka_event_destroy(event);
      timeout_ms = 0;
    }
  }

  std::shared_ptr<net::WebSocket> socket;

 private:
  void produce(std::string_view value) {
    static constexpr std::string_view key = "streamelements:5eb8a1f0c2d3e4f5a6b7c8d9";
    rd_kafka_headers_t* headers = rd_kafka_headers_new(8);
    const auto add = [&](std::string_view name, std::string_view text) {
      rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()), text.data(),
                          static_cast<ssize_t>(text.size()));
    };
    add("ce_specversion", "1.0");
    add("ce_id", value.substr(8, 24));
    add("ce_source", "/streamelements/5eb8a1f0c2d3e4f5a6b7c8d9");
    add("ce_type", "tributary.tip");
    add("ce_time", "2026-10-01T12:34:56.789Z");
    add("ce_dataschema", "urn:tributary:schema:event:1");
    add("ce_streamelements", "true");
    add("content-type", "application/json");
    for (;;) {
      const auto error =
          rd_kafka_producev(client_, RD_KAFKA_V_RKT(topic_), RD_KAFKA_V_KEY(key.data(), key.size()),
                            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
      if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) throw std::runtime_error(rd_kafka_err2str(error));
      reports(10);
    }
  }

  std::uint64_t wanted_, acknowledged_ = 0;
  bool ended_ = false;
  rd_kafka_t* client_ = nullptr;
  rd_kafka_topic_t* topic_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  boost::asio::io_context io{1};
  Floor floor(argv[2], std::strtoull(argv[3], nullptr, 10));
  net::DialTarget target;
  target.url = argv[1];
  floor.socket = net::dial(io, target, floor);
  while (!floor.done()) {
    io.run_for(std::chrono::milliseconds(5));
    io.restart();
    floor.reports(0);
  }
  std::printf("acknowledged %llu\n", static_cast<unsigned long long>(floor.acknowledged()));
  std::fflush(stdout);
  for (;;) ::pause();
}
