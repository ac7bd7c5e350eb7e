#include "sinks/kafka/config.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "config/load.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

config::Loaded load(const std::string& body) {
  config::Vocabulary vocabulary;
  vocabulary.sinks = {{"kafka", "Kafka", "events", config::make_settings<Settings>}};
  return config::load_text("version: 1\nsinks:\n  events: {type: kafka, brokers: [localhost:9092], " + body + "}\n",
                           "test.yaml", vocabulary);
}

std::vector<std::string> faults(const std::string& body) {
  std::vector<std::string> texts;
  for (const auto& fault : load(body).faults) texts.push_back(fault.path + ": " + fault.message);
  return texts;
}

std::vector<std::string> warnings(const std::string& body) {
  std::vector<std::string> texts;
  for (const auto& warning : load(body).warnings) texts.push_back(warning.path + ": " + warning.message);
  return texts;
}

class Properties_ {
 public:
  explicit Properties_(const std::string& body) {
    auto loaded = load(body);
    for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
    if (loaded.settings) list_ = properties_of(loaded.settings->sinks[0].as<Settings>(), {}, fault_);
  }
  /// What librdkafka ends up with: the last one counts.
  std::string operator[](std::string_view name) const {
    const auto found = std::find_if(list_.rbegin(), list_.rend(), [&](const auto& p) { return p.first == name; });
    return found == list_.rend() ? "(none)" : found->second;
  }
  const Properties& list() const { return list_; }
  const std::string& fault() const { return fault_; }

 private:
  Properties list_;
  std::string fault_;
};

TEST(KafkaConfig, ASecretWithALineBreakIsAFaultAtStartUnlessItIsPem) {
  const std::string file = testing::TempDir() + "fake-kafka-secret";
  std::ofstream(file) << "\xef\xbb\xbf"
                         "fake-hush\nfake-hush\n";
  const std::string sasl = "security: {protocol: sasl_ssl, sasl_mechanism: PLAIN, username: u, password: {file: '";
  const Properties_ password(sasl + file + "'}}");
  EXPECT_EQ(password.fault(), "security.password: file " + file + " has a line break inside; expected one line");
  EXPECT_TRUE(password.list().empty());
  const Properties_ property("librdkafka: {ssl.key.password: {file: '" + file + "'}}");
  EXPECT_EQ(property.fault(),
            "librdkafka.ssl.key.password: file " + file + " has a line break inside; expected one line");
  const Properties_ pem("librdkafka: {ssl.key.pem: {file: '" + file + "'}}");
  EXPECT_EQ(pem.fault(), "");
  EXPECT_EQ(pem["ssl.key.pem"], "fake-hush\nfake-hush");
  std::remove(file.c_str());
}

TEST(KafkaConfig, DefaultsAreTheContracts) {
  const auto loaded = load("linger: 5ms");
  ASSERT_TRUE(loaded.settings);
  const auto& settings = loaded.settings->sinks[0].as<Settings>();
  EXPECT_THAT(settings.brokers, ElementsAre("localhost:9092"));
  EXPECT_EQ(settings.topics.events, "stream.events");
  EXPECT_EQ(settings.topics.dead_letter, "stream.dead-letter");
  EXPECT_EQ(settings.topics.relay, "stream.relay");
  EXPECT_EQ(settings.topics.state, "");
  EXPECT_FALSE(settings.create_topics.enabled);
  EXPECT_EQ(settings.create_topics.partitions, 6);
  EXPECT_EQ(settings.create_topics.replication, 3);
  EXPECT_EQ(settings.cloudevents, CloudEvents::binary);
  EXPECT_EQ(settings.validation.schema, "event");
  EXPECT_EQ(settings.validation.on_failure, OnFailure::dead_letter);
  EXPECT_EQ(settings.linger, 5ms);
  EXPECT_EQ(settings.compression, Compression::none);
  EXPECT_EQ(settings.security.protocol, SecurityProtocol::plaintext);
  EXPECT_EQ(settings.memory, config::mib(64));
  EXPECT_THAT(fixed_topics(settings), ElementsAre("stream.events", "stream.dead-letter", "stream.relay"));
}

