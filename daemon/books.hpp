#pragma once

#include <string>
#include <vector>

#include "event/ledger.hpp"

namespace tributary::daemon {

/// The books by name. A connector or sink that is gone keeps its own, so that the sums never fall.
struct ConnectorBook {
  std::string name;
  event::ConnectorLedger ledger;
};
struct SinkBook {
  std::string name;
  event::SinkLedger ledger;
};

/// All books, taken one after the other; each is one consistent copy.
struct Books {
  std::vector<ConnectorBook> connectors;
  std::vector<SinkBook> sinks;
};

}  // namespace tributary::daemon
