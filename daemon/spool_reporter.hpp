#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "daemon/telemetry.hpp"
#include "event/ledger.hpp"
#include "spool/observer.hpp"

namespace tributary::daemon {

/// Puts what the file of one sink, or of what connectors know, notices into the log. Thread: any.
class SpoolReporter final : public spool::Observer {
 public:
  /// `sink`: "" for what connectors know.
  SpoolReporter(Telemetry& telemetry, std::string sink) : telemetry_(telemetry), sink_(std::move(sink)) {}
  void on_news(const spool::SpoolNews& news) override;

 private:
  Telemetry& telemetry_;
  const std::string sink_;
};

/// At the start: what an earlier run left for this sink, by stream. `may_use`: whether the sink can write to one now.
void report_found(Telemetry& telemetry, const std::string& sink, const std::string& file,
                  const std::map<std::string, std::uint64_t>& streams,
                  const std::function<bool(const std::string& stream)>& may_use);
/// At the end of a sink: what waits on disk for the next run.
void report_waiting(Telemetry& telemetry, const std::string& sink, const std::string& file,
                    const event::SinkLedger& ledger);

}  // namespace tributary::daemon
