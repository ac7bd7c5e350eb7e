#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <stdexcept>

#include "connectors/registry.hpp"
#include "connectors/simulators.hpp"
#include "daemon/commands.hpp"
#include "daemon/signals.hpp"
#include "daemon/written_log.hpp"
#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

/// Settings of the command line come back in it.
void write_line(const std::string& what) { std::fprintf(stderr, "%s\n", text::printable(what).c_str()); }

}  // namespace

bool has_simulators() { return true; }

std::string behaviours_text(const std::string& connector) {
  std::string text;
  const bool one = connectors::find_simulator(connector) != nullptr;
  for (const auto& entry : connectors::simulators()) {
    if (one && entry.name != connector) continue;
    text += "Behaviours of " + std::string(entry.name) + " (--set NAME=VALUE):\n";
    for (const auto& behaviour : entry.behaviours()) {
      std::string left = "  " + std::string(behaviour.name) + "=" + std::string(behaviour.value);
      if (left.size() < 34) left.resize(34, ' ');
      text += left + " " + std::string(behaviour.text) + "\n";
    }
  }
  return text;
}

int simulate_command(const SimulateOptions& options) {
  const auto* entry = connectors::find(options.connector);
  if (entry == nullptr) {
    std::string known;
    for (const auto& each : connectors::registry()) known.append(" ").append(each.name);
    return complain("there is no connector `" + options.connector + "`; there are:" + known, bad_usage);
  }
  Signals signals;
  boost::asio::io_context io{1};
  connectors::SimulatorOptions simulator_options;
  simulator_options.host = options.host;
  simulator_options.port = options.port;
  simulator_options.seed = options.seed;
  simulator_options.rate = options.rate;
  simulator_options.count = options.count;
  simulator_options.behaviours = options.behaviours;
  simulator_options.certificate = options.certificate;
  simulator_options.key = options.key;
  WrittenLog written(options.written);
  simulator_options.written = written.observer(options.connector);
  std::unique_ptr<connectors::Simulator> simulator;
  try {
    simulator = connectors::find_simulator(options.connector)->make(io, simulator_options);
    simulator->start();
  } catch (const std::invalid_argument& wrong) {
    return complain(wrong.what(), bad_usage);
  } catch (const boost::system::system_error& refused) {
    return complain("cannot listen on " + options.host + " port " + std::to_string(options.port) + ": " +
                        refused.code().message() + "; give another --host or --port",
                    failed);
  }
  write_line("listening on " + simulator->url());
  write_line("a connector for it, below `connectors:`");
  write_line("  " + std::string(entry->example_name) + ": " + simulator->connector_yaml());
  const auto end = options.time ? std::chrono::steady_clock::now() + *options.time : event::SteadyTime::max();
  while (signals.stops() == 0 && std::chrono::steady_clock::now() < end) {
    io.run_for(std::chrono::milliseconds(50));
    io.restart();
  }
  simulator->stop();
  io.run_for(std::chrono::milliseconds(200));
  written.flush();
  write_line(simulator->account());
  return ended_well;
}

}  // namespace tributary::daemon
