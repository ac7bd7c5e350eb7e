#include "net/backoff.hpp"

#include <algorithm>

namespace tributary::net {
namespace {

using std::chrono::milliseconds;

/// min(cap, base·2ⁿ) without overflow; never below base.
milliseconds step(milliseconds base, milliseconds cap, unsigned n) {
  milliseconds reached = base;
  for (; n > 0 && reached < cap; --n) reached += reached;
  return std::max(base, std::min(reached, cap));
}

}  // namespace

Ladder ladder(Reason reason) noexcept {
  switch (reason) {
    case Reason::credential_unreadable:
      return Ladder::parked;
    case Reason::credential_refused:
    case Reason::credential_expired:
    case Reason::wrong_channel:
    case Reason::engine_io_mismatch:
      return Ladder::slow;
    default:
      return Ladder::fast;
  }
}

Ladder ladder(const Ending& ending) noexcept {
  const Ladder rungs = ladder(ending.reason);
  return rungs == Ladder::fast && ending.slow ? Ladder::slow : rungs;
}

Backoff::Backoff(const BackoffSettings& settings, std::uint64_t seed) : settings_(settings), random_(seed) {
  // A base of nothing would turn a refusing server into a busy loop.
  settings_.base = std::max(settings_.base, milliseconds(1));
  settings_.slow_base = std::max(settings_.slow_base, milliseconds(1));
}

void Backoff::lived(std::chrono::steady_clock::duration life) {
  if (life < settings_.reset_after) return;
  losses_ = 0;
  refusals_ = 0;
}

milliseconds Backoff::next(Ladder ladder, std::chrono::seconds retry_after) {
  milliseconds delay{0};
  if (ladder == Ladder::fast) {
    delay = between(settings_.base, step(settings_.base, settings_.cap, losses_));
    if (losses_ < 64) ++losses_;
  } else {
    const milliseconds low = step(settings_.slow_base, settings_.slow_cap, refusals_);
    delay = between(low, std::max(low, std::min(settings_.slow_cap, low + low / 2)));
    if (refusals_ < 64) ++refusals_;
  }
  const milliseconds asked = std::min<milliseconds>(retry_after, settings_.slow_cap);
  return std::max(delay, asked);
}

std::uint64_t Backoff::random() {
  std::uint64_t mixed = random_ += 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
  return mixed ^ mixed >> 31;
}

milliseconds Backoff::between(milliseconds low, milliseconds high) {
  if (high <= low) return low;
  // std::uniform_int_distribution differs between libraries; this does not, and its bias is below 2^-40.
  const auto width = static_cast<std::uint64_t>((high - low).count()) + 1;
  return low + milliseconds(static_cast<milliseconds::rep>(random() % width));
}

}  // namespace tributary::net
