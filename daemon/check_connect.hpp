#pragma once

#include <chrono>

#include "config/settings.hpp"
#include "daemon/check_report.hpp"

namespace tributary::daemon {

/// `check --connect`: dials each connector, asks what its socket cannot tell over HTTP, then asks each sink. Each
/// answer is told as soon as it is known. Publishes nothing. Blocks for about `timeout` for each. Thread: main.
void check_connect(const config::Settings& settings, std::chrono::milliseconds timeout, CheckReport& report);

}  // namespace tributary::daemon
