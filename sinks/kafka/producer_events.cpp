#include <librdkafka/rdkafka.h>

#include <array>
#include <utility>

#include "sinks/kafka/producer.hpp"
#include "sinks/kafka/verdict.hpp"
#include "sinks/kafka/words.hpp"

// What comes back to the producer: reports, librdkafka's errors and lines, and what is found out about topics.

namespace tributary::sinks::kafka {
namespace {

using event::DeliveryReport;

/// Of librdkafka's lines: that the guarantee is "experimental", and that it ended a producer "fatally". Both are meant.
bool is_about_gaps(std::string_view text) {
  return text.find("enable.gapless.guarantee") != std::string_view::npos ||
         text.find("gap-less guarantee") != std::string_view::npos;
}

}  // namespace

/// Handles one event of a wire; false when none came.
bool Producer::take(Wire& wire, std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports) {
  if (!wire.queue) return false;
  rd_kafka_event_t* event = rd_kafka_queue_poll(wire.queue.get(), static_cast<int>(timeout.count()));
  if (event == nullptr) return false;
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR:
      wire.in_flight -= rd_kafka_event_message_count(event);
      deliver(event, reports);
      break;
    case RD_KAFKA_EVENT_ERROR:
      handle_event(event, wire);
      break;
    case RD_KAFKA_EVENT_LOG: {
      const char *facility = nullptr, *text = nullptr;
      int level = 7;
      if (rd_kafka_event_log(event, &facility, &text, &level) == 0) {
        // What matters of it comes as a sign of its own: a failing connection as an error event.
        const bool loud = level <= 4 && !is_about_gaps(text) && std::string_view(facility) != "FAIL";
        observer_.on_news({Sign::chatter,
                           loud ? Urgency::info : Urgency::debug,
                           {},
                           std::string("librdkafka: ").append(facility).append(": ").append(text)});
      }
      break;
    }
    case RD_KAFKA_EVENT_STATS:
      statistics_.take(rd_kafka_event_stats(event));
      break;
    default:
      break;
  }
  rd_kafka_event_destroy(event);
  return true;
}

void Producer::deliver(rd_kafka_op_s* event, std::vector<DeliveryReport>& reports) {
  std::array<const rd_kafka_message_t*, 512> messages{};
  while (const auto count = rd_kafka_event_message_array(event, messages.data(), messages.size())) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& message = *messages[i];
      reports.push_back(
          {in_flight_.take(InFlight::slot_of(message._private)), verdict_of(message.err), code_of(message.err)});
      if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rebuild_pause_ = first_rebuild_pause;
        if (absence_.begun() || refused_ || tls_failed_) works();
      } else if (message.err == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                 message.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        missing(topic_of(rd_kafka_topic_name(message.rkt)));
      } else if (message.err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) {
        look_again(topic_of(rd_kafka_topic_name(message.rkt)));
      }
    }
  }
}

/// librdkafka before 2.6.1 repeats the client's nonce in SCRAM's last message (confluentinc/librdkafka#4895); Kafka 4
/// refuses that as wrong credentials, Kafka 3 does not.
std::string Producer::hint_for(const Properties& properties) {
  const bool scram = std::any_of(properties.begin(), properties.end(), [](const auto& property) {
    return property.first.rfind("sasl.mechanism", 0) == 0 && property.second.rfind("SCRAM", 0) == 0;
  });
  if (!scram || rd_kafka_version() >= 0x020601ff) return {};
  return std::string(" (if the password is right: SCRAM with Kafka 4 needs librdkafka 2.6.1 or newer, this is ") +
         rd_kafka_version_str() + ")";
}

/// An error that ends a client.
void Producer::handle_fatal(const Wire& wire) {
  std::array<char, 512> why{};
  const auto code = rd_kafka_fatal_error(wire.client.get(), why.data(), why.size());
  if (code == RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE) {  // no trouble of the client's: a record is refused, or its topic
    gap_ = true;
    return observer_.on_news({Sign::chatter, Urgency::debug, code_of(code), std::string("librdkafka: ") + why.data()});
  }
  fatal_ = true;
  if (verdict_of(code) != event::Verdict::denied) {
    return tell(Sign::fatal, code_of(code), std::string("the producer is made anew; librdkafka: ") + why.data());
  }
  fatal_code_ = code_of(code);
  if (std::exchange(refused_, true)) return;
  tell(Sign::refused, code_of(code),
       std::string("our user may not be an idempotent producer: give it Write on a topic, or IdempotentWrite on the "
                   "cluster (librdkafka: ") +
           why.data() + ")");
}

