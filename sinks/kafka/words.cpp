#include "sinks/kafka/words.hpp"

#include <librdkafka/rdkafka.h>

#include <array>

namespace tributary::sinks::kafka {
namespace {

/// A line of librdkafka: "localhost:9092/bootstrap: Connect to … failed: Connection refused (after 0ms in state …)".
struct Line {
  std::string broker;  ///< host and port; empty: none stands there
  std::string_view rest;
};

Line split(std::string_view text) {
  if (text.rfind("[thrd:", 0) == 0) {  // of its log
    if (const auto end = text.find("]: "); end != std::string_view::npos) text.remove_prefix(end + 3);
  }
  for (std::string_view scheme : {"sasl_ssl://", "sasl_plaintext://", "ssl://", "plaintext://"}) {
    if (text.rfind(scheme, 0) == 0) text.remove_prefix(scheme.size());
  }
  Line line{{}, text};
  const auto slash = text.find('/');
  const auto colon = text.find(": ");
  if (slash != std::string_view::npos && colon != std::string_view::npos && slash < colon &&
      text.substr(0, colon).find(' ') == std::string_view::npos) {
    line.broker = text.substr(0, slash);
    line.rest = text.substr(colon + 2);
  }
  if (const auto after = line.rest.rfind(" (after "); after != std::string_view::npos)
    line.rest = line.rest.substr(0, after);
  return line;
}

/// What stands in librdkafka's words, and how we say it around the broker's name.
struct Saying {
  std::string_view theirs, before, after;
  bool with_theirs = false;  ///< their words have details that ours do not
};
constexpr std::array<Saying, 15> sayings{{
    {"Connection refused", "broker ", " refuses the connection: is Kafka running there? check `brokers`"},
    {"Failed to resolve", "broker ", " has no address: check `brokers` and DNS"},
    {"timed out in state CONNECT", "broker ", " does not answer: a firewall, or the wrong address? check `brokers`"},
    {"timed out in state", "broker ",
     " takes the connection and then says nothing: does security.protocol fit this port?", true},
    {"certificate could not be verified", "the certificate of broker ",
     " is not trusted: set security.ca_file to who signed it", true},
    {"certificate verify failed", "the certificate of broker ",
     " is not trusted: is it for this host, and security.ca_file who signed it?", true},
    {"client SSL authentication might be required", "broker ",
     " ends the TLS handshake: it may ask for security.certificate and security.key", true},
    {"SSL handshake failed", "the TLS handshake with broker ", " fails: does security.protocol fit this port?", true},
    {"while requesting ApiVersion", "broker ", " hangs up at once: does security.protocol fit this port?"},
    {"broker might require SASL", "broker ", " hangs up at once: security.protocol should perhaps be a sasl one"},
    {"supported mechanisms", "broker ", " does not take this security.sasl_mechanism", true},
    {"uthentication", "broker ", " refuses us: check security.username and security.password", true},
    {"brokers are down", "no broker", " answers"},
    {"waiting for controller", "the cluster", " names no controller, which makes topics: is it complete, and up?"},
    {"Disconnected", "broker ", " has ended the connection"},
}};

}  // namespace

std::string words_of(std::string_view text) {
  const auto line = split(text);
  for (const auto& saying : sayings) {
    if (line.rest.find(saying.theirs) == std::string_view::npos) continue;
    std::string ours(saying.before);
    if (!line.broker.empty()) {
      ours += line.broker;
    } else if (ours.back() == ' ') {
      ours.pop_back();
    }
    ours += saying.after;
    if (saying.with_theirs) ours.append(" (librdkafka: ").append(line.rest).append(")");
    return ours;
  }
  return "librdkafka: " + std::string(text);
}

std::string words_of(int error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      return "no broker can be reached: is Kafka running? check `brokers`";
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
      return "no broker has answered in time: is Kafka running? check `brokers` and `security`";
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "no broker's name has an address: check `brokers` and DNS";
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      return "our user may not see it: give it Describe and Write";
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "our user may not do that on this cluster";
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
      return "create_topics.replication is larger than the number of brokers";
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return "a policy of the cluster forbids it";
    default:
      return "librdkafka: " + std::string(rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(error)));
  }
}

std::string words_of_creation(int error, std::string_view theirs) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
      return "Kafka refuses create_topics.config: " + std::string(theirs);
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return "our user may not create topics: give it Create on the cluster, or make the topic";
    default: {
      auto ours = words_of(error);
      if (!theirs.empty() && ours.find(theirs) == std::string::npos) ours.append(" (").append(theirs).append(")");
      return ours;
    }
  }
}

}  // namespace tributary::sinks::kafka
