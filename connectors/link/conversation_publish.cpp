#include <algorithm>
#include <utility>

#include "connectors/link/conversation.hpp"

// What a conversation says for its sinks.

namespace tributary::connectors {
namespace {

constexpr int messages_per_turn = 32;  ///< then what else this thread has to do gets its turn
/// After an answer that makes no sense; so that a fault never becomes a loop that does not end.
constexpr std::chrono::milliseconds odd_answer_delay{1'000};

}  // namespace

void Conversation::attach(event::OutboundPtr outbound, const event::Now& now) {
  publisher_.attach(std::move(outbound), now);
  work(now);
}

void Conversation::detach(const event::Outbound& outbound, const event::Now& now) {
  publisher_.detach(outbound, now);
  if (publisher_.empty()) publish_at_ = event::SteadyTime::max();
}

void Conversation::detach_all(const event::Now& now) {
  publisher_.detach_all(now);
  publish_at_ = event::SteadyTime::max();
}

void Conversation::work(const event::Now& now) { publish(now, messages_per_turn); }

void Conversation::drained(const event::Now& now) { publish(now, messages_per_turn); }

void Conversation::publish_if_due(const event::Now& now) {
  if (publisher_.empty() || session_.state() != net::State::live) return;
  if (publish_at_ <= now.steady || protocol_.may_say_at() != may_say_at_) publish(now, messages_per_turn);
}

/// Takes messages one by one, as long as socket and protocol let them through: what is not taken waits in its sink,
/// which bounds it and lets it grow old.
void Conversation::publish(const event::Now& now, int most) {
  if (publisher_.empty() || session_.state() != net::State::live) return;
  publish_at_ = event::SteadyTime::max();
  bool odd = false;
  for (int said = 0; said < most && !odd && protocol_.may_say_at() <= now.steady; ++said) {
    if (!transport_.room()) {
      may_say_at_ = protocol_.may_say_at();
      return;  // `drained` follows
    }
    const auto message = publisher_.take(now);
    if (!message) {
      odd = publisher_.due(now) <= now.steady;
      break;
    }
    odd = !say(*message, now);
    if (session_.state() != net::State::live) return;
  }
  may_say_at_ = protocol_.may_say_at();
  publish_at_ = std::max(publisher_.due(now), may_say_at_);
  if (odd) publish_at_ = std::max(publish_at_, now.steady + odd_answer_delay);
}

/// False: it was not said, although the protocol had said that it might be.
bool Conversation::say(const event::Message& message, const event::Now& now) {
  outcome_.clear();
  try {
    protocol_.say(message, now, outcome_);
  } catch (...) {
    publisher_.report({message.number, event::MessageResult::refused, "internal", {}}, now);
    throw;
  }
  auto& reports = outcome_.reports;
  auto own = std::find_if(reports.begin(), reports.end(),
                          [&](const event::MessageReport& report) { return report.number == message.number; });
  if (own == reports.end()) {
    own = reports.insert(own, {message.number, event::MessageResult::refused, "internal", "no answer of the protocol"});
  }
  if (!outcome_.sends.empty()) {
    if (transport_.send(outcome_.sends.front().payload, outcome_.sends.front().binary)) {
      outcome_.sends.erase(outcome_.sends.begin());
    } else {  // there was room: it is larger than all that may ever wait
      *own = {message.number, event::MessageResult::refused, "too_large", {}};
      outcome_.sends.clear();
      outcome_.posts.clear();
    }
  }
  const bool said = own->result != event::MessageResult::returned;
  apply(now);
  return said;
}

void Conversation::answered(std::uint64_t number, std::variant<net::HttpAnswer, net::Ending> result,
                            const event::Now& now) {
  if (auto* ending = std::get_if<net::Ending>(&result)) ending->detail = fit(ending->detail);
  outcome_.clear();
  protocol_.answered(number, result, now, outcome_);
  // Whatever the protocol made of it: this was the last that will be heard of it.
  apply(now);
  publisher_.report({number, event::MessageResult::unconfirmed, {}, {}}, now);
  publish_if_due(now);
}

void Conversation::pass_reports(const event::Now& now) {
  for (Post& post : outcome_.posts) {
    publisher_.posted(post.number);
    transport_.post(std::move(post));
  }
  for (event::MessageReport& report : outcome_.reports) {
    report.detail = fit(report.detail);
    publisher_.report(std::move(report), now);
  }
}

}  // namespace tributary::connectors
