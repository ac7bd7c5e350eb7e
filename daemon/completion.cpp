#include "daemon/completion.hpp"

#include <vector>

namespace tributary::daemon {
namespace {

bool takes_file(const CommandOption& option) { return option.value == "FILE" || option.value == "DIRECTORY"; }

std::string spaced(const std::vector<std::string>& words, std::string_view between = " ") {
  std::string text;
  for (const auto& word : words) text.append(text.empty() ? std::string_view() : between).append(word);
  return text;
}

/// For between single quotes of a shell of Bourne's kind, where nothing but the quote itself is special.
std::string single_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

/// Of a sentence what fits beside an option.
std::string short_of(const std::string& help) {
  constexpr std::size_t most = 72;
  return help.size() <= most ? help : help.substr(0, help.find_last_of(' ', most)) + " ...";
}

std::vector<std::string> names_of(const CommandTree& tree) {
  std::vector<std::string> names;
  for (const auto& command : tree.commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> all_options(const Command& command) {
  std::vector<std::string> names;
  for (const auto& option : command.options) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

std::string bash_answer(const CommandOption& option) {
  if (takes_file(option)) return "compopt -o filenames 2>/dev/null || true; _tributary_answer -f";
  if (!option.words.empty()) return "_tributary_answer -W '" + single_quoted(spaced(option.words)) + "'";
  return ":";
}

std::string bash_options(const Command& command) {
  std::string text;
  for (const auto& option : command.options) {
    if (option.value.empty()) continue;
    std::vector<std::string> patterns;
    for (const auto& name : option.names) patterns.push_back("'" + command.name + " " + name + "'");
    text += "    " + spaced(patterns, " | ") + ") " + bash_answer(option) + "; return ;;\n";
  }
  return text;
}

std::string bash_command(const Command& command) {
  std::string text = "    " + command.name + ")\n      [[ $word == -* ]] && { _tributary_answer -W '" +
                     single_quoted(spaced(all_options(command))) + "'; return; }\n";
  if (!command.places.empty()) text += "      " + bash_answer(command.places.front()) + "\n";
  return text + "      ;;\n";
}

}  // namespace

std::string bash_completion(const CommandTree& tree) {
  std::string text = R"(# Completion of tributary for bash. Made by `tributary completion bash`.

# Answers with what compgen finds for the word that is being written.
_tributary_answer() { mapfile -t COMPREPLY < <(compgen "$@" -- "$word"); }

_tributary() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' i
  # --option=value comes in three words.
  if [[ $word == '=' ]]; then
    word=''
  elif [[ $before == '=' ]] && ((COMP_CWORD > 2)); then
    before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == -* ]] || { command=${COMP_WORDS[i]}; break; }
  done
  COMPREPLY=()
  case "$command $before" in
)";
  for (const auto& command : tree.commands) text += bash_options(command);
  text += "  esac\n  case $command in\n    '') _tributary_answer -W '" + single_quoted(spaced(names_of(tree))) + " " +
          single_quoted(spaced(all_options(tree.program))) + "' ;;\n";
  for (const auto& command : tree.commands) text += bash_command(command);
  return text + "  esac\n}\n\ncomplete -F _tributary tributary\n";
}

namespace {

/// In a description of zsh's _arguments and _describe.
std::string zsh_words(const std::string& help) {
  std::string out;
  for (const char c : single_quoted(short_of(help))) {
    if (c == '[' || c == ']' || c == ':') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_value(const CommandOption& option) {
  const std::string name = option.value.empty() ? option.names.front() : option.value;
  if (takes_file(option)) return ":" + name + ":_files";
  if (!option.words.empty()) return ":" + name + ":(" + single_quoted(spaced(option.words)) + ")";
  return ":" + name + ": ";
}

std::string zsh_option(const CommandOption& option) {
  const std::string rest = "'[" + zsh_words(option.help) + "]" + (option.value.empty() ? "" : zsh_value(option)) + "'";
  const std::string apart = option.several ? "'*'" : "'(" + spaced(option.names) + ")'";
  if (option.names.size() == 1) return apart + option.names.front() + rest;
  return apart + "{" + spaced(option.names, ",") + "}" + rest;
}

std::string zsh_arguments(const Command& command) {
  std::string text = "_arguments";
  for (const auto& option : command.options) text += " \\\n            " + zsh_option(option);
  for (std::size_t i = 0; i < command.places.size(); ++i) {
    text += " \\\n            '" + std::to_string(i + 1) + zsh_value(command.places[i]) + "'";
  }
  return text;
}

}  // namespace

std::string zsh_completion(const CommandTree& tree) {
  std::string text =
      "#compdef tributary\n# Completion of tributary for zsh. Made by `tributary completion zsh`.\n\n"
      "_tributary() {\n  local curcontext=$curcontext state line\n  local -a commands\n  commands=(\n";
  for (const auto& command : tree.commands) {
    text += "    '" + command.name + ":" + zsh_words(command.about) + "'\n";
  }
  text += "  )\n  _arguments -C";
  for (const auto& option : tree.program.options) text += " \\\n    " + zsh_option(option);
  text +=
      " \\\n    '1: :->command' \\\n    '*:: :->rest'\n  case $state in\n"
      "    command) _describe command commands ;;\n    rest)\n      case $words[1] in\n";
  for (const auto& command : tree.commands) {
    text += "        " + command.name + ")\n          " + zsh_arguments(command) + " ;;\n";
  }
  return text +
         "      esac\n      ;;\n  esac\n}\n\n"
         "# From a directory of completions, or sourced.\nif [[ ${funcstack[1]-} == _tributary ]]; then\n"
         "  _tributary \"$@\"\nelse\n  compdef _tributary tributary\nfi\n";
}

namespace {

/// Between single quotes fish knows two escapes.
std::string fish_words(const std::string& words) {
  std::string out;
  for (const char c : words) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return "'" + out + "'";
}

std::string fish_value(const CommandOption& option) {
  if (option.value.empty()) return {};
  if (takes_file(option)) return " -r -F";
  return option.words.empty() ? " -x" : " -x -a " + fish_words(spaced(option.words));
}

std::string fish_option(const std::string& when, const CommandOption& option) {
  std::string text = "complete -c tributary -n " + when;
  for (const auto& name : option.names) {
    text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  return text + fish_value(option) + " -d " + fish_words(short_of(option.help)) + "\n";
}

}  // namespace

std::string fish_completion(const CommandTree& tree) {
  std::string text =
      "# Completion of tributary for fish. Made by `tributary completion fish`.\n\n"
      "complete -c tributary -f\n";
  for (const auto& option : tree.program.options) text += fish_option("__fish_use_subcommand", option);
  for (const auto& command : tree.commands) {
    text += "complete -c tributary -n __fish_use_subcommand -a " + command.name + " -d " +
            fish_words(short_of(command.about)) + "\n";
  }
  for (const auto& command : tree.commands) {
    const std::string when = "'__fish_seen_subcommand_from " + command.name + "'";
    for (const auto& option : command.options) text += fish_option(when, option);
    for (const auto& place : command.places) {
      if (takes_file(place)) text += "complete -c tributary -n " + when + " -F\n";
      if (!place.words.empty()) {
        text += "complete -c tributary -n " + when + " -a " + fish_words(spaced(place.words)) + "\n";
      }
    }
  }
  return text;
}

}  // namespace tributary::daemon
