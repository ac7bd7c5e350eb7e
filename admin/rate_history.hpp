#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "admin/snapshot.hpp"

namespace tributary::admin {

/// How many events each connector brought, step by step over the last minutes: what a rate and its small line are made
/// from. Bounded: `steps` numbers for each connector of the last snapshot. Pure. Thread: one at a time.
class RateHistory {
 public:
  static constexpr std::chrono::seconds step{5};
  static constexpr std::size_t steps = 60;

  /// Takes one in. It is expected every `step`; where one is missing, what came since is spread evenly.
  void add(const Snapshot& snapshot);

  /// Of the steps that are over, oldest first, at most `steps`; empty for a connector that is not known.
  std::vector<double> events(const std::string& connector) const;
  /// Events per second over the last minute, or since it is known when that is shorter; 0 until the first step is over.
  double rate(const std::string& connector) const;

 private:
  struct Line {
    std::uint64_t events = 0;  ///< the count that the last step ended with
    event::WallTime at{};      ///< when
    std::deque<double> by_step;
  };
  std::map<std::string, Line, std::less<>> lines_;
};

}  // namespace tributary::admin
