#include "daemon/channel_reporter.hpp"

#include "config/values.hpp"

namespace tributary::daemon {

bool ChannelReporter::Often::tell() {
  if (++count < next) return false;
  next *= 10;
  return true;
}

void ChannelReporter::message(const event::MessageReport& report) {
  using event::MessageResult;
  const std::string why = std::string(report.reason) + (report.detail.empty() ? "" : ": " + report.detail);
  switch (report.result) {
    case MessageResult::refused: {
      Often& often = refused_[report.reason];
      if (!often.tell()) return;
      return telemetry_.emit(
          LogEvent::message_refused, sink_, "a message is lost, the upstream does not take it: " + why,
          {{"reason", std::string(report.reason)}, {"count", static_cast<std::int64_t>(often.count)}});
    }
    case MessageResult::unsupported:
      if (std::exchange(unsupported_, true)) return;
      return telemetry_.emit(LogEvent::channel_unsupported, sink_,
                             "nothing can be published on this connection, so messages are dropped: " + why,
                             {{"reason", std::string(report.reason)}});
    case MessageResult::sent:
    case MessageResult::confirmed:
      unsupported_ = false;
      return;
    case MessageResult::awaiting:
    case MessageResult::returned:
    case MessageResult::unconfirmed:
    case MessageResult::echoed:
      return;
  }
}

void ChannelReporter::breaker(const sinks::channel::BreakerStanding& standing) {
  using sinks::channel::BreakerState;
  switch (standing.state) {
    case BreakerState::open:
      return telemetry_.emit(
          LogEvent::breaker_opened, sink_,
          "says nothing for " + config::format(config::Duration(standing.open_for)) + ": " +
              std::to_string(standing.heard) + " of the last " + std::to_string(standing.said) +
              " messages came back on the channel; somebody posts them again, or another relay brings them round",
          {{"said", static_cast<std::int64_t>(standing.said)}, {"heard", static_cast<std::int64_t>(standing.heard)}});
    case BreakerState::half_open:
      return telemetry_.emit(LogEvent::breaker_half_open, sink_, "says one message, to see whether it comes back");
    case BreakerState::closed:
      return telemetry_.emit(LogEvent::breaker_closed, sink_, "what it says does not come back any more: it says all");
  }
}

}  // namespace tributary::daemon
