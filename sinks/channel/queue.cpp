#include "sinks/channel/queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tributary::sinks::channel {
namespace {

using event::Dropped;
using event::MessageResult;

constexpr auto never = event::SteadyTime::max();

std::uint64_t& count_of(event::SinkLedger& ledger, Dropped reason) {
  return ledger.dropped[static_cast<std::size_t>(reason)];
}

}  // namespace

void Queue::offer(event::EventPtr event, event::SteadyTime now) {
  look(now);
  if (breaker_.is_open() && may_come_round(*event)) return offer_dropped(Dropped::breaker);
  const auto at = enqueue(std::move(event));
  if (at->second.bytes > settings_.memory) {
    full_ = true;
    return drop(at, Dropped::limit);
  }
  make_room();
}

Queue::Items::iterator Queue::enqueue(event::EventPtr event) {
  const std::size_t bytes = event->bytes();
  ++ledger_.offered, ++ledger_.in_flight;
  bytes_ += bytes;
  const bool round = may_come_round(*event);
  const auto at = items_.emplace(++numbers_, Item{std::move(event), bytes}).first;
  at->second.may_come_round = round;
  enter(at, State::waiting);
  return at;
}

bool Queue::may_come_round(const event::Event& event) const {
  return !settings_.may_come_round || settings_.may_come_round(event);
}

void Queue::offer_dropped(Dropped reason) { ++ledger_.offered, ++count_of(ledger_, reason); }

void Queue::offer_notice() { ++ledger_.notices, ++ledger_.notices_dropped; }

/// The new one waits, too, so that there is always one to drop.
void Queue::make_room() {
  while (bytes_ > settings_.memory && !said_.empty()) end(items_.find(*said_.begin()), ledger_.sent);
  while (bytes_ > settings_.memory && !waiting_.empty()) {
    full_ = true;
    drop(items_.find(*waiting_.begin()), Dropped::limit);
  }
}

std::optional<Queue::Given> Queue::take(event::SteadyTime now) {
  look(now);
  while (!givable().empty() && may_give_at() <= now) {
    const auto at = items_.find(*givable().begin());
    if (expires_at(*at->second.event) <= now) {
      give_up(at, Dropped::expired);
      continue;
    }
    enter(at, State::given);
    bucket_.take(now);
    if (at->second.may_come_round) breaker_.given(at->first);
    return Given{at->first, at->second.said + 1, at->second.event};
  }
  return std::nullopt;
}

event::SteadyTime Queue::due(event::SteadyTime now) const {
  auto next = breaker_.deadline();
  if (!confirm_by_.empty() && !paused_at_) next = std::min(next, confirm_by_.begin()->first);
  if (waiting_.empty()) return next;
  if (!givable().empty()) next = std::min(next, std::max(now, may_give_at()));
  return std::min(next, expires_at(*items_.at(*waiting_.begin()).event));
}

/// What may be given as far as the breaker is concerned.
const std::set<std::uint64_t>& Queue::givable() const { return breaker_.lets_through() ? waiting_ : passing_; }

/// The first moment at which something may be given, for the rate and after what was returned.
event::SteadyTime Queue::may_give_at() const { return std::max(not_before_, bucket_.free_at()); }

void Queue::report(std::uint64_t number, MessageResult result, event::SteadyTime now) {
  if (result == MessageResult::echoed) {
    breaker_.heard(number, now);
    return drop_for_breaker();
  }
  const auto at = items_.find(number);
  if (at == items_.end()) return;
  const State state = at->second.state;
  const bool said = result == MessageResult::awaiting || result == MessageResult::sent ||
                    result == MessageResult::confirmed || result == MessageResult::unconfirmed;
  if (state == State::given && said && at->second.may_come_round) breaker_.said(number, now);
  if (stopped_ && (result == MessageResult::awaiting || result == MessageResult::returned ||
                   result == MessageResult::unconfirmed)) {
    if (said) ++at->second.said;
    return give_up(at, Dropped::stopped);
  }
  switch (result) {
    case MessageResult::echoed:  // above
      return;
    case MessageResult::sent:
      return end(at, ledger_.sent);
    case MessageResult::confirmed:
      return end(at, ledger_.delivered);
    case MessageResult::refused:
    case MessageResult::unsupported:
      return drop(at, Dropped::refused);
    case MessageResult::awaiting:
      if (state == State::given) await(at, now);
      return;
    case MessageResult::returned:
      if (state == State::waiting) return;
      if (state == State::awaiting) --at->second.said;
      breaker_.unsaid(number);
      bucket_.give_back();
      enter(at, State::waiting);
      not_before_ = now + after_returned;
      return;
    case MessageResult::unconfirmed:
      if (state == State::waiting) return;
      if (state == State::given) ++at->second.said;
      return say_again_or_end(at);
  }
}

void Queue::leave(std::uint64_t number, Dropped reason) {
  const auto at = items_.find(number);
  if (at == items_.end()) return;
  bucket_.give_back();
  drop(at, reason);
}

