#include "sinks/kafka/factory.hpp"

#include "config/secret.hpp"
#include "sinks/kafka/config.hpp"
#include "sinks/kafka/producer.hpp"
#include "sinks/kafka/topics.hpp"

namespace tributary::sinks::kafka {
namespace {

const Settings& of(const config::Described& settings) { return dynamic_cast<const Settings&>(settings); }

Handling handling(const config::Described& settings) {
  return {static_cast<std::size_t>(of(settings).memory.bytes), of(settings).validation};
}

std::unique_ptr<event::Downstream> make(const config::Described& described, SinkObserver& observer, std::string& fault) {
  const Settings& settings = of(described);
  auto properties = properties_of(settings, config::SecretReader{}, fault);
  if (!fault.empty()) return nullptr;
  auto events = TopicTemplate::parse(settings.topics.events, fault);
  if (!events) return nullptr;
  ProducerOptions options{.properties = std::move(properties),
                          .events = std::move(*events),
                          .dead_letter = settings.topics.dead_letter,
                          .relay = settings.topics.relay,
                          .state = settings.topics.state,
                          .cloudevents = settings.cloudevents,
                          .create_topics = settings.create_topics};
  options.pace = pace_of(settings.linger);
  return Producer::make(std::move(options), observer, fault);
}

std::vector<Finding> check(const config::Described& described, std::chrono::milliseconds timeout) {
  const Settings& settings = of(described);
  std::string fault;
  auto properties = properties_of(settings, config::SecretReader{}, fault);
  if (!fault.empty()) return {{false, fault}};
  Inspector inspector(std::move(properties));
  CreateTopics nothing = settings.create_topics;
  nothing.enabled = false;  // a check changes nothing
  const auto survey = inspector.survey(fixed_topics(settings), nothing, Patience{timeout, timeout, timeout});
  if (!survey.listed) return {{false, survey.fault}};
  std::vector<Finding> findings{{true, "connected, brokers: " + std::to_string(survey.brokers)}};
  for (const auto& topic : survey.topics) {
    if (topic.state == TopicFact::State::present) {
      findings.push_back({true, topic.name + ": partitions: " + std::to_string(topic.partitions)});
    } else if (settings.create_topics.enabled) {
      findings.push_back({true, topic.name + ": is missing; `run` creates it"});
    } else {
      findings.push_back({false, topic.name + ": is missing, and create_topics.enabled is false"});
    }
  }
  return findings;
}

}  // namespace

Entry entry() {
  return {"kafka",
          "Kafka topics: idempotent, acks=all, in order per channel",
          "events",
          config::make_settings<Settings>,
          handling,
          make,
          check};
}

}  // namespace tributary::sinks::kafka
