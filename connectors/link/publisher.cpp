#include "connectors/link/publisher.hpp"

#include <algorithm>
#include <utility>

namespace tributary::connectors {

void Publisher::attach(event::OutboundPtr outbound, const event::Now& now) {
  outbound->live(live_, now);
  outbound->paused(paused_, now);
  outbounds_.push_back(std::move(outbound));
}

void Publisher::detach(const event::Outbound& outbound, const event::Now& now) {
  const auto at = std::find_if(outbounds_.begin(), outbounds_.end(),
                               [&](const event::OutboundPtr& each) { return each.get() == &outbound; });
  if (at == outbounds_.end()) return;
  const event::OutboundPtr gone = std::move(*at);
  outbounds_.erase(at);
  for (auto taken = taken_.begin(); taken != taken_.end();) {
    const auto next = std::next(taken);
    if (taken->second.from == gone) give_up(taken, now);
    taken = next;
  }
  std::erase_if(finished_, [&](const auto& each) { return each.second.from == gone; });
  gone->live(false, now);
  gone->paused(false, now);
}

void Publisher::detach_all(const event::Now& now) {
  while (!outbounds_.empty()) detach(*outbounds_.back(), now);
}

void Publisher::live(bool live, const event::Now& now) {
  if (!live) paused(false, now);
  if (live == live_) return;
  live_ = live;
  if (!live) {
    for (auto taken = taken_.begin(); taken != taken_.end();) {
      const auto next = std::next(taken);
      if (taken->second.way == Way::socket) give_up(taken, now);
      taken = next;
    }
  }
  for (const event::OutboundPtr& outbound : outbounds_) outbound->live(live, now);
}

void Publisher::paused(bool paused, const event::Now& now) {
  if (std::exchange(paused_, paused) == paused) return;
  for (const event::OutboundPtr& outbound : outbounds_) outbound->paused(paused, now);
}

std::optional<event::Message> Publisher::take(const event::Now& now) {
  for (std::size_t asked = 0; asked < outbounds_.size(); ++asked) {
    turn_ = (turn_ + 1) % outbounds_.size();
    const event::OutboundPtr outbound = outbounds_[turn_];
    auto message = outbound->take(now);
    if (!message) continue;
    message->number = number_of(outbound, *message);
    if (taken_.size() > awaited_limit && taken_.begin()->first != message->number) give_up(taken_.begin(), now);
    return message;
  }
  return std::nullopt;
}

std::uint64_t Publisher::number_of(const event::OutboundPtr& outbound, const event::Message& message) {
  if (message.attempt > 1) {
    for (const auto& [number, taken] : taken_) {
      if (taken.from == outbound && taken.number == message.number) return number;
    }
  }
  taken_.emplace(++numbers_, Taken{outbound, message.number});
  return numbers_;
}

event::SteadyTime Publisher::due(const event::Now& now) const {
  auto first = event::SteadyTime::max();
  for (const event::OutboundPtr& outbound : outbounds_) first = std::min(first, outbound->due(now));
  return first;
}

void Publisher::report(event::MessageReport report, const event::Now& now) {
  if (report.result == event::MessageResult::echoed) return echoed(std::move(report), now);
  const auto at = taken_.find(report.number);
  if (at == taken_.end()) return;
  if (at->second.way == Way::post) {
    if (report.result == event::MessageResult::awaiting) return;  // `left` follows
    if (report.result == event::MessageResult::unconfirmed) report.result = event::MessageResult::returned;
  }
  const bool last = report.result != event::MessageResult::awaiting;
  const Taken taken = last ? finish(at, report.result) : at->second;
  report.number = taken.number;
  taken.from->report(report, now);
}

/// It may be heard back before its last word, and after it.
void Publisher::echoed(event::MessageReport report, const event::Now& now) {
  auto at = taken_.find(report.number);
  if (at == taken_.end() && (at = finished_.find(report.number)) == finished_.end()) return;
  const event::OutboundPtr from = at->second.from;
  report.number = at->second.number;
  from->report(report, now);
}

Publisher::Taken Publisher::finish(TakenByNumber::iterator at, event::MessageResult result) {
  const std::uint64_t number = at->first;
  Taken taken = std::move(at->second);
  taken_.erase(at);
  const bool said = result == event::MessageResult::sent || result == event::MessageResult::confirmed ||
                    result == event::MessageResult::unconfirmed;
  if (said) {
    finished_.emplace(number, taken);
    if (finished_.size() > finished_limit) finished_.erase(finished_.begin());
  }
  return taken;
}

void Publisher::posted(std::uint64_t number) {
  if (const auto at = taken_.find(number); at != taken_.end()) at->second.way = Way::post;
}

void Publisher::left(std::uint64_t number, const event::Now& now) {
  const auto at = taken_.find(number);
  if (at == taken_.end() || at->second.way != Way::post) return;
  at->second.way = Way::post_left;
  report({number, event::MessageResult::awaiting, {}, {}}, now);
}

void Publisher::heard(const event::Draft& draft, const event::Now& now) {
  for (const event::OutboundPtr& outbound : outbounds_) outbound->heard(draft, now);
}

void Publisher::give_up(TakenByNumber::iterator at, const event::Now& now) {
  event::MessageReport report;
  report.number = at->first;
  report.result = event::MessageResult::unconfirmed;
  this->report(std::move(report), now);
}

}  // namespace tributary::connectors
