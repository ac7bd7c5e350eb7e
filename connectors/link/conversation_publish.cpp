#include <algorithm>
#include <utility>

#include "connectors/link/conversation.hpp"

// What a conversation says for its sinks.

namespace tributary::connectors {
namespace {

constexpr int messages_per_turn = 32;  ///< then what else this thread has to do gets its turn
/// After an answer that makes no sense; so that a fault never becomes a loop that does not end.
constexpr std::chrono::milliseconds odd_answer_delay{1'000};
/// A socket without room is looked at again after so long, also when it never says that it has drained.
constexpr std::chrono::milliseconds room_delay{1'000};

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
  thread_.check();
  if (publisher_.empty() || session_.state() != net::State::live) return;
  publish_at_ = event::SteadyTime::max();
  bool odd = false;
  for (int said = 0; said < most && !odd && protocol_.may_say_at() <= now.steady; ++said) {
    if (!transport_.room()) {
      may_say_at_ = protocol_.may_say_at();
      publish_at_ = now.steady + room_delay;  // or earlier: `drained`
      return;
    }
    const auto message = publisher_.take(now);
    if (!message) {
      odd = publisher_.due(now) <= now.steady;
      break;
    }
    say(*message, now);
    if (session_.state() != net::State::live) return;
  }
  may_say_at_ = protocol_.may_say_at();
  publish_at_ = std::max(publisher_.due(now), may_say_at_);
  if (odd) publish_at_ = std::max(publish_at_, now.steady + odd_answer_delay);
}

void Conversation::say(const event::Message& message, const event::Now& now) {
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
    if (send(outcome_.sends.front(), now)) {
      outcome_.sends.erase(outcome_.sends.begin());
    } else {  // there was room: it is larger than all that may ever wait
      *own = {message.number, event::MessageResult::refused, "too_large", {}};
      outcome_.sends.clear();
      outcome_.posts.clear();
    }
  }
  for (const Post& post : outcome_.posts) publisher_.posted(post.number);
  try {
    apply(now);
  } catch (...) {
    // What was not handed over goes out nowhere, and no answer will come: as `unconfirmed` it is returned.
    for (const Post& post : outcome_.posts) {
      publisher_.report({post.number, event::MessageResult::unconfirmed, {}, {}}, now);
    }
    throw;
  }
}

void Conversation::left(std::uint64_t number, const event::Now& now) { publisher_.left(number, now); }

void Conversation::unsent(std::uint64_t number, net::Ending why, bool never, const event::Now& now) {
  why.detail = fit(why.detail);
  const event::MessageReport report{number, never ? event::MessageResult::refused : event::MessageResult::returned,
                                    net::name(why.reason), why.detail};
  // What the protocol thinks of it does not count: nobody has heard the message.
  publisher_.report(report, now);
  ask_protocol(number, std::move(why), report, now);
}

void Conversation::answered(std::uint64_t number, std::variant<net::HttpAnswer, net::Ending> result,
                            const event::Now& now) {
  if (auto* ending = std::get_if<net::Ending>(&result)) ending->detail = fit(ending->detail);
  ask_protocol(number, result, {number, event::MessageResult::unconfirmed, {}, {}}, now);
}

/// Whatever the protocol makes of it, this was the last that will be heard of it: `otherwise` is what it comes to when
/// the protocol says nothing or breaks.
void Conversation::ask_protocol(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                                const event::MessageReport& otherwise, const event::Now& now) {
  outcome_.clear();
  try {
    protocol_.answered(number, result, now, outcome_);
    apply(now);
  } catch (...) {
    publisher_.report(otherwise, now);
    throw;
  }
  publisher_.report(otherwise, now);
  publish_if_due(now);
}

void Conversation::pass_reports(const event::Now& now) {
  while (!outcome_.posts.empty()) {
    Post post = std::move(outcome_.posts.front());
    outcome_.posts.erase(outcome_.posts.begin());
    const std::uint64_t number = post.number;
    try {
      transport_.post(std::move(post));
    } catch (...) {
      publisher_.report({number, event::MessageResult::refused, "internal", {}}, now);
      throw;
    }
  }
  for (event::MessageReport& report : outcome_.reports) {
    report.detail = fit(report.detail);
    publisher_.report(std::move(report), now);
  }
}

}  // namespace tributary::connectors