std::vector<event::EventPtr> Queue::take_unsaid() {
  std::vector<event::EventPtr> unsaid;
  for (auto at = items_.begin(); at != items_.end();) {
    const auto here = at++;
    if (here->second.state != State::waiting || here->second.said != 0) continue;
    unsaid.push_back(here->second.event);
    end(here, ledger_.offered);
    ledger_.offered -= 2;  // it was counted here once, and `end` has counted it again
  }
  return unsaid;
}

void Queue::inherit(std::vector<event::EventPtr> unsaid) {
  for (event::EventPtr& mine : take_unsaid()) unsaid.push_back(std::move(mine));
  for (event::EventPtr& event : unsaid) enqueue(std::move(event));
  make_room();
  drop_for_breaker();
}

void Queue::inherit(const Breaker& before, event::SteadyTime now) {
  breaker_.take_over(before, now);
  drop_for_breaker();
}

void Queue::came_round(std::uint64_t number, std::optional<std::uint64_t> message, event::SteadyTime now) {
  leave(number, Dropped::breaker);
  if (!message) return;
  breaker_.heard(*message, now);
  drop_for_breaker();
}

/// While it is open nothing waits that may come round.
void Queue::drop_for_breaker() {
  if (!breaker_.is_open() || waiting_.size() == passing_.size()) return;
  std::vector<std::uint64_t> held;
  std::set_difference(waiting_.begin(), waiting_.end(), passing_.begin(), passing_.end(), std::back_inserter(held));
  for (const std::uint64_t number : held) give_up(items_.find(number), Dropped::breaker);
}

void Queue::paused(bool paused, event::SteadyTime now) {
  if (paused == paused_at_.has_value()) return;
  look(now);
  if (paused) {
    paused_at_ = now;
    return;
  }
  const auto pause = now - *std::exchange(paused_at_, std::nullopt);
  for (const auto& [_, number] : std::exchange(confirm_by_, {})) {
    Item& item = items_.at(number);
    item.confirm_by += pause;
    confirm_by_.emplace(item.confirm_by, number);
  }
}

void Queue::look(event::SteadyTime now) {
  breaker_.look(now);
  while (!paused_at_ && !confirm_by_.empty() && confirm_by_.begin()->first <= now) {
    say_again_or_end(items_.find(confirm_by_.begin()->second));
  }
  while (!waiting_.empty()) {
    const auto oldest = items_.find(*waiting_.begin());
    if (now < expires_at(*oldest->second.event)) break;
    give_up(oldest, Dropped::expired);
  }
}

void Queue::stop() {
  stopped_ = true;
  for (auto at = items_.begin(); at != items_.end();) {
    const auto next = std::next(at);
    if (at->second.state != State::given) give_up(at, Dropped::stopped);
    at = next;
  }
}

void Queue::drop_rest() {
  while (!items_.empty()) give_up(items_.begin(), Dropped::stopped);
}

/// The first moment at which it is too old.
event::SteadyTime Queue::expires_at(const event::Event& event) const {
  if (settings_.max_age.count() <= 0) return never;
  return event.received_steady + settings_.max_age + event::SteadyTime::duration(1);
}

void Queue::enter(Items::iterator at, State state) {
  Item& item = at->second;
  if (item.confirm_by != never) confirm_by_.erase({std::exchange(item.confirm_by, never), at->first});
  waiting_.erase(at->first);
  passing_.erase(at->first);
  said_.erase(at->first);
  if (state == State::waiting) waiting_.insert(at->first);
  if (state == State::waiting && !item.may_come_round) passing_.insert(at->first);
  if (item.said != 0 && state != State::given) said_.insert(at->first);
  item.state = state;
}

void Queue::await(Items::iterator at, event::SteadyTime now) {
  Item& item = at->second;
  ++item.said;
  enter(at, State::awaiting);
  if (settings_.confirm_timeout.count() > 0) {
    item.confirm_by = paused_at_.value_or(now) + settings_.confirm_timeout;
    confirm_by_.emplace(item.confirm_by, at->first);
  }
}

void Queue::say_again_or_end(Items::iterator at) {
  if (at->second.said <= settings_.resend) return enter(at, State::waiting);
  end(at, ledger_.sent);
}

void Queue::end(Items::iterator at, std::uint64_t& count) {
  enter(at, State::given);
  bytes_ -= at->second.bytes;
  items_.erase(at);
  ++count, --ledger_.in_flight;
  if (bytes_ < settings_.memory / 4 * 3) full_ = false;
}

void Queue::drop(Items::iterator at, Dropped reason) {
  breaker_.unsaid(at->first);
  const event::EventPtr& event = at->second.event;
  if (event && event->receipt && event::is_loss(reason)) event->receipt->lost();
  end(at, count_of(ledger_, reason));
}

/// Without a last word: what was said once was handed over, and nobody knows more of it.
void Queue::give_up(Items::iterator at, Dropped reason) {
  if (at->second.said != 0) return end(at, ledger_.sent);
  drop(at, reason);
}

}  // namespace tributary::sinks::channel
