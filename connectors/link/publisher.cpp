#include "connectors/link/publisher.hpp"

#include <algorithm>
#include <utility>

namespace tributary::connectors {

void Publisher::attach(event::OutboundPtr outbound, const event::Now& now) {
  outbound->live(live_, now);
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
  gone->live(false, now);
}

void Publisher::detach_all(const event::Now& now) {
  while (!outbounds_.empty()) detach(*outbounds_.back(), now);
}

void Publisher::live(bool live, const event::Now& now) {
  if (live == live_) return;
  live_ = live;
  if (!live) {
    for (auto taken = taken_.begin(); taken != taken_.end();) {
      const auto next = std::next(taken);
      if (!taken->second.posted) give_up(taken, now);
      taken = next;
    }
  }
  for (const event::OutboundPtr& outbound : outbounds_) outbound->live(live, now);
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
  const auto at = taken_.find(report.number);
  if (at == taken_.end()) return;
  const event::OutboundPtr from = at->second.from;
  report.number = at->second.number;
  switch (report.result) {
    case event::MessageResult::awaiting:
    case event::MessageResult::echoed:
      break;
    case event::MessageResult::sent:
    case event::MessageResult::confirmed:
    case event::MessageResult::refused:
    case event::MessageResult::unsupported:
    case event::MessageResult::returned:
    case event::MessageResult::unconfirmed:
      taken_.erase(at);
  }
  from->report(report, now);
}

void Publisher::posted(std::uint64_t number) {
  if (const auto at = taken_.find(number); at != taken_.end()) at->second.posted = true;
}

void Publisher::give_up(TakenByNumber::iterator at, const event::Now& now) {
  const Taken taken = std::move(at->second);
  taken_.erase(at);
  event::MessageReport report;
  report.number = taken.number;
  report.result = event::MessageResult::unconfirmed;
  taken.from->report(report, now);
}

}  // namespace tributary::connectors
