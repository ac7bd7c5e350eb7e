#include "daemon/reload.hpp"

#include <string_view>
#include <system_error>
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

Reload::Outcome Reload::run(App& app, AdminPort& port) {
  notify_.reloading();
  app.busy(patience);
  std::error_code odd;
  const bool readable = std::filesystem::is_regular_file(file_, odd) || !std::filesystem::exists(file_, odd);
  auto outcome = !readable ? refuse({file_.string() + ": not a regular file: it might never end"})
                           : use(config::load(file_, vocabulary()), app, port);
  app.busy(std::chrono::milliseconds(0));
  notify_.ready();  // also when it was refused: it runs
  return outcome;
}

bool Reload::look(App& app, AdminPort& port) {
  if (!watch_.changed(look_at(watch_.paths()))) return false;
  const auto sources = config::load(file_, vocabulary()).sources;
  if (sources.digest != digest_) {
    port.answer(run(app, port));
  } else {
    note(sources);  // written anew, and the same; or a fault that is told already
  }
  return true;
}

void Reload::note(const config::Sources& sources) {
  watch_.follow(sources.paths);
  digest_ = sources.digest;
}

Reload::Outcome Reload::use(config::Loaded loaded, App& app, AdminPort& port) {
  note(loaded.sources);
  std::vector<std::string> faults;
  for (const auto& fault : loaded.faults) faults.push_back(config::format(fault));
  if (!loaded.settings) return refuse(std::move(faults));
  const auto advice = advice_on(loaded);
  const config::Log log = loaded.settings->log;
  if (auto fault = port.prepare(loaded.settings->admin); !fault.empty()) return refuse({std::move(fault)});
  const auto applied = app.apply(std::move(*loaded.settings));
  if (const auto* unmade = std::get_if<App::Faults>(&applied)) {
    port.discard();
    return refuse(*unmade);
  }
  log_.use(log);
  for (const auto& warning : loaded.warnings) {
    telemetry_.emit(LogEvent::configuration_warning, "", config::format(warning));
  }
  for (const auto& warning : advice) telemetry_.emit(LogEvent::configuration_warning, "", config::format(warning));
  auto outcome = tell(std::get<Changes>(applied));
  port.commit();
  app.report_left();
  return outcome;
}

void Reload::tell(const std::string& subject, const std::string& what, Outcome& outcome) {
  telemetry_.emit(LogEvent::reloaded, subject, what);
  outcome.words.append(outcome.words.empty() ? "" : "; ").append(subject.empty() ? "" : subject + ": ").append(what);
}

Reload::Outcome Reload::tell(const Changes& changes) {
  Outcome outcome{true, {}, {}};
  if (changes.none()) tell("", "nothing has changed", outcome);
  for (const auto& change : changes.connectors) tell(change.connector, words(change), outcome);
  for (const auto& change : changes.sinks) tell(change.sink, words(change), outcome);
  if (!changes.keys.empty()) tell("", "changed: " + joined(changes.keys), outcome);
  return outcome;
}

Reload::Outcome Reload::refuse(std::vector<std::string> faults) {
  for (const auto& why : faults) {
    telemetry_.emit(LogEvent::reload_refused, "", why + "; the running configuration goes on");
  }
  return {false, {}, std::move(faults)};
}

}  // namespace tributary::daemon
