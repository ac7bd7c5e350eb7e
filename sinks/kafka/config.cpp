#include "sinks/kafka/config.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <variant>

#include "config/file_words.hpp"
#include "text/url.hpp"

namespace tributary::sinks::kafka {
namespace {

constexpr std::array<std::string_view, 4> protocol_names{"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
constexpr std::array<std::string_view, 5> compression_names{"none", "gzip", "snappy", "lz4", "zstd"};

bool uses_sasl(SecurityProtocol protocol) {
  return protocol == SecurityProtocol::sasl_plaintext || protocol == SecurityProtocol::sasl_ssl;
}
bool uses_tls(SecurityProtocol protocol) {
  return protocol == SecurityProtocol::ssl || protocol == SecurityProtocol::sasl_ssl;
}

/// What is wrong with it, read by the one parser of hosts and ports; "" when it can be connected to.
std::string fault_of_broker(const std::string& broker) {
  const std::string expected = "expected host:port, not `" + broker + "`";
  if (broker.empty() || broker.find_first_of(" ,/@?#\\") != std::string::npos) return expected;
  std::string fault;
  if (text::parse_url("http://" + broker + "/", {"http"}, fault)) return {};
  return expected + ": " + fault;
}

/// As far as it stands in the file.
std::string_view mechanism_of(const Settings& settings) {
  if (!settings.security.sasl_mechanism.empty()) return settings.security.sasl_mechanism;
  for (const auto* name : {"sasl.mechanism", "sasl.mechanisms"}) {
    const auto found = settings.librdkafka.find(name);
    if (found != settings.librdkafka.end() && found->second.kind == config::Secret::Kind::value) {
      return found->second.name;
    }
  }
  return {};
}

/// Does the setting let anybody be taken for a broker?
bool trusts_anybody(std::string_view name, std::string_view value) {
  if (name == "ssl.endpoint.identification.algorithm") return value == "none";
  return name == "enable.ssl.certificate.verification" && value != "true" && value != "t" && value != "1";
}

bool wants_password(std::string_view mechanism) { return mechanism == "PLAIN" || mechanism.starts_with("SCRAM-"); }

/// How many records librdkafka may hold; the others wait in the outbox, where one costs 96 bytes instead of the about
/// 1 KiB that it adds to a record with headers. The 4,096 of the default `memory` are five requests under way at 80,000
/// records a second and a round trip of 50 ms, or 400,000 at 10 ms; a farther or faster cluster wants more `memory`.
std::uint64_t most_records(config::Size memory) {
  return std::clamp<std::uint64_t>(memory.bytes / 16'384, 1'000, 100'000);
}

/// Measured at 1,000 records a second: against 1 ms it halves the wake-ups of the sink's thread and adds half a
/// millisecond to the median; longer would add as much again and take less away.
constexpr std::chrono::milliseconds longest_pace{2};

}  // namespace

std::chrono::microseconds pace_of(std::chrono::milliseconds linger) {
  return std::min<std::chrono::microseconds>(std::chrono::microseconds(linger) * 2 / 5, longest_pace);
}

void Settings::describe(config::Fields& fields) {
  fields.field({.name = "brokers",
                .help = "host:port of some brokers; the others are learnt from them",
                .required = true,
                .example = "[localhost:9092]",
                .minimum = 1},
               brokers);
  for (std::size_t i = 0; i < brokers.size(); ++i) {
    if (auto fault = fault_of_broker(brokers[i]); !fault.empty()) fields.fault("brokers", i, std::move(fault));
  }
  fields.group({.name = "topics", .help = "\"\" switches one off"}, [&] { describe_topics(fields); });
  fields.group({.name = "create_topics", .help = "make topics that are missing"}, [&] { describe_creation(fields); });
  fields.choice({.name = "cloudevents", .help = "attributes as headers, as an envelope around the event, or none"},
                cloudevents,
                {{CloudEvents::binary, "binary"}, {CloudEvents::structured, "structured"}, {CloudEvents::off, "off"}});
  fields.group({.name = "validation"}, validation);
  fields.field({.name = "linger", .help = "how long a batch may wait for more", .minimum = 0, .maximum = 60'000},
               linger);
  fields.choice({.name = "compression", .help = "lz4 and zstd pay off on a slow network"}, compression,
                {{Compression::none, "none"},
                 {Compression::gzip, "gzip"},
                 {Compression::snappy, "snappy"},
                 {Compression::lz4, "lz4"},
                 {Compression::zstd, "zstd"}});
  fields.group({.name = "security"}, [&] { describe_security(fields); });
  describe_librdkafka(fields);
  const auto mechanism = mechanism_of(*this);
  if (mechanism == "OAUTHBEARER" && !librdkafka.contains("sasl.oauthbearer.method") &&
      !librdkafka.contains("enable.sasl.oauthbearer.unsecure.jwt")) {
    fields.fault("security",
                 "OAUTHBEARER needs a source of tokens: `librdkafka: {sasl.oauthbearer.method: oidc, …}` and what "
                 "belongs to it");
  }
  if (uses_sasl(security.protocol) && security.sasl_mechanism.empty() && !librdkafka.contains("sasl.mechanisms") &&
      !librdkafka.contains("sasl.mechanism")) {
    fields.fault("security", "a sasl protocol needs `sasl_mechanism`");
  }
  fields.field(
      {.name = "memory", .help = "what events not yet acknowledged may hold before reading pauses", .minimum = 1 << 20},
      memory);
  fields.group({.name = "spool", .help = "on disk, in `spool.directory`: what Kafka has not acknowledged in time"},
               spool);
}

void Settings::describe_topics(config::Fields& fields) {
  fields.field({.name = "events", .help = "what viewers did; may hold {provider} {source} {type} {connector}"},
               topics.events);
  fields.field({.name = "dead_letter", .help = "what could not be understood, validated or delivered"},
               topics.dead_letter);
  fields.field({.name = "relay", .help = "the relay's own: connections, gaps, refused credentials"}, topics.relay);
  fields.field({.name = "state", .help = "session values of state_updates, for a compacted topic"}, topics.state);
  std::string fault;
  if (!topics.events.empty() && !TopicTemplate::parse(topics.events, fault)) fields.fault("events", fault);
  const auto check = [&](std::string_view key, const std::string& name) {
    if (!name.empty() && !topic_name_fault(name).empty()) fields.fault(key, topic_name_fault(name));
  };
  check("dead_letter", topics.dead_letter);
  check("relay", topics.relay);
  check("state", topics.state);
  const std::array<std::pair<std::string_view, std::string>, 4> all{{{"events", topics.events},
                                                                     {"dead_letter", topics.dead_letter},
                                                                     {"relay", topics.relay},
                                                                     {"state", topics.state}}};
  for (std::size_t i = 1; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto& [key, name] = all[i];
      if (!name.empty() && name == all[j].second)
        fields.warn(key, "the same topic as `" + std::string(all[j].first) + "`");
    }
  }
}

void Settings::describe_creation(config::Fields& fields) {
  auto& create = create_topics;
  fields.field({.name = "enabled"}, create.enabled);
  fields.field({.name = "partitions", .minimum = 1, .maximum = 10'000}, create.partitions);
  fields.field({.name = "replication", .minimum = 1, .maximum = 100}, create.replication);
  fields.field(
      {.name = "config", .help = "Kafka's own, of each topic that is made", .example = "{retention.ms: 604800000}"},
      create.config);
  if (!create.config.empty() && !create.enabled) fields.warn("config", "it has no effect without `enabled: true`");
  const auto policy = create.config.find("cleanup.policy");
  if (policy != create.config.end() && policy->second.find("compact") != std::string::npos) {
    fields.warn("config",
                "`cleanup.policy: compact` holds for every topic that is made, and of an event topic keeps only the "
                "newest event of each channel; the state topic is compacted without it");
  }
}

void Settings::describe_security(config::Fields& fields) {
  auto& s = security;
  fields.choice({.name = "protocol"}, s.protocol,
                {{SecurityProtocol::plaintext, "plaintext"},
                 {SecurityProtocol::ssl, "ssl"},
                 {SecurityProtocol::sasl_plaintext, "sasl_plaintext"},
                 {SecurityProtocol::sasl_ssl, "sasl_ssl"}});
  fields.choice({.name = "sasl_mechanism", .help = "with a sasl protocol"}, s.sasl_mechanism,
                {"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"});
  fields.field({.name = "username"}, s.username);
  fields.field({.name = "password", .help = "read at start", .example = "{file: secrets/kafka}"}, s.password);
  fields.field({.name = "ca_file", .help = "who may sign the brokers' certificates; \"\" is the system's list"},
               s.ca_file);
  fields.field({.name = "certificate", .help = "ours, for brokers that ask"}, s.certificate);
  fields.field({.name = "key"}, s.key);

  if (!uses_sasl(s.protocol) && !s.sasl_mechanism.empty()) {
    fields.fault("sasl_mechanism", "it has no effect without `protocol: sasl_ssl` or `sasl_plaintext`");
  }
  if (uses_sasl(s.protocol) && wants_password(s.sasl_mechanism) && (s.username.empty() || s.password.empty())) {
    fields.fault("sasl_mechanism", s.sasl_mechanism + " needs `username` and `password`");
  }
  for (const auto& [key, path] : {std::pair<std::string_view, const config::Path*>("ca_file", &s.ca_file),
                                  {"certificate", &s.certificate},
                                  {"key", &s.key}}) {
    if (path->empty()) continue;
    if (!uses_tls(s.protocol)) {
      fields.fault(key, "it has no effect without `protocol: ssl` or `sasl_ssl`");
    } else if (fields.reading() && ::access(path->resolved.c_str(), R_OK) != 0) {
      fields.fault(key, path->resolved.string() + ": " + config::file_words(errno));
    }
  }
  if (s.certificate.empty() != s.key.empty()) {
    fields.fault(s.key.empty() ? "certificate" : "key", "`certificate` and `key` belong together");
  }
  if (s.protocol == SecurityProtocol::sasl_plaintext && s.sasl_mechanism == "PLAIN") {
    fields.warn("protocol", "the password crosses the network in plain text; use sasl_ssl");
  }
}

void Settings::describe_librdkafka(config::Fields& fields) {
  fields.field({.name = "librdkafka", .help = "passed through; what would break the promise is refused by name"},
               librdkafka);
  const auto fault = [&](std::string_view name, std::string_view says, std::string_view why) {
    fields.fault("librdkafka", std::string("`").append(name).append(says).append(why));
  };
  for (const auto& [name, value] : librdkafka) {
    if (const auto why = refusal_of(name); !why.empty()) {
      fault(name, "` cannot be set: ", why);
    } else if ((name == "sasl.mechanisms" || name == "sasl.mechanism") && !security.sasl_mechanism.empty()) {
      fault(name, "` cannot be set beside ", "`security.sasl_mechanism`");
    } else if (value.kind == config::Secret::Kind::value) {
      const auto refusal = property_fault(name, value.name);
      if (!refusal.empty()) {
        fault(name, "`: ", refusal);
      } else if (trusts_anybody(name, value.name)) {
        fields.warn("librdkafka", std::string("`").append(name).append("`: anybody in between is taken for a broker"));
      }
    }
  }
}

Properties properties_of(const Settings& settings, const config::SecretReader& secrets, std::string& fault) {
  const auto read = [&](const std::string& name, const config::Secret& secret) -> std::string {
    auto answer = secrets.read(secret, config::lines_of(name));
    if (const auto* value = std::get_if<config::SecretValue>(&answer)) return std::string(value->reveal());
    fault = name + ": " + std::get<config::SecretFault>(answer).message;
    return {};
  };
  std::string brokers;
  for (const auto& broker : settings.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
  Properties properties{
      {"client.id", "tributary"},
      {"bootstrap.servers", brokers},
      {"acks", "all"},
      {"enable.idempotence", "true"},
      {"max.in.flight.requests.per.connection", "5"},
      {"message.timeout.ms", "0"},
      {"partitioner", "murmur2_random"},
      {"message.max.bytes", "100000000"},  // the topic's own limit is what counts
      {"queue.buffering.max.kbytes", std::to_string(settings.memory.bytes / 1024)},
      {"queue.buffering.max.messages", std::to_string(most_records(settings.memory))},
      {"linger.ms",
       std::to_string(
           (settings.linger - std::chrono::ceil<std::chrono::milliseconds>(pace_of(settings.linger))).count())},
      {"compression.type", std::string(compression_names.at(static_cast<std::size_t>(settings.compression)))},
      {"allow.auto.create.topics", "false"},
      {"socket.keepalive.enable", "true"},
      {"socket.nagle.disable", "true"},
      {"log.connection.close", "false"},
      {"reconnect.backoff.max.ms", "1000"},
      {"security.protocol", std::string(protocol_names.at(static_cast<std::size_t>(settings.security.protocol)))},
  };
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) properties.emplace_back(name, value);
  };
  const auto& s = settings.security;
  add("sasl.mechanism", s.sasl_mechanism);
  add("sasl.username", s.username);
  if (!s.password.empty()) add("sasl.password", read("security.password", s.password));
  add("ssl.ca.location", s.ca_file.empty() ? "" : s.ca_file.resolved.string());
  add("ssl.certificate.location", s.certificate.empty() ? "" : s.certificate.resolved.string());
  add("ssl.key.location", s.key.empty() ? "" : s.key.resolved.string());
  for (const auto& [name, value] : settings.librdkafka) {
    const bool plain = value.kind == config::Secret::Kind::value;  // a setting: it may be empty
    properties.emplace_back(name, plain ? value.name : read("librdkafka." + name, value));
  }
  if (!fault.empty()) properties.clear();
  return properties;
}

CreateTopics creation_of(const Settings& settings) {
  auto create = settings.create_topics;
  const auto& t = settings.topics;
  const bool shared = t.state == t.events || t.state == t.dead_letter || t.state == t.relay;
  create.compacted = shared ? "" : t.state;
  return create;
}

std::vector<std::string> fixed_topics(const Settings& settings) {
  std::vector<std::string> names;
  const auto& t = settings.topics;
  for (const auto& name : {t.events, t.dead_letter, t.relay, t.state}) {
    if (!name.empty() && name.find('{') == std::string::npos) names.push_back(name);
  }
  return names;
}

bool may_use(const Settings& settings, std::string_view topic) {
  const auto names = fixed_topics(settings);
  if (std::find(names.begin(), names.end(), topic) != names.end()) return true;
  std::string fault;
  const auto events = TopicTemplate::parse(settings.topics.events, fault);
  return events && !events->is_fixed() && events->may_be(topic);
}

}  // namespace tributary::sinks::kafka
