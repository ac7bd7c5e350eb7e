// Runs a program for what it prints. No shell; standard input is /dev/null; no descriptor is inherited; its process
// group is killed at the end, whatever is left of it, and at once when the program stops (end_commands()). Blocking up
// to `timeout`. Thread: any, also at once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "config/values.hpp"

namespace tributary::config {

struct CommandResult {
  std::string output;
  std::string fault;     // "" when it ended with status 0: "exited with 3", "took longer than 10s and was killed" …
  std::string words;     // the end of what it wrote to standard error, as it stands: not for a person's eyes yet
  bool stopped = false;  // ended, or not begun, because the program stops
};

CommandResult run_command(const std::vector<std::string>& command, const std::filesystem::path& directory,
                          Duration timeout, std::size_t output_limit);

}  // namespace tributary::config
