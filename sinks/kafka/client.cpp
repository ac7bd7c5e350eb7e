#include "sinks/kafka/client.hpp"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tributary::sinks::kafka {
namespace {

struct ConfigCloser {
  void operator()(rd_kafka_conf_s* config) const noexcept { rd_kafka_conf_destroy(config); }
};
using ConfigPtr = std::unique_ptr<rd_kafka_conf_s, ConfigCloser>;

bool uses_oauth(const Properties& properties) {
  return std::any_of(properties.begin(), properties.end(), [](const auto& property) {
    return (property.first == "sasl.mechanisms" || property.first == "sasl.mechanism") &&
           property.second == "OAUTHBEARER";
  });
}

}  // namespace

std::optional<std::size_t> number(const Properties& properties, std::string_view name) {
  const auto found = std::find_if(properties.rbegin(), properties.rend(),
                                  [&](const auto& property) { return property.first == name; });
  if (found == properties.rend()) return std::nullopt;
  const auto& text = found->second;
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

void set(Properties& properties, std::string_view name, std::string value) {
  std::erase_if(properties, [&](const auto& property) { return property.first == name; });
  properties.emplace_back(name, std::move(value));
}

void ClientCloser::operator()(rd_kafka_s* client) const noexcept {
  rd_kafka_purge(client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

void QueueCloser::operator()(rd_kafka_queue_s* queue) const noexcept { rd_kafka_queue_destroy(queue); }

void TopicCloser::operator()(rd_kafka_topic_s* topic) const noexcept { rd_kafka_topic_destroy(topic); }

ClientPtr open_client(const Properties& properties, Purpose purpose, std::string& fault) {
  std::array<char, 512> why{};
  ConfigPtr config(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(config.get(), name.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
      fault = why.data();
      return nullptr;
    }
  }
  if (purpose == Purpose::produce) {
    rd_kafka_conf_set_events(config.get(),
                             RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR | RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_STATS);
    rd_kafka_conf_set(config.get(), "log.queue", "true", why.data(), why.size());
  } else {
    rd_kafka_conf_set_events(config.get(), RD_KAFKA_EVENT_ERROR);
    rd_kafka_conf_set_log_cb(config.get(), nullptr);
  }
  // Token refreshes are answered on a thread of librdkafka's own: they must not wait for our polling.
  const bool oauth = uses_oauth(properties);
  if (oauth) rd_kafka_conf_enable_sasl_queue(config.get(), 1);

  ClientPtr client(rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), why.data(), why.size()));
  if (!client) {
    fault = why.data();
    return nullptr;
  }
  static_cast<void>(config.release());  // the client's now
  if (oauth) {
    if (rd_kafka_error_t* error = rd_kafka_sasl_background_callbacks_enable(client.get())) {
      fault = rd_kafka_error_string(error);
      rd_kafka_error_destroy(error);
      return nullptr;
    }
  }
  if (purpose == Purpose::produce) rd_kafka_set_log_queue(client.get(), nullptr);
  return client;
}

std::string property_fault(const std::string& name, const std::string& value) {
  // Before 2.3 it renews its token through a queue that is not there, which ends the process.
  if (name == "enable.sasl.oauthbearer.unsecure.jwt" && rd_kafka_version() < 0x020300ff) {
    return "needs librdkafka 2.3 or newer, this is " + std::string(librdkafka_version());
  }
  std::array<char, 512> why{};
  const ConfigPtr config(rd_kafka_conf_new());
  const auto answer = rd_kafka_conf_set(config.get(), name.c_str(), value.c_str(), why.data(), why.size());
  if (answer == RD_KAFKA_CONF_OK) return {};
  if (answer == RD_KAFKA_CONF_UNKNOWN) {
    return "librdkafka " + std::string(librdkafka_version()) + " has no such property; see its CONFIGURATION.md";
  }
  return "librdkafka refuses the value: " + std::string(why.data());
}

std::string_view librdkafka_version() noexcept { return rd_kafka_version_str(); }

}  // namespace tributary::sinks::kafka
