#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstdio>
#include <future>
#include <thread>
#include <utility>

#include "admin/run_file.hpp"
#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "connectors/simulators.hpp"
#include "daemon/admin_port.hpp"
#include "daemon/app.hpp"
#include "daemon/commands.hpp"
#include "daemon/listener.hpp"
#include "daemon/running.hpp"
#include "daemon/screen.hpp"
#include "daemon/signals.hpp"
#include "daemon/vocabulary.hpp"
#include "daemon/written_log.hpp"
#include "sinks/kafka/embedded_broker.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view hall_template = "{data.displayName} tipped {data.amount} {data.currency}";

/// What the simulators do beside showing their events.
connectors::SimulatorOptions options_of(std::string_view kind) {
  connectors::SimulatorOptions options;
  if (kind == "stagecast") options.behaviours["tokens"] = "demo-token";  // only who is recognised may speak there
  return options;
}

/// One simulator of every kind there is, and a listener where the relay speaks, together on a thread of their own.
/// Thread: main.
class Upstreams {
 public:
  explicit Upstreams(const DemoOptions& demo) : written_(demo.written) {
    const auto kinds = connectors::registry();
    for (const connectors::Entry& entry : kinds) {
      auto options = options_of(entry.name);
      options.rate = demo.rate / static_cast<double>(kinds.size());
      options.seed = demo.seed;
      options.written = written_.observer(std::string(entry.name));
      auto simulator = connectors::find_simulator(entry.name)->make(io_, options);
      simulator->start();
      std::unique_ptr<Listener> listener;
      if (const auto url = simulator->listener_url(); !url.empty()) listener = std::make_unique<Listener>(io_, url);
      shown_.push_back({entry, std::move(simulator), std::move(listener), {}});
    }
    thread_ = std::thread([this] { io_.run(); });
    for (const Shown& each : shown_) {
      if (each.listener) each.listener->wait_until_open(listener_patience);
    }
  }
  ~Upstreams() {
    stop();
    io_.stop();
    thread_.join();
  }
  struct Shown {
    const connectors::Entry& entry;
    std::unique_ptr<connectors::Simulator> simulator;
    std::unique_ptr<Listener> listener;  ///< may be null
    std::string account;                 ///< once stopped
  };
  const std::vector<Shown>& all() const { return shown_; }
  /// Nothing more happens there; who is connected stays, and may speak.
  void end_shows() {
    ask([&] {
      for (Shown& each : shown_) each.simulator->end_show();
    });
  }
  /// Says goodbye to its clients, and waits until the listeners have heard everything.
  void stop() {
    if (std::exchange(stopped_, true)) return;
    ask([&] {
      for (Shown& each : shown_) {
        each.simulator->stop();
        each.account = each.simulator->account();
      }
      written_.flush();
    });
    for (const Shown& each : shown_) {
      if (each.listener) each.listener->wait_until_ended(listener_patience);
    }
  }

 private:
  static constexpr std::chrono::milliseconds listener_patience = 2s;

  template <class Step>
  void ask(Step step) {
    std::promise<void> done;
    boost::asio::post(io_, [&] {
      step();
      done.set_value();
    });
    done.get_future().wait();
  }

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
  text += "sinks:\n  events: {type: kafka, brokers: [\"" + broker + "\"], spool: {enabled: false}}\n";
  std::string channels;
  for (const auto& each : upstreams.all()) {
    if (!each.listener) continue;
    const std::string sink(each.entry.channel->example_name);
    text.append("  ").append(sink).append(": {type: ").append(each.entry.name);
    text.append(", connector: ").append(each.entry.example_name);
    if (each.entry.name == "stagecast") text.append(", format: text, template: \"").append(hall_template).append("\"");
    text += ", rate: {per_second: 1000, burst: 10000}}\n";  // every tip is said, however fast they come
    channels += (channels.empty() ? "" : ", ") + sink;
  }
  return text +
         "routes:\n"
         "  - {to: [events]}\n"
         "  - {from: [main-stage], types: [tip], to: [" +
         channels +
         "]}\n"
         "admin: {listen: \"127.0.0.1:0\"}\n"
         "log: {level: warn}\n";
}

