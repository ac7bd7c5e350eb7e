#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "daemon/spool_reporter.hpp"
#include "daemon/telemetry.hpp"
#include "spool/memory.hpp"

namespace tributary::daemon {

/// What this process keeps on disk, in `spool.directory`: from when its configuration first has a sink with a spool, to
/// the end. Outlives supervisors, sinks and every event. Thread: main.
class Disk {
 public:
  explicit Disk(Telemetry& telemetry) : telemetry_(telemetry) {}

  /// Does anything of these settings need the directory?
  static bool needed(const config::Settings& settings);
  /// Why their directory could not be used, as far as that shows without changing anything; "" when it could.
  static std::string fault_of(const config::Settings& settings);

  /// Why files in it could not be used, and the process that has it now ("": none), likewise.
  static std::vector<std::string> faults_of_files(const config::Settings& settings);
  static std::string holder_of(const config::Settings& settings);

  /// Opens the directory when these settings are the first to need it. A sentence: why they cannot be had. One that
  /// cannot be made or written, and that nobody has asked for, is told and done without.
  std::string prepare(const config::Settings& settings);
  /// What has been opened since the last `prepare`, the files of sinks included, is in use from now on.
  void keep() { before_.reset(); }
  /// Or it is not needed after all, and everything is as it was before: nothing of it is in use.
  void let_go();
  /// Null: nothing is kept on disk.
  spool::Memory* memory() const { return memory_.get(); }

  /// Tells of files with records that nobody delivers, for their sink has no spool now.
  void report_left(const config::Settings& settings) const;

 private:
  spool::Observer& observer(const std::string& sink);

  Telemetry& telemetry_;
  std::map<std::string, std::unique_ptr<SpoolReporter>> reporters_;  ///< by sink; outlive the memory
  /// What `let_go` goes back to.
  struct Before {
    std::filesystem::path done_without;
    std::set<std::string> tails;
    bool open = false;
  };
  std::optional<Before> before_;
  std::filesystem::path done_without_;  ///< told
  std::unique_ptr<spool::Memory> memory_;
};

}  // namespace tributary::daemon