TEST(KafkaConfig, TopicsAreMadeWithWhatTheFileSaysAndTheStateTopicIsCompacted) {
  const auto loaded =
      load("topics: {state: live.state}, create_topics: {enabled: true, config: {retention.ms: 604800000}}");
  ASSERT_TRUE(loaded.settings);
  const auto create = creation_of(loaded.settings->sinks[0].as<Settings>());
  EXPECT_THAT(create.config_of("stream.events"), ElementsAre(Pair("retention.ms", "604800000")));
  EXPECT_THAT(create.config_of("live.state"),
              ElementsAre(Pair("cleanup.policy", "compact"), Pair("retention.ms", "604800000")));
}

TEST(KafkaConfig, ATopicThatHoldsMoreThanStateIsNotCompacted) {
  const auto loaded = load("topics: {state: stream.events}, create_topics: {enabled: true}");
  ASSERT_TRUE(loaded.settings);
  EXPECT_THAT(creation_of(loaded.settings->sinks[0].as<Settings>()).config_of("stream.events"), IsEmpty());
}

TEST(KafkaConfig, WarnsOfTopicConfigsThatCompactEventsOrHaveNoEffect) {
  EXPECT_THAT(warnings("create_topics: {enabled: true, config: {cleanup.policy: 'compact,delete'}}"),
              Contains(HasSubstr("create_topics.config: `cleanup.policy: compact` holds for every topic")));
  EXPECT_THAT(warnings("create_topics: {config: {retention.ms: 1000}}"),
              Contains(HasSubstr("create_topics.config: it has no effect without `enabled: true`")));
}

TEST(KafkaConfig, SetsWhatThePromiseNeeds) {
  const Properties_ properties("linger: 5ms");
  EXPECT_EQ(properties["acks"], "all");
  EXPECT_EQ(properties["enable.idempotence"], "true");
  EXPECT_EQ(properties["max.in.flight.requests.per.connection"], "5");
  EXPECT_EQ(properties["message.timeout.ms"], "0");
  EXPECT_EQ(properties["partitioner"], "murmur2_random");
  EXPECT_EQ(properties["queue.buffering.max.kbytes"], "65536");
  EXPECT_EQ(properties["queue.buffering.max.messages"], "4096");
  EXPECT_EQ(properties["allow.auto.create.topics"], "false");
}

TEST(KafkaConfig, PassesSecurityAndOtherSettingsOn) {
  const Properties_ properties(
      "compression: zstd, security: {protocol: sasl_ssl, sasl_mechanism: SCRAM-SHA-512, username: relay, "
      "password: {value: fake-secret}, ca_file: /dev/null, certificate: /dev/zero, key: /dev/full}, "
      "librdkafka: {socket.timeout.ms: 7000, client.id: mine}");
  EXPECT_EQ(properties["security.protocol"], "sasl_ssl");
  EXPECT_EQ(properties["sasl.mechanism"], "SCRAM-SHA-512");
  EXPECT_EQ(properties["sasl.username"], "relay");
  EXPECT_EQ(properties["sasl.password"], "fake-secret");
  EXPECT_EQ(properties["ssl.ca.location"], "/dev/null");
  EXPECT_EQ(properties["ssl.certificate.location"], "/dev/zero");
  EXPECT_EQ(properties["ssl.key.location"], "/dev/full");
  EXPECT_EQ(properties["compression.type"], "zstd");
  EXPECT_EQ(properties["socket.timeout.ms"], "7000");
  EXPECT_EQ(properties["client.id"], "mine");
}

TEST(KafkaConfig, SaysWhichSecretCannotBeRead) {
  const Properties_ properties(
      "security: {protocol: sasl_ssl, sasl_mechanism: PLAIN, username: u, password: {file: /nonexistent/secret}}");
  EXPECT_THAT(properties.fault(), HasSubstr("security.password"));
  EXPECT_TRUE(properties.list().empty());
}

