#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "daemon/telemetry.hpp"
#include "event/channel.hpp"
#include "sinks/channel/breaker.hpp"

namespace tributary::daemon {

/// Puts what came of one channel sink's messages into the log. What happens often is told when its count has grown
/// tenfold, so that it needs no clock. Thread: the io thread of its connector.
class ChannelReporter {
 public:
  ChannelReporter(Telemetry& telemetry, std::string sink) : telemetry_(telemetry), sink_(std::move(sink)) {}
  void message(const event::MessageReport& report);
  void breaker(const sinks::channel::BreakerStanding& standing);

 private:
  /// How often something happened, and at which count it is told next.
  struct Often {
    std::uint64_t count = 0, next = 1;
    bool tell();
  };

  Telemetry& telemetry_;
  const std::string sink_;
  std::map<std::string_view, Often> refused_;  ///< by reason, a closed list
  bool unsupported_ = false;                   ///< told, and nothing has gone out since
};

}  // namespace tributary::daemon
