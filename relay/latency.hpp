#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tributary::relay {

/// How long events took from the reading of their frame to their acknowledgement: a histogram whose buckets are a
/// sixteenth of their value wide, so that its size is fixed and adding costs a few instructions.
/// Owned by an Outbox. Pure. Thread: sink; any once that has ended.
class Latency {
 public:
  /// Less than a microsecond counts as none, more than an hour as an hour.
  void add(std::chrono::steady_clock::duration took);
  std::uint64_t count() const { return count_; }
  /// What this part (0 to 1) of all did not exceed, rounded up by at most a sixteenth; zero when there were none.
  std::chrono::microseconds within(double part) const;

 private:
  static constexpr std::uint64_t longest = 3'600'000'000;  ///< microseconds
  static constexpr unsigned step_bits = 4;
  static std::size_t bucket_of(std::uint64_t microseconds);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, 30U << step_bits> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace tributary::relay
