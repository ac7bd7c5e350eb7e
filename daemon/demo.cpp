#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <future>
#include <thread>
#include <utility>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "connectors/simulators.hpp"
#include "daemon/app.hpp"
#include "daemon/commands.hpp"
#include "daemon/screen.hpp"
#include "daemon/signals.hpp"
#include "daemon/vocabulary.hpp"
#include "daemon/written_log.hpp"
#include "sinks/kafka/embedded_broker.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// One simulator of every kind there is, together on a thread of their own. Thread: main.
class Upstreams {
 public:
  explicit Upstreams(const DemoOptions& demo) : written_(demo.written) {
    const auto kinds = connectors::registry();
    for (const connectors::Entry& entry : kinds) {
      connectors::SimulatorOptions options;
      options.rate = demo.rate / static_cast<double>(kinds.size());
      options.seed = demo.seed;
      options.written = written_.observer(std::string(entry.name));
      auto simulator = connectors::find_simulator(entry.name)->make(io_, options);
      simulator->start();
      shown_.push_back({entry, std::move(simulator), {}});
    }
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Upstreams() {
    stop();
    io_.stop();
    thread_.join();
  }
  struct Shown {
    const connectors::Entry& entry;
    std::unique_ptr<connectors::Simulator> simulator;
    std::string account;  ///< once stopped
  };
  const std::vector<Shown>& all() const { return shown_; }
  /// Says goodbye to its clients; everything it has written is on its way to them.
  void stop() {
    if (std::exchange(stopped_, true)) return;
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      for (Shown& each : shown_) {
        each.simulator->stop();
        each.account = each.simulator->account();
      }
      written_.flush();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  WrittenLog written_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<Shown> shown_;
  bool stopped_ = false;
  std::thread thread_;
};

std::string configuration(const Upstreams& upstreams, const std::string& broker) {
  std::string text =
      "version: 1\n"
      "instance: demo\n"
      "connectors:\n";
  for (const auto& each : upstreams.all()) {
    text.append("  ").append(each.entry.example_name).append(": ") += each.simulator->connector_yaml() + "\n";
  }
  return text +
         "sinks:\n"
         "  events: {type: kafka, brokers: [\"" +
         broker +
         "\"]}\n"
         "routes:\n"
         "  - {to: [events]}\n"
         "log: {level: warn}\n";
}

std::vector<std::string> introduction(const Upstreams& upstreams, const std::string& broker) {
  std::vector<std::string> lines{"Tributary demo: everything runs in this one process."};
  for (const auto& each : upstreams.all()) {
    lines.push_back("  upstream   " + each.simulator->url() + "  (a simulated " + std::string(each.entry.name) + ")");
  }
  lines.insert(
      lines.end(),
      {"  broker     " + broker + "  (embedded, speaks the Kafka protocol; keeps only the newest 5 MB per partition)",
       "  topic      stream.events, one record per event; the relay's own news are in stream.relay",
       "Read it from another shell:", "  kcat -b " + broker + " -C -t stream.events -o beginning -f 'key %k  %s\\n'",
       ""});
  return lines;
}

/// Until nothing new comes in: what the upstream wrote last has been read.
void let_settle(const App& app) {
  const auto end = std::chrono::steady_clock::now() + 2s;
  auto frames = app.account().connectors.frames;
  for (int quiet = 0; quiet < 10 && std::chrono::steady_clock::now() < end; ++quiet) {
    std::this_thread::sleep_for(10ms);
    const auto now = app.account().connectors.frames;
    if (now != frames) quiet = 0;
    frames = now;
  }
}

}  // namespace

int demo_command(const DemoOptions& options) {
  Signals signals;
  sinks::kafka::EmbeddedBroker broker;
  for (const char* topic : {"stream.events", "stream.dead-letter", "stream.relay"}) broker.create_topic(topic, 3);
  Upstreams upstreams(options);
  const std::string& address = broker.brokers().front();

  auto loaded = config::load_text(configuration(upstreams, address), "demo.yaml", vocabulary());
  for (const auto& fault : loaded.faults) std::fprintf(stderr, "%s\n", config::format(fault).c_str());
  if (!loaded.settings) return failed;
  Log log(loaded.settings->log);
  Telemetry telemetry(log);
  const auto stop_timeout = loaded.settings->stop_timeout;
  Screen screen(introduction(upstreams, address));
  auto made = App::make(std::move(*loaded.settings), telemetry);
  if (const auto* faults = std::get_if<App::Faults>(&made)) {
    for (const auto& fault : *faults) std::fprintf(stderr, "tributary demo: %s\n", fault.c_str());
    return failed;
  }
  App& app = *std::get<std::unique_ptr<App>>(made);
  app.taps().add([&screen](const event::EventPtr& event) { screen.add(event); });
  app.start();

  const auto begin = std::chrono::steady_clock::now();
  while (signals.stops() == 0 && (!options.time || std::chrono::steady_clock::now() - begin < *options.time)) {
    signals.wait(100);
    screen.draw(app.account());
  }
  log.quiet();  // the upstreams' goodbye is no news
  upstreams.stop();
  let_settle(app);
  app.stop(stop_timeout);
  app.wait([&] {
    if (signals.stops() > 1) app.stop(0ms);
  });
  const Account account = app.account();
  screen.draw(account);
  for (const auto& each : upstreams.all()) {
    std::printf("simulated %s: %s\n", std::string(each.entry.name).c_str(), each.account.c_str());
  }
  std::printf("%s\n", to_line(account).c_str());
  const int code = account.balances() && account.lost() == 0 ? ended_well : failed;
  signals.leave(code, 2s);
  return code;
}

}  // namespace tributary::daemon