std::vector<std::string> introduction(const Upstreams& upstreams, const std::string& broker, const std::string& admin) {
  std::vector<std::string> lines{"Tributary demo: everything runs in this one process."};
  if (!admin.empty()) lines.push_back("  dashboard  http://" + admin + "/");
  for (const auto& each : upstreams.all()) {
    lines.push_back("  upstream   " + each.simulator->url() + "  (a simulated " + std::string(each.entry.name) + ")");
  }
  for (const auto& each : upstreams.all()) {
    if (!each.listener) continue;
    lines.push_back("  listener   " + each.simulator->listener_url() + "  (hears the tips that the relay says there)");
  }
  lines.insert(
      lines.end(),
      {"  broker     " + broker + "  (embedded, speaks the Kafka protocol; keeps only the newest 5 MB per partition)",
       "  topic      stream.events, one record per event; the relay's own news are in stream.relay",
       "Read it from another shell:", "  kcat -b " + broker + " -C -t stream.events -o beginning -f 'key %k  %s\\n'",
       ""});
  return lines;
}

/// A line for each listener.
std::vector<std::string> heard_lines(const Upstreams& upstreams) {
  std::vector<std::string> lines;
  for (const auto& each : upstreams.all()) {
    if (!each.listener) continue;
    const auto heard = each.listener->heard();
    std::string line = "heard by a listener of " + std::string(each.entry.example_name) + ": ";
    line += std::to_string(heard.count);
    if (heard.count != 0) line += ", the last: " + heard.last;
    lines.push_back(std::move(line));
  }
  return lines;
}

/// `sink hall-screen: offered=… delivered=… sent=… dropped=… heard=… own_echo=…`: the book of each channel sink, what
/// its listener heard of it, and what the relay heard of it and left out.
void print_channels(const Upstreams& upstreams, const Books& books) {
  const auto ledger_of = [](const auto& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& book) { return book.name == name; });
    return found == all.end() ? decltype(found->ledger){} : found->ledger;
  };
  for (const auto& each : upstreams.all()) {
    if (!each.listener) continue;
    const std::string sink(each.entry.channel->example_name);
    const event::SinkLedger out = ledger_of(books.sinks, sink);
    const event::ConnectorLedger in = ledger_of(books.connectors, each.entry.example_name);
    const auto count = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
    std::printf("sink %s: offered=%llu delivered=%llu sent=%llu dropped=%llu heard=%llu own_echo=%llu\n", sink.c_str(),
                count(out.offered), count(out.delivered), count(out.sent), count(event::sum(out.dropped)),
                count(each.listener->heard().count),
                count(in.ignored[static_cast<std::size_t>(event::Ignored::own_echo)]));
  }
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
  auto made = App::make(std::move(*loaded.settings), telemetry);
  if (const auto* faults = std::get_if<App::Faults>(&made)) {
    for (const auto& fault : *faults) std::fprintf(stderr, "tributary demo: %s\n", fault.c_str());
    return failed;
  }
  App& app = *std::get<std::unique_ptr<App>>(made);
  // Its run file is not in the directory where a relay would look for its own.
  AdminPort port(
      app, telemetry, "demo.yaml", [] {},
      [](const std::filesystem::path&) { return admin::run_file_places({}, known_as("demo.yaml")); });
  port.refuse_reloads("the demo has no file to read again");
  if (const auto fault = port.open(); !fault.empty()) return complain("demo: " + fault, failed);
  Screen screen(introduction(upstreams, address, port.address()));
  app.taps().add([&screen](const event::EventPtr& event) { screen.add(event); });
  app.start();

  const auto begin = std::chrono::steady_clock::now();
  while (signals.stops() == 0 && (!options.time || std::chrono::steady_clock::now() - begin < *options.time)) {
    signals.wait(100);
    app.beat();
    screen.draw(app.account(), heard_lines(upstreams));
  }
  upstreams.end_shows();
  let_settle(app);
  app.stop(stop_timeout);
  app.wait([&] {
    if (signals.stops() > 1) app.stop(0ms);
  });
  upstreams.stop();  // last: until now the channel sinks had somebody to speak to
  const Account account = app.account();
  screen.draw(account, heard_lines(upstreams));
  for (const auto& each : upstreams.all()) {
    std::printf("simulated %s: %s\n", std::string(each.entry.name).c_str(), each.account.c_str());
  }
  print_channels(upstreams, app.books());
  std::printf("%s\n", to_line(account).c_str());
  const int code = account.balances() && account.lost() == 0 ? ended_well : failed;
  signals.leave(code, 2s);
  return code;
}

}  // namespace tributary::daemon
