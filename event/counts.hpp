#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/ledger.hpp"

namespace tributary::event {

/// One number of a book. A counter that is split by reasons has a line for each; the reason is its label.
struct Count {
  std::string_view name;    ///< as in the ledger: frames, dropped, …
  std::string_view reason;  ///< of ignored and dropped; else empty
  std::uint64_t value = 0;
  std::string_view help;  ///< one sentence; the same for all reasons of a name
  bool beside = false;    ///< not part of the book's equations
};

/// Everything that is counted of a connector, and of a sink: the one list that log, metrics, status and the
/// summary of a replay are made from.
/// In the order of the ledger, also what is 0.
std::vector<Count> counts_of(const ConnectorLedger& ledger);
std::vector<Count> counts_of(const SinkLedger& ledger);

}  // namespace tributary::event