TEST(KafkaConfig, LingerIsSharedBetweenOurPaceAndLibrdkafka) {
  EXPECT_EQ(pace_of(5ms), 2ms);
  EXPECT_EQ(pace_of(0ms), 0ms);
  EXPECT_EQ(pace_of(10s), 2ms);
  EXPECT_EQ(Properties_("linger: 5ms")["linger.ms"], "3");
  EXPECT_EQ(Properties_("linger: 100ms")["linger.ms"], "98");
  EXPECT_EQ(Properties_("linger: 0ms")["linger.ms"], "0");
}

// Each of these would lose, repeat, reorder or hide records, or says what another key says.
class KafkaRefuses : public testing::TestWithParam<const char*> {};

TEST_P(KafkaRefuses, ByNameAndWithAReason) {
  const std::string name = GetParam();
  ASSERT_THAT(faults("librdkafka: {" + name + ": \"1\"}"), ElementsAre(HasSubstr("`" + name + "` cannot be set: ")));
}

INSTANTIATE_TEST_SUITE_P(Properties, KafkaRefuses,
                         testing::Values("acks", "request.required.acks", "enable.idempotence", "message.timeout.ms",
                                         "delivery.timeout.ms", "retries", "message.send.max.retries", "max.in.flight",
                                         "max.in.flight.requests.per.connection", "queue.buffering.max.messages",
                                         "queue.buffering.max.kbytes", "queue.buffering.max.ms",
                                         "enable.gapless.guarantee", "partitioner", "transactional.id", "dr_msg_cb",
                                         "bootstrap.servers", "metadata.broker.list", "security.protocol",
                                         "sasl.username", "sasl.password", "ssl.ca.location", "linger.ms",
                                         "compression.codec", "queuing.strategy", "delivery.report.only.error",
                                         "allow.auto.create.topics", "api.version.request", "plugin.library.paths",
                                         "group.id", "topic.blacklist"));

TEST(KafkaConfig, AllowsWhatBreaksNothing) {
  EXPECT_THAT(faults("librdkafka: {debug: broker, message.max.bytes: 2000000, batch.size: 500000, "
                     "sasl.oauthbearer.config: fake, request.timeout.ms: 20000, "
                     "enable.ssl.certificate.verification: true, compression.level: 3, batch.num.messages: 500}"),
              IsEmpty());
}

TEST(KafkaConfig, WarnsWhenAnybodyIsTakenForABroker) {
  for (const std::string setting :
       {"enable.ssl.certificate.verification: \"false\"", "ssl.endpoint.identification.algorithm: none"}) {
    const auto loaded = load("security: {protocol: ssl}, librdkafka: {" + setting + "}");
    EXPECT_TRUE(loaded.faults.empty());
    EXPECT_TRUE(std::any_of(loaded.warnings.begin(), loaded.warnings.end(), [](const auto& warning) {
      return warning.message.find("anybody in between is taken for a broker") != std::string::npos;
    })) << setting;
  }
}

TEST(KafkaConfig, RepeatsLibrdkafkasWordsOnUnknownAndBadSettings) {
  EXPECT_THAT(faults("librdkafka: {no.such.thing: 1}"),
              ElementsAre(HasSubstr("has no such property; see its CONFIGURATION.md")));
  EXPECT_THAT(faults("librdkafka: {socket.timeout.ms: soon}"), ElementsAre(HasSubstr("socket.timeout.ms")));
  EXPECT_THAT(faults("librdkafka: {socket.timeout.ms: 1}"), ElementsAre(HasSubstr("outside allowed range")));
}

TEST(KafkaConfig, OauthbearerIsPassedThroughToALibrdkafkaThatHasIt) {
  const auto found = faults(
      "security: {protocol: sasl_ssl}, librdkafka: {sasl.mechanisms: OAUTHBEARER, "
      "sasl.oauthbearer.method: oidc, sasl.oauthbearer.client.id: relay, "
      "sasl.oauthbearer.client.secret: {env: FAKE_SECRET}, "
      "sasl.oauthbearer.token.endpoint.url: \"https://id.example.org/token\"}");
  const std::string words = property_fault("sasl.oauthbearer.method", "oidc");
  if (words.empty()) {
    EXPECT_THAT(found, IsEmpty());
  } else {  // built without OIDC, as Debian 12's: its own words are the fault, whatever else it misses with it
    EXPECT_THAT(found, testing::Contains(HasSubstr(words)));
  }
}

