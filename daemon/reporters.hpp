#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/link/conversation.hpp"
#include "daemon/telemetry.hpp"
#include "event/channel.hpp"
#include "event/thread_check.hpp"
#include "relay/latency.hpp"
#include "relay/pipeline.hpp"
#include "sinks/channel/breaker.hpp"
#include "sinks/observer.hpp"

namespace tributary::daemon {

/// Puts the life of connectors into the log. It reads no clock: what it is told has its time. Thread: io.
class ConnectorReporter final : public connectors::LinkObserver {
 public:
  explicit ConnectorReporter(Telemetry& telemetry) : telemetry_(telemetry) {}
  /// Connectors whose TLS verifies nothing, from now on; that is warned about at every dial.
  void unverified(std::set<std::string> connectors) {
    thread_.check();
    unverified_ = std::move(connectors);
  }
  void changed(const std::string& connector, const connectors::LinkStatus& status) override;
  void lost(const std::string& connector, const net::Ending& ending, bool was_live) override;
  void remarked(const std::string& connector, const connectors::Remark& remark) override;
  void asked_for(const std::string& connector, const connectors::Filling& filling) override;
  void forget(const std::string& connector) override;
  void not_understood(const std::string& connector, const event::Malformed& fault, const event::Now& now) override;
  /// How often each connector had which remark; `upstream_error:CODE` where the upstream names its errors.
  const std::map<std::pair<std::string, std::string>, std::uint64_t>& remarks() const { return remarks_; }

  /// What a connector's attempts came to in this run, also from before a reload that took it out for a while.
  struct Attempts {
    std::uint64_t dials = 0;
    std::vector<std::uint64_t> endings;  ///< by net::Reason: attempts and lives that ended for it
  };
  Attempts attempts(const std::string& connector) const;

 private:
  static constexpr std::size_t remarks_kept = 1024;

  /// Not live, and dialling again without anybody's help.
  struct Away {
    event::SteadyTime since;
    event::SteadyTime told;  ///< ERROR, last; the epoch: not yet
  };
  /// Frames of one connector that cannot be understood, for one reason.
  struct Nonsense {
    std::uint64_t count = 0;
    event::SteadyTime told{};
  };

  void waiting(const std::string& connector, const connectors::LinkStatus& status);
  std::string after_a_gap(const std::string& connector, event::SteadyTime now);

  [[no_unique_address]] event::ThreadCheck thread_;
  Telemetry& telemetry_;
  std::map<std::string, Away> away_;
  std::map<std::pair<std::string, std::string_view>, Nonsense> nonsense_;
  std::set<std::string> unverified_;
  std::map<std::string, event::SteadyTime> down_since_;  ///< connectors that were live and are not
  std::map<std::pair<std::string, std::string>, std::uint64_t> remarks_;
  std::map<std::string, Attempts> attempts_;
  std::set<std::string> were_live_;  ///< whose loss the next `changed` speaks of
};

/// Puts what one sink's wire notices into the log. Thread: sink.
class SinkReporter final : public sinks::SinkObserver {
 public:
  SinkReporter(Telemetry& telemetry, std::string sink) : telemetry_(telemetry), sink_(std::move(sink)) {}
  void on_news(const sinks::News& news) override;
  /// The sink has been made, and is run elsewhere.
  void hand_over() { thread_.hand_over(); }
  /// Has it been told already that this topic is missing, and what to do?
  bool told_missing(const std::string& stream) const { return missing_.count(stream) != 0; }

 private:
  [[no_unique_address]] event::ThreadCheck thread_;
  Telemetry& telemetry_;
  std::string sink_;
  std::set<std::string> missing_;  ///< topics
};

/// Puts what becomes of a channel sink's messages into the log, where it is not what was wanted: of each reason the
/// first, and then as the numbers double. Thread: the io thread of its connector.
class ChannelReporter {
 public:
  ChannelReporter(Telemetry& telemetry, std::string sink) : telemetry_(telemetry), sink_(std::move(sink)) {}
  void told(const event::MessageReport& report);
  void breaker(const sinks::channel::BreakerStanding& standing);

 private:
  Telemetry& telemetry_;
  std::string sink_;
  std::map<std::string, std::uint64_t> failures_;  ///< by reason
  bool open_ = false;
};

/// Puts the first event of a connector that no sink gets into the log, with what would route it. Thread: io.
void report(Telemetry& telemetry, const std::string& connector, const relay::Unrouted& unrouted);

/// Puts how long a sink took into the log, when it had anything acknowledged.
void report(Telemetry& telemetry, const std::string& sink, const relay::Latency& latency);

}  // namespace tributary::daemon
