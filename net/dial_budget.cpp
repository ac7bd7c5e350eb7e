#include "net/dial_budget.hpp"

#include <algorithm>

namespace tributary::net {

DialBudget::DialBudget(unsigned per_second, unsigned burst) { rate(per_second, burst); }

void DialBudget::rate(unsigned per_second, unsigned burst) {
  const std::lock_guard lock(mutex_);
  interval_ = allowance_ = std::chrono::nanoseconds(0);
  if (per_second == 0) return;
  interval_ = std::chrono::nanoseconds(std::chrono::seconds(1)) / per_second;
  allowance_ = interval_ * ((burst == 0 ? per_second : burst) - 1);
}

DialBudget::Time DialBudget::reserve(Time now) {
  const std::lock_guard lock(mutex_);
  if (interval_.count() == 0) return now;
  next_ = std::max(next_, now - allowance_);
  const Time turn = std::max(next_, now);
  next_ += interval_;
  return turn;
}

}  // namespace tributary::net