TEST(KafkaConfig, UnsignedTokensNeedALibrdkafkaThatSurvivesTheirRenewal) {
  const auto found = faults(
      "security: {protocol: sasl_ssl}, librdkafka: {sasl.mechanisms: OAUTHBEARER, "
      "enable.sasl.oauthbearer.unsecure.jwt: \"true\"}");
  if (librdkafka_version() < "2.3") {
    EXPECT_THAT(found, ElementsAre(HasSubstr("`enable.sasl.oauthbearer.unsecure.jwt`: needs librdkafka 2.3")));
  } else {
    EXPECT_THAT(found, IsEmpty());
  }
}

TEST(KafkaConfig, ReportsSecurityThatContradictsItself) {
  EXPECT_THAT(faults("security: {protocol: sasl_ssl}"), ElementsAre(HasSubstr("needs `sasl_mechanism`")));
  EXPECT_THAT(faults("security: {sasl_mechanism: PLAIN}"), ElementsAre(HasSubstr("no effect")));
  EXPECT_THAT(faults("security: {protocol: sasl_ssl, sasl_mechanism: PLAIN}"),
              ElementsAre(HasSubstr("PLAIN needs `username` and `password`")));
  EXPECT_THAT(faults("security: {ca_file: ca.pem}"), ElementsAre(HasSubstr("no effect")));
  EXPECT_THAT(faults("security: {protocol: ssl, certificate: /dev/null}"), ElementsAre(HasSubstr("belong together")));
  EXPECT_THAT(faults("security: {protocol: kerberos}"), testing::SizeIs(1));
}

TEST(KafkaConfig, FilesOfItsSecurityAreThereAtStart) {
  EXPECT_THAT(faults("security: {protocol: ssl, ca_file: /nonexistent/ca.pem, certificate: /dev/null, key: gone.pem}"),
              ElementsAre(HasSubstr("/nonexistent/ca.pem: No such file"), HasSubstr("gone.pem: No such file")));
}

TEST(KafkaConfig, OauthbearerNeedsASourceOfTokens) {
  const auto needs = ElementsAre(HasSubstr("OAUTHBEARER needs a source of tokens"));
  EXPECT_THAT(faults("security: {protocol: sasl_ssl, sasl_mechanism: OAUTHBEARER}"), needs);
  EXPECT_THAT(faults("security: {protocol: sasl_ssl}, librdkafka: {sasl.mechanisms: OAUTHBEARER}"), needs);
}

TEST(KafkaConfig, WarnsOfAPasswordInPlainText) {
  const auto loaded =
      load("security: {protocol: sasl_plaintext, sasl_mechanism: PLAIN, username: u, password: {env: FAKE_PASSWORD}}");
  ASSERT_THAT(loaded.faults, IsEmpty());
  EXPECT_TRUE(std::any_of(loaded.warnings.begin(), loaded.warnings.end(), [](const config::Fault& warning) {
    return warning.message.find("plain text") != std::string::npos;
  }));
}

TEST(KafkaConfig, ABrokerThatCannotBeConnectedToIsAFault) {
  for (const std::string broker : {"a..b:1", "[::1:9092", "h:9092:1", "\u00e9:9092", "h:99999", "h:0", ":9092",
                                   "user@h:9092", "h/x:9092", "h:9092,i:9092"}) {
    config::Vocabulary vocabulary;
    vocabulary.sinks = {{"kafka", "Kafka", "events", config::make_settings<Settings>}};
    const auto loaded = config::load_text(
        "version: 1\nsinks:\n  events: {type: kafka, brokers: [\"" + broker + "\"]}\n", "t.yaml", vocabulary);
    ASSERT_EQ(loaded.faults.size(), 1U) << broker;
    EXPECT_THAT(config::format(loaded.faults[0]),
                testing::AllOf(HasSubstr("t.yaml:3:"), HasSubstr("expected host:port, not")));
  }
  for (const std::string broker :
       {"h", "h:9092", "kafka-0.kafka:9092", "10.0.0.1:9092", "[::1]:9092", "under_score:1"}) {
    config::Vocabulary vocabulary;
    vocabulary.sinks = {{"kafka", "Kafka", "events", config::make_settings<Settings>}};
    EXPECT_TRUE(config::load_text("version: 1\nsinks:\n  events: {type: kafka, brokers: [\"" + broker + "\"]}\n",
                                  "t.yaml", vocabulary)
                    .faults.empty())
        << broker;
  }
}

