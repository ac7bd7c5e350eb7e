#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "admin/snapshot.hpp"
#include "daemon/telemetry.hpp"

namespace tributary::daemon {

/// "1 sink", "2 sinks".
std::string counted(std::size_t count, const std::string& noun);

/// `4 of 5 connectors are live`.
std::string headline(const std::vector<admin::ConnectorView>& connectors);

/// `4 of 5 connectors are live: hall waiting (connect_refused), 0 events; main-stage live, 12 events, the last 3 s ago;
/// … | sinks: events 12 delivered, 0 waiting; hall-screen 7 sent, 0 waiting, breaker open`. What is not live comes
/// first; of very many, only some are named.
std::string status_line(const std::vector<admin::ConnectorView>& connectors, const std::vector<admin::SinkView>& sinks);

/// Logs that line, with its sums as numbers. Thread: any.
void report(Telemetry& telemetry, const std::vector<admin::ConnectorView>& connectors,
            const std::vector<admin::SinkView>& sinks);

}  // namespace tributary::daemon
