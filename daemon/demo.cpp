#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <future>
#include <thread>

#include "config/load.hpp"
#include "connectors/registry.hpp"
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

/// A simulated upstream on a thread of its own. Thread: main.
class Upstream {
 public:
  Upstream(const connectors::Entry& entry, const DemoOptions& demo) : written_(demo.written) {
    connectors::SimulatorOptions options;
    options.rate = demo.rate;
    options.seed = demo.seed;
    options.written = written_.observer();
    simulator_ = entry.simulator(io_, options);
    simulator_->start();
    url_ = simulator_->url();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Upstream() {
    stop();
    io_.stop();
    thread_.join();
  }
  const std::string& url() const { return url_; }
  /// Says goodbye to its clients; everything it has written is on its way to them.
  void stop() {
    if (!simulator_ || stopped_) return;
    stopped_ = true;
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      simulator_->stop();
      events_ = simulator_->events_written();
      account_ = simulator_->account();
      written_.flush();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::uint64_t events() const { return events_; }
  const std::string& account() const { return account_; }

 private:
  WrittenLog written_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<connectors::Simulator> simulator_;
  std::string url_, account_;
  std::uint64_t events_ = 0;
  bool stopped_ = false;
  std::thread thread_;
};

std::string configuration(const std::string& url, const std::string& broker) {
  return "version: 1\n"
         "instance: demo\n"
         "connectors:\n"
         "  main-stage: {type: streamelements, url: \"" +
         url +
         "\", auth: {method: jwt, token: {value: demo-token}}}\n"
         "sinks:\n"
         "  events: {type: kafka, brokers: [\"" +
         broker +
         "\"]}\n"
         "routes:\n"
         "  - {to: [events]}\n"
         "log: {level: warn}\n";
}

std::vector<std::string> introduction(const std::string& url, const std::string& broker) {
  return {
      "Tributary demo: everything runs in this one process.",
      "  upstream   " + url + "  (a simulated StreamElements)",
      "  broker     " + broker + "  (embedded, speaks the Kafka protocol; keeps only the newest 5 MB per partition)",
      "  topic      stream.events, one record per event; the relay's own news are in stream.relay",
      "Read it from another shell:",
      "  kcat -b " + broker + " -C -t stream.events -o beginning -f 'key %k  %s\\n'",
      "",
  };
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
  Upstream upstream(*connectors::find("streamelements"), options);
  const std::string& address = broker.brokers().front();

  auto loaded = config::load_text(configuration(upstream.url(), address), "demo.yaml", vocabulary());
  for (const auto& fault : loaded.faults) std::fprintf(stderr, "%s\n", config::format(fault).c_str());
  if (!loaded.settings) return failed;
  Log log(loaded.settings->log);
  Telemetry telemetry(log);
  const auto stop_timeout = loaded.settings->stop_timeout;
  Screen screen(introduction(upstream.url(), address));
  auto made =
      App::make(std::move(*loaded.settings), telemetry, [&screen](const event::EventPtr& event) { screen.add(event); });
  if (const auto* faults = std::get_if<App::Faults>(&made)) {
    for (const auto& fault : *faults) std::fprintf(stderr, "tributary demo: %s\n", fault.c_str());
    return failed;
  }
  App& app = *std::get<std::unique_ptr<App>>(made);
  app.start();

  const auto begin = std::chrono::steady_clock::now();
  while (signals.stops() == 0 && (!options.time || std::chrono::steady_clock::now() - begin < *options.time)) {
    signals.wait(100);
    screen.draw(app.account());
  }
  log.quiet();  // the upstream's goodbye is no news
  upstream.stop();
  let_settle(app);
  app.stop(stop_timeout);
  app.wait([&] {
    if (signals.stops() > 1) app.stop(0ms);
  });
  const Account account = app.account();
  screen.draw(account);
  std::printf("simulator: %s\n%s\n", upstream.account().c_str(), to_line(account).c_str());
  return account.balances() && account.lost_at_stop() == 0 ? ended_well : failed;
}

}  // namespace tributary::daemon
