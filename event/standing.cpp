#include "event/standing.hpp"

#include <algorithm>

namespace tributary::event {

Histogram& Histogram::operator+=(const Histogram& other) {
  if (counts.empty()) bounds = other.bounds, counts.resize(other.counts.size());
  for (std::size_t i = 0; i < std::min(counts.size(), other.counts.size()); ++i) counts[i] += other.counts[i];
  count += other.count;
  sum += other.sum;
  return *this;
}

void add_counts(std::vector<BrokerStanding>& now, const std::vector<BrokerStanding>& before) {
  for (auto& broker : now) {
    const auto found =
        std::find_if(before.begin(), before.end(), [&](const auto& other) { return other.name == broker.name; });
    if (found == before.end()) continue;
    broker.sent += found->sent;
    broker.retries += found->retries;
    broker.errors += found->errors;
    broker.timeouts += found->timeouts;
  }
}

void OutletStanding::go_on_from(const OutletStanding& earlier) {
  latency += earlier.latency;
  add_counts(brokers, earlier.brokers);
  copies += earlier.copies;
}

}  // namespace tributary::event
