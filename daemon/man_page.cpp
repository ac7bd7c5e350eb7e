#include "daemon/man_page.hpp"

#include "text/roff.hpp"

namespace tributary::daemon {
namespace {

using text::roff;

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string slanted(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

/// As it stands, line by line.
std::string verbatim(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return ".PP\n.nf\n" + roff(text) + "\n.fi\n";
}

std::string heading(const CommandOption& option) {
  std::string text;
  for (const auto& name : option.names) text += (text.empty() ? "" : ", ") + bold(name);
  if (option.names.front().front() != '-') return slanted(option.names.front());
  return option.value.empty() ? text : text + " " + slanted(option.value);
}

std::string entry(const CommandOption& option) {
  std::string text = ".TP\n" + heading(option) + "\n" + roff(option.help);
  if (!option.default_text.empty()) text += " (default " + bold(option.default_text) + ")";
  if (!option.words.empty()) {
    std::string words;
    for (const auto& word : option.words) words += (words.empty() ? "" : ", ") + bold(word);
    text += "\n.br\nOne of " + words;
  }
  return text + "\n";
}

std::string synopsis(const Command& command) {
  std::string text = bold("tributary " + command.name);
  if (!command.options.empty()) text += " [" + slanted("OPTION") + " ...]";
  for (const auto& place : command.places) {
    text += " " + (place.required ? slanted(place.names.front()) : "[" + slanted(place.names.front()) + "]");
  }
  return text;
}

/// `inherited`: the program's footer, which the library shows with each command that has none.
std::string section(const Command& command, const std::string& inherited) {
  std::string text = ".SS " + command.name + "\n" + synopsis(command) + "\n.PP\n" + roff(command.about) + ".\n";
  for (const auto& place : command.places) text += entry(place);
  for (const auto& option : command.options) text += entry(option);
  return command.footer.empty() || command.footer == inherited ? text : text + verbatim(command.footer);
}

}  // namespace

std::string man_page(const CommandTree& tree, const ManualWords& words, std::string_view version) {
  std::string text =
      ".\\\" Made by `tributary man tributary`.\n.TH TRIBUTARY 1 \"\" \"tributary " + roff(version) +
      "\" \"User Commands\"\n.nh\n.ad l\n.SH NAME\ntributary \\- relay live\\-show events from websockets to Kafka\n"
      ".SH SYNOPSIS\n" +
      bold("tributary") + " " + slanted("COMMAND") + " [" + slanted("OPTION") + " ...]\n";
  text += ".SH DESCRIPTION\n" + roff(words.description) + "\n.SH OPTIONS\n";
  for (const auto& option : tree.program.options) text += entry(option);
  text += ".SH COMMANDS\n";
  for (const auto& command : tree.commands) text += section(command, tree.program.footer);
  text += ".SH EXIT STATUS\n" + roff(words.exit_codes) + "\n.SH SIGNALS\n" + roff(words.signals) +
          "\n.SH ENVIRONMENT\n.TP\n" + bold("CREDENTIALS_DIRECTORY") + "\nWhere the secrets of the form " +
          roff("{credential: NAME}") + " lie; set by systemd's LoadCredential=.\n.TP\n" + bold("NOTIFY_SOCKET") + ", " +
          bold("WATCHDOG_USEC") +
          "\nSet by systemd: the relay tells when it is ready, reloads and stops, and that all its loops go round.\n"
          ".SH FILES\n.TP\n" +
          bold("./tributary.yaml") + ", " + bold("/etc/tributary/tributary.yaml") +
          "\nThe configuration, the first of these that is there.\n.TP\n" + bold("/var/lib/tributary") +
          "\nWhat is kept on disk (spool.directory).\n.SH EXAMPLES\n" + verbatim(words.examples) + ".SH SEE ALSO\n" +
          bold("tributary.yaml") + "(5), " + bold("systemd.service") + "(5)\n";
  return text;
}

}  // namespace tributary::daemon
