#include "sinks/kafka/check.hpp"

#include <algorithm>

#include "sinks/kafka/topics.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;

std::string counted(int count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string key_of(const Settings& settings, const std::string& topic) {
  if (topic == settings.topics.events) return "topics.events";
  if (topic == settings.topics.dead_letter) return "topics.dead_letter";
  return topic == settings.topics.relay ? "topics.relay" : "topics.state";
}

Finding finding_of(const TopicFact& fact, const Settings& settings) {
  const std::string topic = "topic " + fact.name;
  const auto key = key_of(settings, fact.name);
  if (fact.state == TopicFact::State::present) {
    auto text = topic + ": " + counted(fact.partitions, "partition");
    text += fact.batch_limit != 0 ? ", max.message.bytes " + std::to_string(fact.batch_limit)
                                  : ", max.message.bytes not known: " + fact.detail;
    return {true, text, key};
  }
  if (fact.state == TopicFact::State::not_created) {
    return {false, topic + ": missing, and create_topics cannot make it: " + fact.detail, "create_topics"};
  }
  if (settings.create_topics.enabled) return {true, topic + ": missing; create_topics will make it", key};
  return {false,
          topic + ": missing, or an access list hides it from this user" +
              (fact.detail.empty() ? "" : " (" + fact.detail + ")") +
              "; make it, or set create_topics, or give Describe",
          key};
}

/// For one question to the cluster's administration, of all the time that `check --connect` has.
std::chrono::milliseconds admin_patience(std::chrono::milliseconds deadline) {
  return std::min<std::chrono::milliseconds>(deadline / 3, 2'000ms);
}

/// As whom the broker knows us; "" where only the broker can tell: a certificate, Kerberos, OAuth.
std::string principal_of(const Settings& settings) {
  const auto& security = settings.security;
  const bool sasl =
      security.protocol == SecurityProtocol::sasl_plaintext || security.protocol == SecurityProtocol::sasl_ssl;
  if (sasl) {
    const bool named = security.sasl_mechanism == "PLAIN" || security.sasl_mechanism.starts_with("SCRAM-");
    return named ? "User:" + security.username : "";
  }
  const bool certified = security.protocol == SecurityProtocol::ssl && !security.certificate.empty();
  return certified ? "" : "User:ANONYMOUS";
}

void tell_access(Inspector& inspector, const Settings& settings, const Survey& survey,
                 std::chrono::milliseconds patience, const Told& tell) {
  const auto not_asked = [&](const std::string& why) {
    tell({true, "whether the topics may be written to was not checked: " + why, "", true});
  };
  const auto principal = principal_of(settings);
  if (principal.empty()) return not_asked("only the broker knows as whom it knows this client");
  const auto lists = inspector.access_lists(patience);
  if (lists.none) return tell({true, "everybody may write: the cluster has no access lists"});
  if (!lists.fault.empty()) return not_asked(lists.fault);
  // What may not be read is shown as if it were empty by some brokers and libraries.
  if (lists.rules.empty()) return not_asked("no access list is shown; reading them needs Describe on the cluster");
  for (const auto& fact : survey.topics) {
    if (fact.state != TopicFact::State::present) continue;
    const auto access = write_access(lists.rules, principal, fact.name);
    tell({access.state != WriteAccess::State::denied, "topic " + fact.name + ": " + access.words,
          key_of(settings, fact.name), access.state == WriteAccess::State::not_granted});
  }
}

/// Topics that would be made now, or with the first event of a template.
bool will_create(const Settings& settings, const Survey& survey) {
  if (!settings.create_topics.enabled) return false;
  return settings.topics.events.find('{') != std::string::npos ||
         std::any_of(survey.topics.begin(), survey.topics.end(),
                     [](const TopicFact& fact) { return fact.state == TopicFact::State::missing; });
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

void check_connect(const Settings& settings, std::chrono::milliseconds deadline, const Told& tell) {
  std::string fault;
  const auto properties = properties_of(settings, {}, fault);
  if (!fault.empty()) return tell({false, fault});
  Inspector inspector(properties);
  const Patience patience{.list = deadline * 2 / 3, .describe = deadline / 3, .create = 0ms};
  auto survey = inspector.survey(fixed_topics(settings), {}, patience);
  if (!survey.listed) return tell({false, survey.fault, "brokers"});
  tell({true, counted(survey.brokers, "broker")});
  const bool creates = will_create(settings, survey);
  const bool enough = settings.create_topics.replication <= survey.brokers;
  if (creates && enough) inspector.try_creation(survey, creation_of(settings), admin_patience(deadline));
  for (const auto& fact : survey.topics) tell(finding_of(fact, settings));
  if (creates && !enough) {
    tell({false,
          "topics cannot be created with replication " + std::to_string(settings.create_topics.replication) + " on " +
              counted(survey.brokers, "broker"),
          "create_topics.replication"});
  }
  tell_access(inspector, settings, survey, admin_patience(deadline), tell);
  if (const auto refusal = inspector.producer_fault(std::min<std::chrono::milliseconds>(deadline / 10, 500ms));
      !refusal.empty()) {
    tell({false, "an idempotent producer is refused: " + refusal});
  }
}

}  // namespace tributary::sinks::kafka
