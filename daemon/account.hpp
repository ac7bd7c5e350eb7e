#pragma once

#include <string>

#include "event/ledger.hpp"

namespace tributary::daemon {

/// Sums over connectors and sinks: the line with which `run` and `demo` end.
struct Account {
  event::ConnectorLedger connectors;
  event::SinkLedger sinks;

  bool balances() const { return connectors.balances() && sinks.balances(); }
  /// Accepted events that no sink will ever deliver because the program ended first.
  std::uint64_t lost_at_stop() const {
    return sinks.in_flight + sinks.dropped[static_cast<std::size_t>(event::Dropped::stopped)];
  }
};

/// `account: frames=… events=… accepted=… unrouted=… | offered=… recovered=… delivered=… sent=… dead_lettered=…
/// dropped=… in_flight=… spooled=…`
std::string to_line(const Account& account);

/// The reasons behind `duplicate`, `ignored`, `malformed` and `dropped`, e.g. "duplicate=3
/// dropped.stopped=1"; empty when there is nothing to tell.
std::string details(const Account& account);

}  // namespace tributary::daemon
