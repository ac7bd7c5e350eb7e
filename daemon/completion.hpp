#pragma once

#include <string>
#include <string_view>

#include "daemon/command_tree.hpp"

namespace tributary::daemon {

/// The script that has a shell complete the program's command line: commands, options, words where only some are
/// possible, files where a file is expected. Pure. Thread: any.
std::string bash_completion(const CommandTree& tree);
std::string zsh_completion(const CommandTree& tree);
std::string fish_completion(const CommandTree& tree);

}  // namespace tributary::daemon
