#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "event/standing.hpp"

namespace tributary::relay {

/// How long events took from the reading of their frame to their acknowledgement: a histogram whose buckets are a
/// sixteenth of their value wide, so that its size is fixed and adding costs a few instructions. Beside it a coarse
/// one, small enough to be copied for every look. Owned by an Outbox. Pure. Thread: its owner's.
class Latency {
 public:
  /// The coarse one. A value.
  class Coarse {
   public:
    event::Histogram histogram() const;

   private:
    friend class Latency;
    static constexpr std::array<std::uint64_t, 12> bounds{1'000,      2'500,     5'000,   10'000,    25'000,
                                                          50'000,     100'000,   250'000, 1'000'000, 5'000'000,
                                                          15'000'000, 60'000'000};  ///< microseconds
    std::array<std::uint64_t, bounds.size() + 1> counts_{};  ///< of each bound, and of what took longer
    std::uint64_t sum_ = 0;                                  ///< microseconds
  };

  /// Less than a microsecond counts as none, more than an hour as an hour.
  void add(std::chrono::steady_clock::duration took);
  std::uint64_t count() const { return count_; }
  const Coarse& coarse() const { return coarse_; }
  /// What this part (0 to 1) of all did not exceed, rounded up by at most a sixteenth; zero when there were none.
  std::chrono::microseconds within(double part) const;

 private:
  static constexpr std::uint64_t longest = 3'600'000'000;  ///< microseconds
  static constexpr unsigned step_bits = 4;
  static std::size_t bucket_of(std::uint64_t microseconds);
  static std::uint64_t end_of(std::size_t bucket);

  std::array<std::uint64_t, 30U << step_bits> buckets_{};
  std::uint64_t count_ = 0;
  Coarse coarse_;
};

}  // namespace tributary::relay
