#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// librdkafka's own types; its header is included by this folder's .cpp files only.
struct rd_kafka_s;
struct rd_kafka_queue_s;
struct rd_kafka_topic_s;
struct rd_kafka_conf_s;
struct rd_kafka_op_s;  // rd_kafka_event_t

namespace tributary::sinks::kafka {

/// librdkafka settings by name, in the order in which they are applied.
using Properties = std::vector<std::pair<std::string, std::string>>;

/// What a property is in the end (the last one of its name counts) as a number, if it is one.
std::optional<std::size_t> number(const Properties& properties, std::string_view name);
void set(Properties& properties, std::string_view name, std::string value);

struct ClientCloser {
  void operator()(rd_kafka_s* client) const noexcept;  ///< drops what is queued; joins librdkafka's threads
};
struct QueueCloser {
  void operator()(rd_kafka_queue_s* queue) const noexcept;
};
struct TopicCloser {
  void operator()(rd_kafka_topic_s* topic) const noexcept;
};
using ClientPtr = std::unique_ptr<rd_kafka_s, ClientCloser>;
using QueuePtr = std::unique_ptr<rd_kafka_queue_s, QueueCloser>;
using TopicPtr = std::unique_ptr<rd_kafka_topic_s, TopicCloser>;

enum class Purpose : std::uint8_t {
  produce,  ///< delivery reports, errors, statistics and logs come as events on the main queue
  inspect,  ///< errors come as events on the main queue; no logs
};

/// A client made of these settings; nothing when librdkafka refuses them, and then `fault` says why. Connects in the
/// background: an unreachable broker is no fault. Thread: any.
ClientPtr open_client(const Properties& properties, Purpose purpose, std::string& fault);

/// Why this librdkafka cannot take this setting, mostly in its own words; empty when it takes it. Thread: any.
std::string property_fault(const std::string& name, const std::string& value);

/// The linked librdkafka, e.g. "2.0.2".
std::string_view librdkafka_version() noexcept;

}  // namespace tributary::sinks::kafka
