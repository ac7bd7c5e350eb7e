#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

#include "config/load.hpp"
#include "daemon/advice.hpp"
#include "daemon/app.hpp"
#include "daemon/commands.hpp"
#include "daemon/heap.hpp"
#include "daemon/reload.hpp"
#include "daemon/signals.hpp"
#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

bool writes_events_to_stdout(const config::Settings& settings) {
  for (const auto& sink : settings.sinks) {
    if (sink.type == "stdout") return true;
  }
  return false;
}

void announce(const config::Settings& settings, Telemetry& telemetry) {
  std::string text = "connectors: " + std::to_string(settings.connectors.size()) +
                     ", sinks: " + std::to_string(settings.sinks.size()) +
                     ", routes: " + std::to_string(settings.routes.size());
  telemetry.emit(Signal::program_started, "", text, {{"instance", settings.instance}});
}

}  // namespace

int run_command(const std::filesystem::path& file) {
  Signals signals;
  auto loaded = config::load(file, vocabulary());
  for (const auto& fault : loaded.faults) std::fprintf(stderr, "%s\n", config::format(fault).c_str());
  if (!loaded.settings) return bad_usage;

  Log log(loaded.settings->log);
  Telemetry telemetry(log);
  for (const auto& advice : advice_on(loaded)) loaded.warnings.push_back(advice);
  for (const auto& warning : loaded.warnings) {
    telemetry.emit(Signal::configuration_warning, "", config::format(warning));
  }
  config::Settings settings = std::move(*loaded.settings);
  loaded = {};  // the place of every key and the like would stay for as long as the program runs
  const auto stop_timeout = settings.stop_timeout;
  const bool stdout_taken = writes_events_to_stdout(settings);
  Reload reload(file, telemetry);
  auto made = App::make(std::move(settings), telemetry);
  if (const auto* faults = std::get_if<App::Faults>(&made)) {
    for (const auto& fault : *faults) std::fprintf(stderr, "%s: %s\n", file.c_str(), fault.c_str());
    return bad_usage;
  }
  App& app = *std::get<std::unique_ptr<App>>(made);
  announce(app.settings(), telemetry);
  app.start();

  while (signals.stops() == 0) {
    give_back_memory();  // what reading the configuration took
    signals.wait(60'000);
    if (signals.take_reopen()) app.reopen();
    if (signals.take_reload()) reload.run(app);
  }
  telemetry.emit(Signal::program_stopping, "",
                 "draining for at most " + config::format(stop_timeout) + "; a second signal ends at once");
  app.stop(stop_timeout);
  app.wait([&] {
    if (signals.stops() > 1) app.stop(std::chrono::milliseconds(0));
  });

  const Account account = app.account();
  app.report_losses();
  app.report_latency();
  telemetry.emit(Signal::program_stopped, "", how_it_ended(account));
  // A JSON-lines sink on standard output keeps it to itself.
  std::fprintf(stdout_taken ? stderr : stdout, "%s\n", to_line(account).c_str());
  return account.lost() == 0 ? ended_well : failed;
}

}  // namespace tributary::daemon
