#pragma once

#include <string>
#include <vector>

#include "admin/snapshot.hpp"

namespace tributary::admin {

/// Does the program do what it is there for? What `/readyz` answers: docs/OPERATING.md and README.md say the same.
struct Readiness {
  bool ready() const { return why_not.empty(); }
  std::vector<std::string> why_not;   ///< a sentence each, in the order below
  std::vector<std::string> degraded;  ///< something is wrong, and it does its work all the same
};

/// Not ready: it is stopping; a loop does not advance; a sink takes nothing in, or writes nothing and either has no
/// spool or has delivered nothing since the start; no connector is live although some are wanted. One upstream of
/// several that is away or refuses, and a Kafka that is away while the spool keeps events, are no reason: to take the
/// program out would mend neither. What channel sinks do is no reason either. Pure. Thread: any.
Readiness readiness(const Snapshot& snapshot);

}  // namespace tributary::admin