/// An error of a client as a whole.
void Producer::handle_event(rd_kafka_op_s* event, const Wire& wire) {
  const std::string_view text = rd_kafka_event_error_string(event);
  if (rd_kafka_event_error_is_fatal(event) != 0) return handle_fatal(wire);
  switch (rd_kafka_event_error(event)) {
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if (!absence_.begun()) {
        absence_.begin(std::chrono::steady_clock::now());
        tell(Sign::down, {}, (last_fault_.empty() ? "no broker answers" : last_fault_) + "; events wait");
        watch_->probe();
      }
      return;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
      if (!std::exchange(refused_, true)) tell(Sign::refused, {}, words_of(text) + hint_for(options_.properties));
      return;
    case RD_KAFKA_RESP_ERR__SSL:
      if (!std::exchange(tls_failed_, true)) tell(Sign::tls_failed, {}, words_of(text));
      return;
    default:
      last_fault_ = words_of(text);
      observer_.on_news({Sign::chatter, Urgency::debug, code_of(rd_kafka_event_error(event)), last_fault_});
  }
}

void Producer::works() {
  refused_ = tls_failed_ = false;
  fatal_code_ = {};
  last_fault_.clear();
  if (!absence_.begun()) return;
  absence_.end();
  tell(Sign::up, {}, "the brokers answer again");
}

void Producer::learn() {
  const auto answer = watch_->take();
  if (answer.reachable && (absence_.begun() || refused_ || tls_failed_)) works();
  for (const auto& fact : answer.facts) {
    apply(fact);
    if (answer.question >= question_) topic_of(fact.name).awaited = false;
  }
}

void Producer::apply(const TopicFact& fact) {
  Topic& topic = topic_of(fact.name);
  switch (fact.state) {
    case TopicFact::State::created:
      return tell(Sign::topic_created, topic.name, "created");
    case TopicFact::State::missing:
    case TopicFact::State::not_created: {
      if (std::exchange(topic.state, Topic::State::missing) == Topic::State::missing) return;
      const bool tried = fact.state == TopicFact::State::not_created;
      if (tried) return tell(Sign::topic_not_created, topic.name, "could not be created: " + fact.detail);
      return tell(Sign::topic_missing, topic.name,
                  "not among the cluster's topics: make it, set create_topics.enabled, or, if an access list hides it, "
                  "give our user Describe and Write" +
                      (fact.detail.empty() ? "" : " (" + fact.detail + ")"));
    }
    case TopicFact::State::present:
      break;
  }
  const bool known = topic.state == Topic::State::present && topic.batch_limit == fact.batch_limit;
  if (topic.state == Topic::State::missing) {
    look_again(topic);
    repaired_.push_back(topic.name);
  }
  topic.state = Topic::State::present;
  topic.batch_limit = fact.batch_limit;
  if (known) return;
  tell(Sign::topic_found, topic.name,
       fact.batch_limit == 0 ? "max.message.bytes is not known: " + fact.detail
                             : "max.message.bytes " + std::to_string(fact.batch_limit));
  if (fact.batch_limit == 0 || fact.batch_limit >= batch_size_) return;
  // The broker would refuse our batches whole. Smaller ones need a new client.
  batch_size_ = fact.batch_limit;
  shrink_ = true;
}

void Producer::tell(Sign sign, std::string_view subject, std::string_view text) {
  observer_.on_news({sign, urgency(sign), subject, text});
}

/// A topic that was there is gone: it is looked for again, slowly.
void Producer::missing(Topic& topic) {
  if (topic.state == Topic::State::missing) return;
  topic.state = Topic::State::missing;
  tell(Sign::topic_missing, topic.name, "the broker does not know this topic any more: make it again; its events wait");
  watch_->want({topic.name});
}

/// librdkafka takes nothing more for a topic that it was denied or missed once, until it asks for it again: after five
/// minutes by itself. The answer is its own to use, we do not wait for it.
void Producer::look_again(Topic& topic) {
  for (std::size_t i = 0; i < wires_.size(); ++i) {
    if (!topic.handles[i]) continue;
    const struct rd_kafka_metadata* metadata = nullptr;
    if (rd_kafka_metadata(wires_[i].client.get(), 0, topic.handles[i].get(), &metadata, 1) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(metadata);
    }
  }
}

void Producer::tell_absence() {
  const auto lasted = absence_.due(last_poll_);
  if (!lasted) return;
  const auto text = "no broker has answered for " + std::to_string(lasted->count()) +
                    " minutes: " + (last_fault_.empty() ? "see whether Kafka runs, and the way there" : last_fault_) +
                    "; events wait";
  observer_.on_news({Sign::down, Urgency::error, {}, text});
}

}  // namespace tributary::sinks::kafka
