#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.hpp"
#include "config/secret.hpp"
#include "config/values.hpp"
#include "sinks/handling.hpp"
#include "sinks/kafka/producer.hpp"

namespace tributary::sinks::kafka {

enum class SecurityProtocol : std::uint8_t { plaintext, ssl, sasl_plaintext, sasl_ssl };
enum class Compression : std::uint8_t { none, gzip, snappy, lz4, zstd };

/// `type: kafka` as it is written. A value; immutable once read. Thread: any.
struct Settings final : config::Described {
  std::vector<std::string> brokers;
  struct {
    std::string events = "stream.events";
    std::string dead_letter = "stream.dead-letter";
    std::string relay = "stream.relay";
    std::string state;
  } topics;  ///< "" : off
  CreateTopics create_topics;
  CloudEvents cloudevents = CloudEvents::binary;
  Validation validation;
  config::Duration linger{5};
  Compression compression = Compression::none;
  struct {
    SecurityProtocol protocol = SecurityProtocol::plaintext;
    std::string sasl_mechanism;
    std::string username;
    config::Secret password;
    config::Path ca_file, certificate, key;
  } security;
  std::map<std::string, config::Secret> librdkafka;  ///< passed through
  config::Size memory = config::mib(64);
  Spool spool;

  void describe(config::Fields& fields) override;

 private:
  void describe_topics(config::Fields& fields);
  void describe_creation(config::Fields& fields);
  void describe_security(config::Fields& fields);
  void describe_librdkafka(config::Fields& fields);
};

/// Why `librdkafka: {name: …}` would break the promise or contradict another key; empty when it would not.
std::string_view refusal_of(std::string_view property) noexcept;

/// The producer's pace for this linger: a part of it, taken off what librdkafka waits.
std::chrono::microseconds pace_of(std::chrono::milliseconds linger);

/// Everything for librdkafka, secrets read. An empty result means that `fault` says which one could not be read.
Properties properties_of(const Settings& settings, const config::SecretReader& secrets, std::string& fault);

/// How this sink's topics are made: the topic of session values is compacted, unless it is another one's as well.
CreateTopics creation_of(const Settings& settings);

/// The topics that are known before any event: all but a template.
std::vector<std::string> fixed_topics(const Settings& settings);
/// Can a record of this sink go to this topic?
bool may_use(const Settings& settings, std::string_view topic);

}  // namespace tributary::sinks::kafka
