#include "relay/latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tributary::relay {

/// The first sixteen buckets hold one microsecond each; from there every doubling has sixteen.
std::size_t Latency::bucket_of(std::uint64_t microseconds) {
  constexpr std::uint64_t steps = 1U << step_bits;
  if (microseconds < steps) return static_cast<std::size_t>(microseconds);
  const auto shift = static_cast<unsigned>(std::bit_width(microseconds)) - step_bits - 1;
  return static_cast<std::size_t>((shift << step_bits) + (microseconds >> shift));
}

std::uint64_t Latency::end_of(std::size_t bucket) {
  constexpr std::size_t steps = 1U << step_bits;
  if (bucket < steps) return bucket;
  const std::size_t shift = bucket / steps - 1;
  return ((static_cast<std::uint64_t>(bucket % steps + steps) + 1) << shift) - 1;
}

void Latency::add(std::chrono::steady_clock::duration took) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto bounded = std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0)), longest);
  ++buckets_[bucket_of(bounded)];
  ++count_;
  const auto* bound = std::lower_bound(Coarse::bounds.begin(), Coarse::bounds.end(), bounded);
  ++coarse_.counts_[static_cast<std::size_t>(bound - Coarse::bounds.begin())];
  coarse_.sum_ += bounded;
}

event::Histogram Latency::Coarse::histogram() const {
  constexpr double microseconds = 1e6;  // in a second
  event::Histogram made;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    made.bounds.push_back(static_cast<double>(bounds[i]) / microseconds);
    made.counts.push_back(made.count += counts_[i]);
  }
  made.count += counts_.back();
  made.sum = static_cast<double>(sum_) / microseconds;
  return made;
}

std::chrono::microseconds Latency::within(double part) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen != 0 && seen >= wanted) return std::chrono::microseconds(end_of(i));
  }
  return std::chrono::microseconds(0);
}

}  // namespace tributary::relay
