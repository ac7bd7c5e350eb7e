#include "sinks/channel/breaker.hpp"

#include <algorithm>
#include <utility>

namespace tributary::sinks::channel {
namespace {

constexpr auto no_time = event::SteadyTime::max();
constexpr std::uint64_t of_another = 0;  ///< no message of this sink

}  // namespace

std::string_view name(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::closed:
      return "closed";
    case BreakerState::open:
      return "open";
    case BreakerState::half_open:
      return "half_open";
  }
  return "closed";
}

void Breaker::take_over(const Breaker& before, event::SteadyTime now) {
  if (settings_.echo_share <= 0) return;
  said_ = before.said_;
  for (Said& each : said_) each.number = of_another;
  heard_ = before.heard_;
  if (before.settings_.open_for.count() > 0) {
    open_for_ = settings_.open_for * (before.open_for_ / before.settings_.open_for);
  }
  changes_.clear();
  state_ = before.state_;
  until_ = state_ == BreakerState::open ? std::min(before.until_, now + open_for_) : no_time;
  look(now);
  if (state_ == BreakerState::closed) return;
  changes_ = {standing()};
  changes_.front().inherited = true;
  if (is_open()) changes_.front().open_for = std::chrono::ceil<std::chrono::milliseconds>(until_ - now);
}

bool Breaker::lets_through() const {
  return state_ == BreakerState::closed || (state_ == BreakerState::half_open && !trial_);
}

void Breaker::given(std::uint64_t number) {
  if (state_ == BreakerState::half_open) trial_ = number;
}

void Breaker::said(std::uint64_t number, event::SteadyTime now) {
  if (settings_.echo_share <= 0 || state_ == BreakerState::open) return;
  look(now);
  const auto same = [&](const Said& each) { return each.number == number; };
  if (std::any_of(said_.begin(), said_.end(), same)) return;  // said again
  said_.push_back({number, now});
  if (said_.size() > most_remembered) {
    if (said_.front().heard) --heard_;
    said_.pop_front();
  }
  if (trial_ == number) until_ = now + settings_.window;
}

void Breaker::unsaid(std::uint64_t number) {
  const auto at = std::find_if(said_.begin(), said_.end(), [&](const Said& each) { return each.number == number; });
  if (at != said_.end()) {
    if (at->heard) --heard_;
    said_.erase(at);
  }
  if (trial_ != number) return;
  trial_.reset();
  until_ = no_time;
}

void Breaker::heard(std::uint64_t number, event::SteadyTime now) {
  look(now);
  const auto at = std::find_if(said_.begin(), said_.end(), [&](const Said& each) { return each.number == number; });
  if (at == said_.end() || std::exchange(at->heard, true)) return;
  ++heard_;
  if (state_ == BreakerState::half_open && trial_ == number) return open(now);
  const auto share = static_cast<double>(heard_) / static_cast<double>(said_.size());
  if (state_ == BreakerState::closed && said_.size() >= least_said && share >= settings_.echo_share) open(now);
}

void Breaker::look(event::SteadyTime now) {
  while (!said_.empty() && said_.front().at + settings_.window <= now) {
    if (said_.front().heard) --heard_;
    said_.pop_front();
  }
  if (now < until_) return;
  until_ = no_time;
  if (state_ == BreakerState::open) {
    enter(BreakerState::half_open);
  } else {
    trial_.reset();
    open_for_ = settings_.open_for;
    enter(BreakerState::closed);
  }
}

event::SteadyTime Breaker::deadline() const { return until_; }

BreakerStanding Breaker::standing() const {
  const auto lasts = state_ == BreakerState::open ? open_for_ : std::chrono::milliseconds(0);
  return {state_, said_.size(), heard_, lasts, false};
}

std::vector<BreakerStanding> Breaker::take_changes() { return std::exchange(changes_, {}); }

void Breaker::open(event::SteadyTime now) {
  if (state_ == BreakerState::half_open) {
    open_for_ = std::min<std::chrono::milliseconds>(open_for_ * 2, settings_.open_for * longest);
  }
  until_ = now + open_for_;
  enter(BreakerState::open);
  trial_.reset();
  said_.clear();
  heard_ = 0;
}

void Breaker::enter(BreakerState state) {
  state_ = state;
  changes_.push_back(standing());
}

}  // namespace tributary::sinks::channel
