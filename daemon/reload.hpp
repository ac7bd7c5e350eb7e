#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "config/load.hpp"
#include "daemon/app.hpp"
#include "daemon/telemetry.hpp"

namespace tributary::daemon {

/// The file that the configuration in force came from, to be read again on SIGHUP. All or nothing: what connectors
/// can take over on their open connections (DLive's list of streamers) and the log's level is changed; for anything
/// else the signal is refused with the keys that need a restart, and a file with a fault with its line and column.
/// Owned by `run`. Every outcome is a signal. Thread: main.
class Reload {
 public:
  Reload(std::filesystem::path file, Telemetry& telemetry, Log& log)
      : file_(std::move(file)), telemetry_(telemetry), log_(log) {}

  void run(App& app);

 private:
  void refuse(const std::string& why);

  std::filesystem::path file_;
  Telemetry& telemetry_;
  Log& log_;
};

}  // namespace tributary::daemon
