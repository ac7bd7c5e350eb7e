#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "admin/run_file.hpp"
#include "config/load.hpp"
#include "daemon/admin_port.hpp"
#include "daemon/advice.hpp"
#include "daemon/app.hpp"
#include "daemon/commands.hpp"
#include "daemon/heap.hpp"
#include "daemon/notify.hpp"
#include "daemon/reload.hpp"
#include "daemon/running.hpp"
#include "daemon/signals.hpp"
#include "daemon/status.hpp"
#include "daemon/vocabulary.hpp"
#include "daemon/watchdog.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto first_status = 10s;  ///< soon after the start, when somebody is looking
constexpr auto status_every = 60s;
constexpr auto headline_every = 3s;  ///< for the service manager
constexpr auto longest_sleep = 1s;   ///< so often it is seen that this loop goes round
constexpr auto files_every = 1s;     ///< at the files of the configuration
/// For what is still to be joined when all has been said: a worker may hang on a file, a name resolution on its server.
constexpr std::chrono::milliseconds put_away{2'000};

bool writes_events_to_stdout(const config::Settings& settings) {
  for (const auto& sink : settings.sinks) {
    if (sink.type == "stdout") return true;
  }
  return false;
}

void announce(const App& app, const std::filesystem::path& file, Telemetry& telemetry) {
  const auto& settings = app.settings();
  telemetry.emit(
      LogEvent::program_started, "",
      "tributary " + std::string(version()) + " runs " + file.string() + " as run " + app.run_id() + ": " +
          counted(settings.connectors.size(), "connector") + ", " + counted(settings.sinks.size(), "sink") + ", " +
          counted(settings.routes.size(), "route"),
      {{"version", version()}, {"file", file.string()}, {"run", app.run_id()}, {"instance", settings.instance}});
}

Watchdog::Actions watchdog_actions(App& app, Notify& notify, Telemetry& telemetry) {
  return {[&app](std::chrono::milliseconds still) { return app.stalled(still); }, [&notify] { notify.alive(); },
          [&telemetry](const std::vector<std::string>& loops) {
            for (const auto& loop : loops) {
              telemetry.emit(LogEvent::loop_stalled, loop,
                             "has not gone round for long; the service manager's watchdog is not pinged meanwhile");
            }
          }};
}

}  // namespace

int run_command(const std::filesystem::path& file, bool watch) {
  Signals signals;
  if (std::error_code ignored;
      watch && std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored)) {
    return complain("--watch: " + file.string() + " is not a file that can be read again; leave --watch out",
                    bad_usage);
  }
  auto loaded = config::load(file, vocabulary());
  for (const auto& fault : loaded.faults) std::fprintf(stderr, "%s\n", config::format(fault).c_str());
  if (!loaded.settings) return bad_usage;

  Log log(loaded.settings->log);
  Telemetry telemetry(log);
  for (const auto& advice : advice_on(loaded)) loaded.warnings.push_back(advice);
  for (const auto& warning : loaded.warnings) {
    telemetry.emit(LogEvent::configuration_warning, "", config::format(warning));
  }
  config::Settings settings = std::move(*loaded.settings);
  const config::Sources sources = std::move(loaded.sources);
  loaded = {};  // the place of every key and the like would stay for as long as the program runs
  bool stdout_taken = writes_events_to_stdout(settings);
  Notify notify;
  Reload reload(file, telemetry, log, notify);
  reload.watch(sources);
  auto made = App::make(std::move(settings), telemetry);
  if (const auto* faults = std::get_if<App::Faults>(&made)) {
    if (signals.stops() > 0) {  // the stop ended the command of a sink's secret
      std::fprintf(stdout_taken ? stderr : stdout, "%s\n", to_line(Account{}).c_str());
      return ended_well;
    }
    for (const auto& fault : *faults)
      std::fprintf(stderr, "%s\n", text::printable(file.string() + ": " + fault).c_str());
    return bad_usage;
  }
  App& app = *std::get<std::unique_ptr<App>>(made);
  AdminPort port(
      app, telemetry, file, [&signals] { signals.wake(); },
      [&file](const std::filesystem::path& state) { return admin::run_file_places(state, known_as(file)); });
  announce(app, file, telemetry);
  if (const auto fault = port.open(); !fault.empty()) {
    std::fprintf(stderr, "%s\n", text::printable(file.string() + ": " + fault).c_str());
    return bad_usage;
  }
  app.report_left();
  app.start();
  notify.ready();
  const Watchdog watchdog(Notify::watchdog(), watchdog_actions(app, notify, telemetry));

  auto headline_at = std::chrono::steady_clock::now();
  auto status_at = std::chrono::steady_clock::now() + first_status;
  auto look_at = std::chrono::steady_clock::now() + files_every;
  bool worked = true;  // reading the configuration takes memory
  while (signals.stops() == 0) {
    if (std::exchange(worked, false)) give_back_memory();
    auto left = std::chrono::ceil<std::chrono::milliseconds>(status_at - std::chrono::steady_clock::now());
    if (app.changing()) left = std::min<std::chrono::milliseconds>(left, 10ms);
    left = std::min<std::chrono::milliseconds>(left, longest_sleep);
    if (left.count() > 0) signals.wait(static_cast<int>(left.count()));
    app.beat();
    if (std::chrono::steady_clock::now() >= status_at) {
      app.report_status();
      worked = true;
      status_at = std::chrono::steady_clock::now() + status_every;
    }
    if (Notify::wanted() && std::chrono::steady_clock::now() >= headline_at) {
      notify.status(app.headline());
      headline_at = std::chrono::steady_clock::now() + headline_every;
    }
    app.put_away();
    if (signals.take_reopen()) app.reopen();
    port.look();
    if (signals.take_reload() || port.reload_asked()) {
      port.answer(reload.run(app, port));
      worked = true;
    }
    if (watch && std::chrono::steady_clock::now() >= look_at) {
      worked = reload.look(app, port) || worked;
      look_at = std::chrono::steady_clock::now() + files_every;
    }
    stdout_taken = stdout_taken || writes_events_to_stdout(app.settings());
  }
  port.refuse_reloads("the program is stopping");
  const auto stop_timeout = app.settings().stop_timeout;
  notify.stopping(stop_timeout);
  notify.status("stopping: what has been accepted is delivered, for at most " + config::format(stop_timeout));
  telemetry.emit(LogEvent::program_stopping, "",
                 "draining for at most " + config::format(stop_timeout) + "; a second signal ends at once");
  app.stop(stop_timeout);
  app.wait([&] {
    if (signals.stops() > 1) app.stop(std::chrono::milliseconds(0));
  });

  const Account account = app.account();
  app.report_losses();
  app.report_latency();
  const auto numbers = counts(account);
  telemetry.emit(LogEvent::program_stopped, "", how_it_ended(account), {numbers.begin(), numbers.end()});
  // A JSON-lines sink on standard output keeps it to itself, also when it came or went by a reload.
  std::fprintf(stdout_taken ? stderr : stdout, "%s\n", to_line(account).c_str());
  const int code = account.lost() == 0 ? ended_well : failed;
  signals.leave(code, put_away);
  return code;
}

}  // namespace tributary::daemon
