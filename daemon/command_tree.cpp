#include "daemon/command_tree.hpp"

#include <algorithm>

#include "daemon/usage.hpp"

namespace tributary::daemon {
namespace {

/// Of "TEXT:DURATION" what says more.
std::string value_name(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return {};
  const std::string type = option.get_type_name();
  const auto colon = type.find_last_of(':');
  const std::string last = colon == std::string::npos ? type : type.substr(colon + 1);
  return last.empty() ? type.substr(0, colon) : last;
}

/// The library throws where there are no more.
std::vector<std::string> only_words(CLI::Option& option) {
  for (int i = 0;; ++i) {
    try {
      if (auto words = allowed_words(*option.get_validator(i)); !words.empty()) return words;
    } catch (const CLI::OptionNotFound&) {
      return {};
    }
  }
}

CommandOption told_option(CLI::Option& option) {
  CommandOption made;
  for (const auto& name : option.get_snames()) made.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) made.names.push_back("--" + name);
  if (made.names.empty()) made.names.push_back(option.get_name());
  made.value = value_name(option);
  made.words = only_words(option);
  made.help = option.get_description();
  made.default_text = option.get_default_str();
  made.required = option.get_required();
  made.several = option.get_items_expected_max() > 1;
  return made;
}

Command told_command(CLI::App& app) {
  Command command{app.get_name(), app.get_description(), app.get_footer(), {}, {}};
  for (auto* option : app.get_options()) {
    (option->get_positional() ? command.places : command.options).push_back(told_option(*option));
  }
  return command;
}

}  // namespace

bool CommandTree::known(const std::string& name) const {
  return std::any_of(commands.begin(), commands.end(), [&](const Command& command) { return command.name == name; });
}

CommandTree command_tree(CLI::App& app) {
  CommandTree tree{told_command(app), {}};
  for (auto* command : app.get_subcommands({})) tree.commands.push_back(told_command(*command));
  Command help{"help", "Tell of a command, as its own --help does", {}, {}, {}};
  CommandOption word{{"command"}, "COMMAND", {}, "Which; without one, how to begin", {}, false, false};
  for (const auto& command : tree.commands) word.words.push_back(command.name);
  help.places.push_back(std::move(word));
  tree.commands.push_back(std::move(help));
  return tree;
}

}  // namespace tributary::daemon
