#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tributary::daemon {

// What the command line can say, as values: what completions and the manual page are made from, so that they hold what
// `--help` holds. Thread: any.

/// An option, or a word that a command takes by its place.
struct CommandOption {
  std::vector<std::string> names;  ///< "-c", "--config"; of a word its name alone: "file"
  std::string value;               ///< what it takes: FILE, DURATION, TEXT, …; "": nothing, a flag
  std::vector<std::string> words;  ///< the only values there are; empty: others
  std::string help, default_text;
  bool required = false;
  bool several = false;  ///< may be given again
};

struct Command {
  std::string name, about, footer;
  std::vector<CommandOption> options;
  std::vector<CommandOption> places;
};

struct CommandTree {
  Command program;  ///< what stands before a command
  std::vector<Command> commands;
  bool known(const std::string& name) const;
};

/// `app` stays as it is; the library only has no way to look at a validator of a const one. `help` is a command too,
/// although it is none of the library's.
CommandTree command_tree(CLI::App& app);

}  // namespace tributary::daemon
