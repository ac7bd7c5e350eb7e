#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "admin/client.hpp"
#include "admin/status_table.hpp"
#include "daemon/commands.hpp"
#include "daemon/running.hpp"
#include "daemon/signals.hpp"
#include "text/ascii.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

constexpr std::chrono::milliseconds least_between{50};
constexpr std::size_t uncut = 10'000;  ///< columns, where nobody looks at the end of a line

/// Asked each time: a window may be resized.
admin::TableLook look_of_output() {
  admin::TableLook look;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const char* no_colour = std::getenv("NO_COLOR");
  look.colours = terminal && (no_colour == nullptr || *no_colour == '\0');
  struct winsize size {};
  const bool known = terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  look.columns = known ? size.ws_col : uncut;
  return look;
}

struct Shown {
  std::string text;   ///< to print; "": there is no answer
  std::string fault;  ///< why
  bool well = false;
};

Shown ask_status(const RunningOptions& running, bool json) {
  const auto found = find_running(running);
  if (!found.target) return {{}, found.fault};
  const auto answer = admin::ask(*found.target, "GET", "/status");
  if (answer.status != 200)
    return {{}, answer.fault.empty() ? "/status answers " + std::to_string(answer.status) : answer.fault};
  const auto table = admin::status_table(answer.body, look_of_output());
  if (!table) return {{}, found.target->url + " gives another answer than a running tributary: is it one?"};
  return {json ? text::printable_json(text::trimmed(answer.body)) + "\n" : table->text, {}, table->well};
}

/// Until Ctrl-C.
int watch_status(const StatusOptions& options) {
  end_well_at_ctrl_c();
  const bool redraws = ::isatty(STDOUT_FILENO) == 1 && !options.json;
  for (;;) {
    const auto shown = ask_status(options.running, options.json);
    std::string text = shown.text.empty() ? "no answer: " + text::printable(shown.fault) + "\n" : shown.text;
    if (redraws) text = "\x1b[H\x1b[2J" + text;
    if (!redraws && !options.json) text += "\n";
    std::fwrite(text.data(), 1, text.size(), stdout);
    if (const int code = answered(ended_well); code != ended_well) return code;
    std::this_thread::sleep_for(std::max(*options.watch, least_between));
  }
}

}  // namespace

int status_command(const StatusOptions& options) {
  if (options.watch) return watch_status(options);
  const auto shown = ask_status(options.running, options.json);
  if (shown.text.empty()) return complain(shown.fault, failed);
  std::fwrite(shown.text.data(), 1, shown.text.size(), stdout);
  return answered(shown.well ? ended_well : failed);
}

}  // namespace tributary::daemon
