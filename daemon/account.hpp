#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "event/ledger.hpp"

namespace tributary::daemon {

/// Sums over connectors and sinks: the line with which `run` and `demo` end.
struct Account {
  event::ConnectorLedger connectors;
  event::SinkLedger sinks;

  bool balances() const { return connectors.balances() && sinks.balances(); }
  /// Events that no sink has delivered although its configuration asks for it: the exit code is 1.
  std::uint64_t lost() const { return sinks.lost(); }
};

/// `account: frames=… events=… accepted=… unrouted=… | offered=… recovered=… delivered=… sent=… dead_lettered=…
/// dropped=… in_flight=… spooled=…`
std::string to_line(const Account& account);

/// What the frames were and what became of the events, in words: "12 frames with events, 3 duplicates, 1 not delivered
/// before the end"; empty when there is nothing to tell.
std::string details(const Account& account);

/// The same as numbers under the ledgers' names (`control`, `duplicate`, `dropped.stopped`, …), for who reads the log
/// by a program. What is 0 is left out.
std::vector<std::pair<std::string, std::uint64_t>> counts(const Account& account);

/// The last line of the log: a sentence, and the details in brackets.
std::string how_it_ended(const Account& account);

}  // namespace tributary::daemon
