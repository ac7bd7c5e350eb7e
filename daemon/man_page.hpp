#pragma once

#include <string>
#include <string_view>

#include "daemon/command_tree.hpp"

namespace tributary::daemon {

/// What `--help` says beside its commands.
struct ManualWords {
  std::string_view description, examples, exit_codes, signals;
};

/// tributary(1), in the language of man(7). Pure. Thread: any.
std::string man_page(const CommandTree& tree, const ManualWords& words, std::string_view version);

}  // namespace tributary::daemon
