#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "event/standing.hpp"

namespace tributary::sinks::kafka {

/// The brokers in librdkafka's statistics (its STATISTICS.md); nothing where they cannot be understood. Those that were
/// only configured are left out once the cluster has told its own. At most a hundred. Thread: any.
std::vector<event::BrokerStanding> brokers_in(std::string_view statistics);

/// The newest statistics of a producer, kept as text and read only when somebody asks, so that the sink's thread never
/// does. Its counts go on when the producer is made anew. Thread: any.
class Statistics {
 public:
  void take(std::string_view text);
  /// The next ones are of another producer, whose counts begin at nothing.
  void begin_anew();
  std::vector<event::BrokerStanding> brokers() const;

 private:
  void read() const;

  mutable std::mutex reading_;                         ///< guards newest_, before_; taken first
  mutable std::vector<event::BrokerStanding> newest_;  ///< of this producer
  std::vector<event::BrokerStanding> before_;          ///< counted by those before it
  mutable std::mutex mutex_;                           ///< guards text_
  mutable std::string text_;                           ///< not read yet
};

}  // namespace tributary::sinks::kafka