TEST(KafkaConfig, ChecksTopicsAndBrokers) {
  EXPECT_THAT(faults("topics: {events: \"live.{channel}\"}"), ElementsAre(HasSubstr("unknown placeholder")));
  EXPECT_THAT(faults("topics: {dead_letter: \"dead letters\"}"), ElementsAre(HasSubstr("cannot be a topic")));
  EXPECT_THAT(faults("topics: {relay: \"{type}\"}"), ElementsAre(HasSubstr("cannot be a topic")));
  EXPECT_THAT(faults("topics: {events: \"\", dead_letter: \"\", relay: \"\"}"), IsEmpty());
  EXPECT_THAT(faults("topics: {events: \"live.{provider}.{type}\"}"), IsEmpty());
  EXPECT_THAT(faults("memory: 1KiB"), testing::SizeIs(1));
  config::Vocabulary vocabulary;
  vocabulary.sinks = {{"kafka", "Kafka", "events", config::make_settings<Settings>}};
  const auto loaded = config::load_text(
      "version: 1\nsinks:\n  events: {type: kafka, brokers: [\"kafka:port\", \"http://kafka:9092\", kafka]}\n",
      "t.yaml", vocabulary);
  EXPECT_EQ(loaded.faults.size(), 2U);
}

TEST(KafkaConfig, ReadsTheSpool) {
  EXPECT_THAT(faults("spool: {enabled: false}"), IsEmpty());
  EXPECT_THAT(faults("spool: {exposure: 0ms, size: 1MiB, at_limit: drop_oldest}"), IsEmpty());
  EXPECT_THAT(faults("spool: {exposure: 2m}"), ElementsAre(HasSubstr("expected 0s to 1m")));
  EXPECT_THAT(faults("spool: {size: 1KiB}"), ElementsAre(HasSubstr("at least 1MiB")));
  EXPECT_THAT(faults("spool: {at_limit: wait}"), ElementsAre(HasSubstr("expected block, drop_oldest or drop_newest")));
  const Settings settings;
  EXPECT_TRUE(settings.spool.enabled);
  EXPECT_EQ(settings.spool.exposure, std::chrono::milliseconds(20));
  EXPECT_EQ(settings.spool.size, config::gib(4));
  EXPECT_EQ(settings.spool.at_limit, event::AtLimit::block);
}

TEST(KafkaConfig, KnowsWhichTopicsARecordOfTheSinkCanGoTo) {
  Settings settings;
  for (const char* topic : {"stream.events", "stream.dead-letter", "stream.relay"}) {
    EXPECT_TRUE(may_use(settings, topic)) << topic;
  }
  EXPECT_FALSE(may_use(settings, "old.events"));
  settings.topics.events = "show.{source}.{type}";
  for (const char* topic : {"show.dlive.tip", "show.a.b.c", "stream.relay"})
    EXPECT_TRUE(may_use(settings, topic)) << topic;
  for (const char* topic : {"show.dlive", "show..tip", "shows.dlive.tip", "stream.events"}) {
    EXPECT_FALSE(may_use(settings, topic)) << topic;
  }
  settings.topics.events = "{type}-events";
  EXPECT_TRUE(may_use(settings, "tip-events"));
  EXPECT_FALSE(may_use(settings, "-events"));
  EXPECT_FALSE(may_use(settings, "tip-events-2"));
}

}  // namespace
}  // namespace tributary::sinks::kafka
