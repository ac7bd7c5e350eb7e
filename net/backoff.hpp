#pragma once

#include <chrono>
#include <cstdint>

#include "net/reason.hpp"

namespace tributary::net {

/// How soon a lost connection is dialled again.
struct BackoffSettings {
  std::chrono::milliseconds base{1'000};          ///< the shortest delay
  std::chrono::milliseconds cap{60'000};          ///< the longest
  std::chrono::milliseconds reset_after{30'000};  ///< live for so long: the next loss starts at `base` again
  std::chrono::milliseconds slow_base{60'000};    ///< where a person must act: first delay
  std::chrono::milliseconds slow_cap{900'000};    ///< and last; also the most a server's Retry-After is obeyed
};

/// Which ladder of delays an ending climbs.
enum class Ladder : std::uint8_t {
  fast,    ///< base … cap: it will recover
  slow,    ///< slow_base … slow_cap: a person must act (credential, channel, protocol version)
  parked,  ///< as slow, but nothing is dialled that cannot be: a secret must become readable first
};
Ladder ladder(Reason reason) noexcept;
/// That of its reason, and slow at least when it says so itself.
Ladder ladder(const Ending& ending) noexcept;

/// The delays between one connection's attempts: uniform between `base` and min(cap, base·2ⁿ), n counting the endings
/// since the last long life. Slow delays are uniform between step and 1.5·step, step = min(slow_cap, slow_base·2ⁿ), and
/// never above slow_cap. Owned by a Session. Pure; the seed makes it repeatable. Thread: any, one at a time.
class Backoff {
 public:
  Backoff(const BackoffSettings& settings, std::uint64_t seed);

  /// The delay after this ending. `retry_after`: what the server asked for, a lower bound; 0 when it asked nothing.
  std::chrono::milliseconds next(Ladder ladder, std::chrono::seconds retry_after);
  /// The connection had been live for so long when it ended: call before `next`.
  void lived(std::chrono::steady_clock::duration life);
  /// The credential is another one now: its slow ladder begins anew.
  void forget_refusals() { refusals_ = 0; }

 private:
  std::uint64_t random();
  std::chrono::milliseconds between(std::chrono::milliseconds low, std::chrono::milliseconds high);

  BackoffSettings settings_;
  std::uint64_t random_;  ///< SplitMix64's state: every connector has one, and a twister would be 2.5 KB
  unsigned losses_ = 0;
  unsigned refusals_ = 0;
};

}  // namespace tributary::net
