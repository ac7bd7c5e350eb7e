#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "daemon/app.hpp"
#include "daemon/log.hpp"
#include "daemon/notify.hpp"
#include "daemon/telemetry.hpp"

namespace tributary::daemon {

/// The file that the configuration in force came from, to be read again on SIGHUP. All or nothing: any change is
/// applied while the program runs, and what has not changed is not touched (App::apply); a file with a fault, or with a
/// sink that cannot be made, changes nothing and says why. Owned by `run`. Every outcome is a line of the log; the
/// service manager is told when it begins and ends. Thread: main.
class Reload {
 public:
  Reload(std::filesystem::path file, Telemetry& telemetry, Log& log, Notify& notify)
      : file_(std::move(file)), telemetry_(telemetry), log_(log), notify_(notify) {}

  void run(App& app);

 private:
  void read(App& app);
  void refuse(const std::string& why);
  void tell(const Changes& changes);

  std::filesystem::path file_;
  Telemetry& telemetry_;
  Log& log_;
  Notify& notify_;
};

}  // namespace tributary::daemon
