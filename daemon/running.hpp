#pragma once

#include <filesystem>
#include <string>

#include "admin/client.hpp"

namespace tributary::daemon {

// What the commands that ask a running program share: `status`, `tap`, `reload`.

/// How the running program is named on the command line.
struct RunningOptions {
  std::string configuration;  ///< -c, "": not said
  std::string url;            ///< --url, "": found by its run file
  std::string token_file;     ///< --token-file, "": the run file's
};

/// Where it is asked, or a sentence why nobody knows. Blocking. Thread: any.
admin::Found find_running(const RunningOptions& options);

/// The configuration as a run file names it: absolute. Links are not followed: Kubernetes swaps them.
std::filesystem::path known_as(const std::filesystem::path& configuration);

/// `tributary reload`.
int reload_command(const RunningOptions& options);

}  // namespace tributary::daemon
