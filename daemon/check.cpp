#include "config/load.hpp"
#include "config/secret.hpp"
#include "connectors/link/credential.hpp"
#include "connectors/link/link.hpp"
#include "connectors/registry.hpp"
#include "daemon/advice.hpp"
#include "daemon/check_connect.hpp"
#include "daemon/check_report.hpp"
#include "daemon/check_try.hpp"
#include "daemon/commands.hpp"
#include "daemon/disk.hpp"
#include "daemon/signals.hpp"
#include "daemon/status.hpp"
#include "daemon/vocabulary.hpp"
#include "net/tls.hpp"
#include "sinks/registry.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

/// Every secret must be readable. A JWT says when it expires; one that cannot change while the program runs is told of.
void check_secrets(const config::Loaded& loaded, CheckReport& report) {
  const config::SecretReader reader;
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  for (const auto& named : loaded.secrets) {
    const auto read = reader.read(named.secret, config::lines_of(named.path));
    if (const auto* fault = std::get_if<config::SecretFault>(&read)) {
      report.bad(config::Fault{named.place, named.path, fault->message});
      continue;
    }
    const auto claims = connectors::claims_of(std::get<config::SecretValue>(read).reveal());
    if (!claims.odd_expiry.empty()) {
      report.warn(config::Fault{named.place, named.path,
                                "the token's `exp` is " + std::string(text::clip(claims.odd_expiry, 60)) +
                                    ", expected " + std::string(connectors::odd_expiry_expected) +
                                    ": nobody is told before it expires"});
    }
    const auto& expires = claims.expires;
    if (!expires) continue;
    using Kind = config::Secret::Kind;
    const bool fixed = named.secret.kind == Kind::env || named.secret.kind == Kind::credential;
    if (*expires <= now) {
      report.warn(config::Fault{named.place, named.path, "a token that has expired at " + text::to_text(*expires)});
    } else if (fixed) {
      report.warn(config::Fault{named.place, named.path,
                                "a token that expires at " + text::to_text(*expires) +
                                    ", and cannot be renewed while the program runs: use {file} or {command}"});
    }
  }
}

/// With a certificate that cannot be used, none of the connector's dials would come through; the file may yet appear.
void check_certificates(const config::Settings& settings, CheckReport& report) {
  for (const auto& connector : settings.connectors) {
    if (!connector.enabled) continue;
    std::string fault;
    const auto& tls = connector.as<connectors::Settings>().common.tls;
    if (!net::client_tls_context(connectors::tls_settings(tls), fault)) {
      report.warn("connectors." + config::path_element(connector.name) + ".tls", fault);
    }
  }
}

/// What only shows when a sink is made: that it cannot be, from settings which are right one by one.
void check_sinks(const config::Settings& settings, CheckReport& report) {
  for (const auto& sink : settings.sinks) {
    const auto* type = sinks::find(sink.type);  // none: it is its connector's, which is looked at as such
    const auto fault_of = type != nullptr ? type->fault : nullptr;
    if (const auto fault = fault_of != nullptr ? fault_of(sink) : std::string(); !fault.empty()) {
      report.bad("sinks." + config::path_element(sink.name), fault);
    }
  }
}

/// A directory that was asked for must be usable; without the usual one the program runs, and keeps nothing.
void check_directory(const config::Settings& settings, CheckReport& report) {
  if (!Disk::needed(settings)) return;
  const auto fault = Disk::fault_of(settings);
  if (fault.empty()) {
    for (const auto& refused : Disk::faults_of_files(settings)) report.bad("spool.directory", refused);
    if (const auto holder = Disk::holder_of(settings); !holder.empty()) {
      report.warn("spool.directory", settings.spool.directory.resolved.string() + " is in use by process " + holder +
                                         ": as it should be when that is the relay of this configuration; another one "
                                         "needs a directory of its own");
    }
    return;
  }
  if (settings.spool.written) return report.bad("spool.directory", fault);
  report.warn("spool.directory", fault +
                                     ": nothing is kept on disk, so that a crash loses what Kafka has not "
                                     "acknowledged; make it for the user who runs the program, or name another");
}

}  // namespace

int check_command(const std::filesystem::path& file, bool connect, std::chrono::milliseconds timeout,
                  const std::filesystem::path& try_file) {
  const Signals signals(Signals::Stops::obeyed);  // with it end the commands of secrets
  const auto loaded = config::load(file, vocabulary());
  CheckReport report(loaded);
  for (const auto& warning : loaded.warnings) report.warn(warning);
  for (const auto& fault : loaded.faults) report.bad(fault);
  check_secrets(loaded, report);
  if (loaded.settings) {
    for (const auto& advice : advice_on(loaded)) report.warn(advice);
    check_certificates(*loaded.settings, report);
    check_sinks(*loaded.settings, report);
    check_directory(*loaded.settings, report);
  }
  if (report.faults() != 0) return answered(bad_usage);
  report.good("", file.string() + ": " + counted(loaded.settings->connectors.size(), "connector") + ", " +
                      counted(loaded.settings->sinks.size(), "sink") + ", " +
                      counted(loaded.settings->routes.size(), "route"));
  int odd_lines = 0;
  if (!try_file.empty()) {
    try {
      odd_lines = check_try(*loaded.settings, try_file);
    } catch (const std::runtime_error& fault) {
      std::fflush(stdout);
      return complain(fault.what(), failed);
    }
  }
  if (!connect) return answered(odd_lines == 0 ? ended_well : failed);
  check_connect(*loaded.settings, timeout, report);
  return answered(report.faults() == 0 && odd_lines == 0 ? ended_well : failed);
}

}  // namespace tributary::daemon
