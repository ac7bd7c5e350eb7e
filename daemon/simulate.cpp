#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <cstdio>
#include <stdexcept>

#include "connectors/registry.hpp"
#include "daemon/commands.hpp"
#include "daemon/signals.hpp"
#include "daemon/written_log.hpp"

namespace tributary::daemon {
int simulate_command(const SimulateOptions& options) {
  const auto* entry = connectors::find(options.connector);
  if (entry == nullptr) {
    std::fprintf(stderr, "tributary: there is no connector `%s`; there are:", options.connector.c_str());
    for (const auto& known : connectors::registry()) std::fprintf(stderr, " %s", std::string(known.name).c_str());
    std::fprintf(stderr, "\n");
    return bad_usage;
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
    simulator = entry->simulator(io, simulator_options);
    simulator->start();
  } catch (const std::invalid_argument& wrong) {
    std::fprintf(stderr, "tributary: %s\n", wrong.what());
    return bad_usage;
  } catch (const boost::system::system_error& refused) {
    std::fprintf(stderr, "tributary: cannot listen on %s port %u: %s; give another --host or --port\n",
                 options.host.c_str(), static_cast<unsigned>(options.port), refused.code().message().c_str());
    return failed;
  }
  std::fprintf(stderr, "listening on %s\n", simulator->url().c_str());
  std::fprintf(stderr, "a connector for it: %s\n", simulator->connector_yaml().c_str());
  const auto end = options.time ? std::chrono::steady_clock::now() + *options.time : event::SteadyTime::max();
  while (signals.stops() == 0 && std::chrono::steady_clock::now() < end) {
    io.run_for(std::chrono::milliseconds(50));
    io.restart();
  }
  simulator->stop();
  io.run_for(std::chrono::milliseconds(200));
  written.flush();
  std::fprintf(stderr, "%s\n", simulator->account().c_str());
  return ended_well;
}

}  // namespace tributary::daemon
