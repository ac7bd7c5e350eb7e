#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "admin/program.hpp"
#include "config/load.hpp"
#include "daemon/admin_port.hpp"
#include "daemon/app.hpp"
#include "daemon/log.hpp"
#include "daemon/notify.hpp"
#include "daemon/telemetry.hpp"
#include "daemon/watch_file.hpp"

namespace tributary::daemon {

/// The file that the configuration in force came from, to be read again on SIGHUP, by `POST /reload`, or when it is
/// seen to change. All or nothing: any change is applied while the program runs, and what has not changed is not
/// touched (App::apply); a file with a fault, or with a sink that cannot be made, changes nothing and says why. Owned
/// by `run`. Every outcome is a line of the log; the service manager is told when it begins and ends. Thread: main.
class Reload {
 public:
  using Outcome = admin::Program::Reloaded;

  Reload(std::filesystem::path file, Telemetry& telemetry, Log& log, Notify& notify)
      : file_(std::move(file)), telemetry_(telemetry), log_(log), notify_(notify) {}

  Outcome run(App& app, AdminPort& port);
  /// Before the first `look`: what the configuration in force was read from.
  void watch(const config::Sources& sources) { note(sources); }
  /// A look at the files: the same as `run` when what they say has changed, and nothing when it has not. To be called
  /// every second or two. False when they were not read.
  bool look(App& app, AdminPort& port);

 private:
  void note(const config::Sources& sources);
  Outcome use(config::Loaded loaded, App& app, AdminPort& port);
  Outcome refuse(std::vector<std::string> faults);
  void tell(const std::string& subject, const std::string& what, Outcome& outcome);
  Outcome tell(const Changes& changes);

  std::filesystem::path file_;
  Telemetry& telemetry_;
  Log& log_;
  Notify& notify_;
  FileWatch watch_;
  std::size_t digest_ = 0;  ///< of what was read last, be it in force or refused
};

}  // namespace tributary::daemon
