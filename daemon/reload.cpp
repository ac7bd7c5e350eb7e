#include "daemon/reload.hpp"

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/load.hpp"
#include "daemon/advice.hpp"
#include "daemon/vocabulary.hpp"

namespace tributary::daemon {
namespace {

/// Secrets of sinks are read on this thread, one after the other, and a command has its own time.
constexpr std::chrono::minutes patience{5};

std::string joined(const std::vector<std::string>& keys) {
  std::string all;
  for (const auto& key : keys) all.append(all.empty() ? "" : ", ").append(key);
  return all;
}

std::string words(const ConnectorChange& change) {
  switch (change.what) {
    case ConnectorChange::What::started:
      return "started";
    case ConnectorChange::What::stopped:
      return "stopped; its book stays in the account";
    case ConnectorChange::What::restarted:
      return "connects anew, changed: " + joined(change.keys);
    case ConnectorChange::What::adopted:
      return "keeps its connection, changed: " + joined(change.keys);
    case ConnectorChange::What::staying:
      return "stops as soon as the sinks that speak on it have said what they have; its book stays in the account";
  }
  return {};
}

std::string words(const SinkChange& change) {
  switch (change.what) {
    case SinkChange::What::started:
      return "started";
    case SinkChange::What::stopped:
      return "gets nothing new, and has `stop_timeout` to finish what it has";
    case SinkChange::What::replaced:
      return "made anew; what the old one has not delivered goes on in the new one, changed: " + joined(change.keys);
  }
  return {};
}

}  // namespace

void Reload::run(App& app) {
  notify_.reloading();
  app.busy(patience);
  use(config::load(file_, vocabulary()), app);
  app.busy(std::chrono::milliseconds(0));
  notify_.ready();  // also when it was refused: it runs
}

bool Reload::look(App& app) {
  if (!watch_.changed(look_at(watch_.paths()))) return false;
  const auto sources = config::load(file_, vocabulary()).sources;
  if (sources.digest != digest_) {
    run(app);
  } else {
    note(sources);  // written anew, and the same; or a fault that is told already
  }
  return true;
}

void Reload::note(const config::Sources& sources) {
  watch_.follow(sources.paths);
  digest_ = sources.digest;
}

void Reload::use(config::Loaded loaded, App& app) {
  note(loaded.sources);
  for (const auto& fault : loaded.faults) refuse(config::format(fault));
  if (!loaded.settings) return;
  const auto advice = advice_on(loaded);
  const config::Log log = loaded.settings->log;
  const auto applied = app.apply(std::move(*loaded.settings));
  if (const auto* faults = std::get_if<App::Faults>(&applied)) {
    for (const auto& fault : *faults) refuse(fault);
    return;
  }
  log_.use(log);
  for (const auto& warning : loaded.warnings) {
    telemetry_.emit(LogEvent::configuration_warning, "", config::format(warning));
  }
  for (const auto& warning : advice) telemetry_.emit(LogEvent::configuration_warning, "", config::format(warning));
  tell(std::get<Changes>(applied));
  app.report_left();
}

void Reload::tell(const Changes& changes) {
  if (changes.none()) return telemetry_.emit(LogEvent::reloaded, "", "nothing has changed");
  for (const auto& change : changes.connectors) telemetry_.emit(LogEvent::reloaded, change.connector, words(change));
  for (const auto& change : changes.sinks) telemetry_.emit(LogEvent::reloaded, change.sink, words(change));
  if (!changes.keys.empty()) telemetry_.emit(LogEvent::reloaded, "", "changed: " + joined(changes.keys));
}

void Reload::refuse(const std::string& why) {
  telemetry_.emit(LogEvent::reload_refused, "", why + "; the running configuration goes on");
}

}  // namespace tributary::daemon
