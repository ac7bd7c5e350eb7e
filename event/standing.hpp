#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tributary::event {

/// Cumulative, as Prometheus has it: `counts[i]` took at most `bounds[i]`; `count` is all of them. A value.
struct Histogram {
  std::vector<double> bounds;  ///< seconds
  std::vector<std::uint64_t> counts;
  std::uint64_t count = 0;
  double sum = 0;  ///< seconds
  /// Both together; one of the two may be empty, else they have the same bounds.
  Histogram& operator+=(const Histogram& other);
};

/// One broker as the Kafka library sees it. A value.
struct BrokerStanding {
  std::string name;  ///< host:port
  bool up = false;
  std::string state;                         ///< the library's own word
  std::chrono::microseconds round_trip{};    ///< average of the last window
  std::uint64_t waiting = 0, in_flight = 0;  ///< requests
  std::uint64_t sent = 0, retries = 0, errors = 0, timeouts = 0;
};

/// What an outlet tells of itself beside its book, as of one moment. A value.
struct OutletStanding {
  Histogram latency;  ///< from the reading of an event's frame to its acknowledgement; empty: it has none
  /// Of its oldest event that is not finished; nothing: all are.
  std::optional<std::chrono::milliseconds> oldest_age;
  std::vector<BrokerStanding> brokers;
  std::vector<std::string> parked;  ///< streams that the downstream refuses: what is for them waits
  std::string stuck;                ///< why it writes nothing until somebody acts; "": it may
  std::uint64_t copies = 0;         ///< how often somebody repeated what it said
  /// `earlier` stood in the same place before: its counts go on, whatever it has now is over.
  void go_on_from(const OutletStanding& earlier);
};

/// The brokers that there are now, with what was counted of them before added.
void add_counts(std::vector<BrokerStanding>& now, const std::vector<BrokerStanding>& before);

}  // namespace tributary::event
