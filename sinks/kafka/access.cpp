#include "sinks/kafka/access.hpp"

#include <algorithm>

namespace tributary::sinks::kafka {
namespace {

bool speaks_of(const AccessRule& rule, const std::string& principal, const std::string& topic) {
  const bool ours = rule.principal == principal || rule.principal == "User:*";
  const bool named = rule.prefixed ? topic.starts_with(rule.topic) : rule.topic == topic || rule.topic == "*";
  return rule.writes && ours && named;
}

}  // namespace

WriteAccess write_access(const std::vector<AccessRule>& rules, const std::string& principal, const std::string& topic) {
  const auto any = [&](bool denies) {
    return std::any_of(rules.begin(), rules.end(), [&](const AccessRule& rule) {
      return rule.denies == denies && speaks_of(rule, principal, topic);
    });
  };
  if (any(true)) return {WriteAccess::State::denied, "an access list denies " + principal + " to write"};
  if (any(false)) return {WriteAccess::State::granted, principal + " may write"};
  return {WriteAccess::State::not_granted,
          "no access list lets " + principal + " write; unless it is a super user, give it Write on the topic"};
}

}  // namespace tributary::sinks::kafka
