#include "sinks/kafka/words.hpp"

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>

namespace tributary::sinks::kafka {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Lines as librdkafka 2.0 to 2.8 writes them.
TEST(WordsOfLibrdkafka, TheFrequentOnesAreOursAndNameTheBroker) {
  EXPECT_EQ(
      words_of("127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in "
               "state CONNECT, 1 identical error(s) suppressed)"),
      "broker 127.0.0.1:9092 refuses the connection: is Kafka running there? check `brokers`");
  EXPECT_EQ(
      words_of("kafka-1:9092/bootstrap: Failed to resolve 'kafka-1:9092': Name or service not known (after 4ms in "
               "state CONNECT)"),
      "broker kafka-1:9092 has no address: check `brokers` and DNS");
  EXPECT_EQ(
      words_of("10.0.0.9:9092/bootstrap: Connection setup timed out in state CONNECT (after 30028ms in state CONNECT)"),
      "broker 10.0.0.9:9092 does not answer: a firewall, or the wrong address? check `brokers`");
  EXPECT_THAT(words_of("kafka:9093/1: Disconnected while requesting ApiVersion: might be caused by incorrect "
                       "security.protocol configuration (connecting to a SSL listener?) or broker version is < 0.10"),
              StartsWith("broker kafka:9093 hangs up at once: does security.protocol fit this port?"));
  EXPECT_EQ(words_of("kafka:9092/2: Disconnected (after 1000ms in state UP)"),
            "broker kafka:9092 has ended the connection");
  EXPECT_EQ(words_of("1/1 brokers are down"), "no broker answers");
  EXPECT_EQ(words_of("Failed while waiting for controller: Local: Timed out"),
            "the cluster names no controller, which makes topics: is it complete, and up?");
}

TEST(WordsOfLibrdkafka, TheirDetailsStandInBracketsWhereTheySayMore) {
  const auto refused = words_of(
      "sasl_ssl://kafka:9093/bootstrap: SASL authentication error: Authentication failed: Invalid "
      "username or password (after 312ms in state AUTH_REQ)");
  EXPECT_EQ(refused,
            "broker kafka:9093 refuses us: check security.username and security.password (librdkafka: SASL "
            "authentication error: Authentication failed: Invalid username or password)");
  EXPECT_THAT(
      words_of("ssl://kafka:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify "
               "failed: broker certificate could not be verified, verify that ssl.ca.location is correctly "
               "configured (after 5ms in state SSL_HANDSHAKE)"),
      StartsWith("the certificate of broker kafka:9093 is not trusted: set security.ca_file to who signed it"));
  EXPECT_THAT(
      words_of("sasl_plaintext://kafka:9092/bootstrap: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: "
               "Unsupported SASL mechanism: broker's supported mechanisms: PLAIN (after 1ms in state AUTH_HANDSHAKE)"),
      HasSubstr("does not take this security.sasl_mechanism (librdkafka: "));
}

TEST(WordsOfLibrdkafka, TheRestIsMarkedAsItsOwn) {
  EXPECT_EQ(words_of("GroupCoordinator: something new"), "librdkafka: GroupCoordinator: something new");
  EXPECT_EQ(words_of(RD_KAFKA_RESP_ERR_NOT_CONTROLLER).rfind("librdkafka: ", 0), 0U);
}

TEST(WordsOfLibrdkafka, CodesHaveThemToo) {
  EXPECT_THAT(words_of(RD_KAFKA_RESP_ERR__TRANSPORT), StartsWith("no broker can be reached"));
  EXPECT_THAT(words_of(RD_KAFKA_RESP_ERR__TIMED_OUT), StartsWith("no broker has answered in time"));
}

TEST(WordsOfLibrdkafka, ACreationThatIsRefusedNamesItsKeyOrRight) {
  EXPECT_EQ(words_of_creation(RD_KAFKA_RESP_ERR_INVALID_CONFIG, "Unknown topic config name: retention.mss"),
            "Kafka refuses create_topics.config: Unknown topic config name: retention.mss");
  EXPECT_EQ(words_of_creation(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "Authorization failed."),
            "our user may not create topics: give it Create on the cluster, or make the topic");
  EXPECT_EQ(words_of_creation(RD_KAFKA_RESP_ERR_POLICY_VIOLATION, "no topics on Saturdays"),
            "a policy of the cluster forbids it (no topics on Saturdays)");
}

}  // namespace
}  // namespace tributary::sinks::kafka
