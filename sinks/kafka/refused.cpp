#include <algorithm>
#include <array>
#include <utility>

#include "sinks/kafka/config.hpp"

namespace tributary::sinks::kafka {
namespace {

constexpr std::string_view acks = "acknowledgement by all in-sync replicas is what makes an event safe";
constexpr std::string_view idempotence = "without idempotence a retry repeats and reorders records";
constexpr std::string_view no_timeout = "records are kept until the broker takes them, so none may time out";
constexpr std::string_view retries = "a record is retried for as long as it takes";
constexpr std::string_view in_flight = "more than 5 requests in flight lose the order; 5 is what is used";
constexpr std::string_view own_bound = "the queue is bounded by `memory`";
constexpr std::string_view own_linger = "use `linger`";
constexpr std::string_view own_compression = "use `compression`";
constexpr std::string_view own_brokers = "use `brokers`";
constexpr std::string_view own_security = "use `security`";
constexpr std::string_view gapless = "always true: nothing may overtake a batch that is refused";
constexpr std::string_view partitioner = "murmur2_random keeps a channel in the partition where Java producers put it";
constexpr std::string_view transactions = "the relay uses no transactions";
constexpr std::string_view reports = "every record needs its report";
constexpr std::string_view order = "records leave in the order in which they came";
constexpr std::string_view versions = "idempotence needs the broker's versions to be known";
constexpr std::string_view creation = "asking for a topic must not create it; see `create_topics`";
constexpr std::string_view own_topics = "`topics` says which are used";
constexpr std::string_view events = "reports and logs are read from librdkafka's event queue";
constexpr std::string_view plugins = "foreign code has no place in the relay";
constexpr std::string_view statistics = "the relay reads them itself, for its metrics";
constexpr std::string_view mock = "`tributary demo` has a broker of its own";
constexpr std::string_view consumer = "it is for consumers; this is a producer";

constexpr std::array<std::pair<std::string_view, std::string_view>, 67> refusals{{
    {"acks", acks},
    {"request.required.acks", acks},
    {"enable.idempotence", idempotence},
    {"message.timeout.ms", no_timeout},
    {"delivery.timeout.ms", no_timeout},
    {"retries", retries},
    {"message.send.max.retries", retries},
    {"max.in.flight", in_flight},
    {"max.in.flight.requests.per.connection", in_flight},
    {"queue.buffering.max.messages", own_bound},
    {"queue.buffering.max.kbytes", own_bound},
    {"queue.buffering.max.ms", own_linger},
    {"linger.ms", own_linger},
    {"compression.codec", own_compression},
    {"compression.type", own_compression},
    {"bootstrap.servers", own_brokers},
    {"metadata.broker.list", own_brokers},
    {"security.protocol", own_security},
    {"sasl.username", own_security},
    {"sasl.password", own_security},
    {"ssl.ca.location", own_security},
    {"ssl.certificate.location", own_security},
    {"ssl.key.location", own_security},
    {"enable.gapless.guarantee", gapless},
    {"partitioner", partitioner},
    {"transactional.id", transactions},
    {"transaction.timeout.ms", transactions},
    {"delivery.report.only.error", reports},
    {"dr_cb", reports},
    {"dr_msg_cb", reports},
    {"queuing.strategy", order},
    {"api.version.request", versions},
    {"api.version.fallback.ms", versions},
    {"broker.version.fallback", versions},
    {"allow.auto.create.topics", creation},
    {"topic.blacklist", own_topics},
    {"enabled_events", events},
    {"log.queue", events},
    {"log_cb", events},
    {"error_cb", events},
    {"background_event_cb", events},
    {"plugin.library.paths", plugins},
    {"interceptors", plugins},
    {"statistics.interval.ms", statistics},
    {"stats_cb", statistics},
    {"test.mock.num.brokers", mock},
    {"group.id", consumer},
    {"group.instance.id", consumer},
    {"partition.assignment.strategy", consumer},
    {"session.timeout.ms", consumer},
    {"heartbeat.interval.ms", consumer},
    {"group.protocol.type", consumer},
    {"max.poll.interval.ms", consumer},
    {"enable.auto.commit", consumer},
    {"auto.commit.enable", consumer},
    {"auto.commit.interval.ms", consumer},
    {"enable.auto.offset.store", consumer},
    {"auto.offset.reset", consumer},
    {"fetch.wait.max.ms", consumer},
    {"fetch.message.max.bytes", consumer},
    {"max.partition.fetch.bytes", consumer},
    {"fetch.max.bytes", consumer},
    {"fetch.min.bytes", consumer},
    {"isolation.level", consumer},
    {"enable.partition.eof", consumer},
    {"check.crcs", consumer},
    {"coordinator.query.interval.ms", consumer},
}};

}  // namespace

std::string_view refusal_of(std::string_view property) noexcept {
  const auto* found =
      std::find_if(refusals.begin(), refusals.end(), [&](const auto& r) { return r.first == property; });
  return found == refusals.end() ? std::string_view() : found->second;
}

}  // namespace tributary::sinks::kafka
