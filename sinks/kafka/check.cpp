#include "sinks/kafka/check.hpp"

#include <algorithm>

#include "sinks/kafka/topics.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

Finding finding_of(const TopicFact& fact, const Settings& settings) {
  const std::string topic = "topic " + fact.name;
  if (fact.state == TopicFact::State::present) {
    auto text = topic + ": " + std::to_string(fact.partitions) + " partitions";
    text += fact.batch_limit != 0 ? ", max.message.bytes " + std::to_string(fact.batch_limit)
                                  : ", max.message.bytes not known: " + fact.detail;
    return {true, text};
  }
  if (settings.create_topics.enabled) return {true, topic + ": missing; create_topics will make it"};
  return {false, topic + ": missing, or not visible to this user" + (fact.detail.empty() ? "" : ": " + fact.detail)};
}

}  // namespace

std::string producer_fault(const Settings& settings) {
  std::string fault;
  auto properties = properties_of(settings, {}, fault);
  if (!fault.empty()) return {};
  set(properties, "bootstrap.servers", "");
  open_client(properties, Purpose::inspect, fault);
  return fault;
}

std::vector<Finding> check_connect(const Settings& settings, std::chrono::milliseconds deadline) {
  std::string fault;
  const auto properties = properties_of(settings, {}, fault);
  if (!fault.empty()) return {{false, fault}};
  Inspector inspector(properties);
  const Patience patience{.list = deadline * 2 / 3, .describe = deadline / 3, .create = 0ms};
  const auto survey = inspector.survey(fixed_topics(settings), {}, patience);
  if (!survey.listed) return {{false, survey.fault}};
  std::vector<Finding> findings{{true, std::to_string(survey.brokers) + " brokers"}};
  for (const auto& fact : survey.topics) findings.push_back(finding_of(fact, settings));
  if (const auto refusal = inspector.producer_fault(std::min<std::chrono::milliseconds>(deadline / 10, 500ms));
      !refusal.empty()) {
    findings.push_back({false, "an idempotent producer is refused: " + refusal});
  }
  return findings;
}

}  // namespace tributary::sinks::kafka
