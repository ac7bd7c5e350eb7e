#include "daemon/usage.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>
#include <system_error>
#include <utility>

#include "config/spelling.hpp"
#include "config/values.hpp"

namespace tributary::daemon {
namespace {

/// Begins the name of the validator, where nobody sees it; its words follow.
constexpr std::string_view one_of_name = "one_of";

std::string instead(const std::string& expected, const std::string& text) {
  return "expected " + expected + ", found " + config::quote(text);
}

/// The whole text, or nothing.
template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// 100000 as 100000, 0.1 as 0.1.
std::string shown(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string name_of(const CLI::App& command) {
  return command.get_parent() == nullptr ? "tributary" : "tributary " + command.get_name();
}

/// The command that was being read when it went wrong.
const CLI::App& command_of(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : *commands.front();
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// A word that nothing was expected for.
std::string unexpected(const CLI::App& command, const std::vector<std::string>& words) {
  const auto option = std::find_if(words.begin(), words.end(), [](const auto& word) { return word.starts_with('-'); });
  if (option == words.end()) {
    const bool has_file = command.get_option_no_throw("--config") != nullptr;
    return "`" + name_of(command) + "` does not expect the word " + config::quote(words.front()) +
           (has_file ? "; the configuration is named with -c" : "");
  }
  const std::string written = option->substr(0, option->find('='));
  const auto known = options_of(command);
  const std::vector<std::string_view> names(known.begin(), known.end());
  const auto near = config::nearest(written, names);
  return "`" + name_of(command) + "` has no option " + config::quote(written) +
         (near ? "; did you mean " + config::quote(*near) + "?" : "");
}

std::string missing(const CLI::App& command) {
  for (const auto* option : command.get_options()) {
    if (option->get_required() && option->count() == 0) {
      return "`" + name_of(command) + "` needs the word `" + option->get_name() + "`: " + option->get_description();
    }
  }
  return "a command is missing";
}

/// Of an option that has no value, or more than one.
std::string mismatch(const CLI::App& command, std::string_view words) {
  const std::string name(words.substr(0, words.find(':')));
  const auto* option = command.get_option_no_throw(name);
  if (option != nullptr && option->count() > 1) return "`" + name + "` is given twice; expected once";
  return "`" + name + "` needs a value" + (option == nullptr ? "" : ": " + option->get_description());
}

}  // namespace

CLI::Validator duration(std::optional<std::chrono::milliseconds>& into) {
  return CLI::Validator(
      [&into](std::string& text) -> std::string {
        into = config::parse_duration(text);
        return into ? "" : instead("a duration such as 250ms, 10s or 5m", text);
      },
      "DURATION");
}

CLI::Validator whole_number(std::uint64_t least, std::uint64_t most) {
  const bool any = most == std::numeric_limits<std::uint64_t>::max();
  const auto range = "a whole number" + (any ? std::string(" that is not negative")
                                             : " from " + std::to_string(least) + " to " + std::to_string(most));
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto value = parsed<std::uint64_t>(text);
        return value && *value >= least && *value <= most ? "" : instead(range, text);
      },
      "");
}

CLI::Validator number(double least, double most) {
  const auto range = "a number from " + shown(least) + " to " + shown(most);
  return CLI::Validator(
      [=](std::string& text) -> std::string {
        const auto value = parsed<double>(text);
        return value && *value >= least && *value <= most ? "" : instead(range, text);
      },
      "");
}

CLI::Validator one_of(std::vector<std::string> words) {
  std::string name(one_of_name);
  for (const auto& word : words) name += " " + word;
  return CLI::Validator(
      [words = std::move(words)](std::string& text) -> std::string {
        if (std::find(words.begin(), words.end(), text) != words.end()) return "";
        const std::vector<std::string_view> known(words.begin(), words.end());
        const auto near = config::nearest(text, known);
        return instead(config::alternatives(known), text) +
               (near ? "; did you mean " + config::quote(*near) + "?" : "");
      },
      "", name);
}

std::vector<std::string> allowed_words(const CLI::Validator& validator) {
  std::vector<std::string> words;
  std::istringstream name(validator.get_name());
  for (std::string word; name >> word;) words.push_back(word);
  if (words.empty() || words.front() != one_of_name) return {};
  words.erase(words.begin());
  return words;
}

std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
  const auto& command = command_of(app);
  const std::string help = "; see `" + name_of(command) + " --help`";
  // What is misspelled is the cause of what is missing.
  for (const auto* one : {&app, &command}) {
    if (const auto words = one->remaining(); !words.empty()) return unexpected(*one, words) + help;
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) return missing(command) + help;
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) return mismatch(command, error.what()) + help;
  return std::string(error.what()) + help;
}

std::string unknown_command(std::string_view word, std::span<const std::string_view> known) {
  const std::string text = config::quote(word) + " is no command";
  if (const auto near = config::nearest(word, known)) return text + "; did you mean " + config::quote(*near) + "?";
  return text + "; `tributary --help` lists them";
}

}  // namespace tributary::daemon
