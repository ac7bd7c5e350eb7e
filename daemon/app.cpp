#include "daemon/app.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>
#include <iterator>
#include <map>
#include <random>
#include <string_view>

#include "connectors/registry.hpp"
#include "daemon/sink_words.hpp"
#include "daemon/status.hpp"
#include "sinks/registry.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// Of `stop_timeout`, what connectors may use for their farewell.
constexpr std::chrono::milliseconds farewell = 2s;

/// A sink that is full for longer, or than `limits.pause`, needs a person.
constexpr std::chrono::milliseconds longest_full = 1min;

/// The id of this start: the time in the 10 characters of a ULID, and 16 random bits in Crockford's base 32.
std::string new_run() {
  static constexpr char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
  std::string run(10, '0');
  for (std::size_t i = run.size(); i-- > 0; ms /= 32) run[i] = digits[ms % 32];
  std::random_device random;
  for (int i = 0; i < 3; ++i) run += digits[random() % 32];
  return run;
}

relay::OnFailure on_failure(sinks::OnFailure policy) {
  switch (policy) {
    case sinks::OnFailure::dead_letter:
      return relay::OnFailure::dead_letter;
    case sinks::OnFailure::drop:
      return relay::OnFailure::drop;
    case sinks::OnFailure::forward:
      return relay::OnFailure::forward;
  }
  return relay::OnFailure::dead_letter;
}

}  // namespace

App::App(config::Settings settings, Telemetry& telemetry)
    : settings_(std::move(settings)), telemetry_(telemetry), budget_(settings_.limits.dials_per_second) {}

std::variant<std::unique_ptr<App>, App::Faults> App::make(config::Settings settings, Telemetry& telemetry,
                                                          const Tap& tap) {
  std::unique_ptr<App> app(new App(std::move(settings), telemetry));
  auto faults = app->build(tap);
  if (!faults.empty()) return faults;
  return app;
}

App::Faults App::build_sinks(std::vector<relay::Target>& targets) {
  Faults faults;
  std::uint64_t memory = 0;
  for (const auto& named : settings_.sinks) {
    auto& reporter = sink_reporters_.emplace_back(std::make_unique<SinkReporter>(telemetry_, named.name));
    auto [downstream, handling, fault] = sinks::find(named.type)->build(named, *reporter);
    if (!downstream) {
      faults.push_back("sinks." + named.name + ": " + fault);
      continue;
    }
    relay::Outbox::Settings outbox;
    outbox.memory = handling.memory;
    outbox.acknowledges = downstream->acknowledges();
    outbox.opens_with_one = downstream->opens_with_one();
    const SinkFacts facts{outbox.memory, connectors_feeding(deliveries_.size())};
    deliveries_.push_back(std::make_unique<relay::Delivery>(
        named.name, std::move(downstream), outbox,
        [this, facts, &told = *reporter](const std::string& sink, const relay::SinkAlert& alert) {
          report(telemetry_, sink, facts, alert, told.told_missing(alert.stream));
        },
        std::min<std::chrono::milliseconds>(longest_full, settings_.limits.pause)));
    relay::Target target;
    target.delivery = deliveries_.back().get();
    target.on_failure = on_failure(handling.validation.on_failure);
    target.is_streamelements = handling.validation.schema == "streamelements";
    auto schema = sinks::schema_named(handling.validation.schema);
    if (auto* problem = std::get_if<std::string>(&schema)) {
      faults.push_back("sinks." + named.name + ".validation.schema: " + *problem);
      continue;
    }
    target.schema = std::get<schema::Schema>(std::move(schema));
    targets.push_back(std::move(target));
    memory += outbox.memory;
  }
  if (memory > settings_.limits.memory.bytes) {
    telemetry_.emit(
        Signal::configuration_warning, "",
        "the sinks' memory adds up to " + config::format(config::Size{memory}) + ", more than limits.memory");
  }
  return faults;
}

std::vector<relay::Route> App::routes() const {
  std::vector<relay::Route> routes;
  for (const auto& written : settings_.routes) {
    relay::Route route{written.from, written.types, {}};
    for (std::size_t i = 0; i < settings_.sinks.size(); ++i) {
      for (const auto& to : written.to) {
        if (to == settings_.sinks[i].name) route.to.set(i);
      }
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

/// How many connectors have a route to this sink.
std::size_t App::connectors_feeding(std::size_t sink) const {
  const auto all = routes();
  return static_cast<std::size_t>(
      std::count_if(settings_.connectors.begin(), settings_.connectors.end(),
                    [&](const auto& connector) { return relay::RoutesFrom(all, connector.name).any()[sink]; }));
}

App::Faults App::build(const Tap& tap) {
  if (settings_.sinks.size() > relay::most_sinks) {
    return {"sinks: at most " + std::to_string(relay::most_sinks) + " are possible"};
  }
  // 1. the sinks, which everything else feeds
  std::vector<relay::Target> targets;
  if (auto faults = build_sinks(targets); !faults.empty()) return faults;
  // 2. the schema behind ce_streamelements, and the name of this start
  const auto streamelements = std::get<schema::Schema>(sinks::schema_named("streamelements"));
  run_id_ = new_run();
  std::set<std::string> unverified;
  for (auto& connector : settings_.connectors) {
    auto& connector_settings = dynamic_cast<connectors::Settings&>(*connector.settings);
    connector_settings.nesting = settings_.limits.nesting;
    if (connector_settings.common.tls.insecure) unverified.insert(connector.name);
  }
  // 3. the io threads, each with a pipeline and a supervisor of its own
  for (std::uint32_t i = 0; i < settings_.io_threads; ++i) {
    auto stage = std::make_unique<Stage>();
    stage->reporter = std::make_unique<ConnectorReporter>(telemetry_, unverified);
    stage->pipeline = std::make_unique<relay::Pipeline>(targets, routes(), streamelements, run_id_, tap);
    stage->supervisor = std::make_unique<Supervisor>(Supervisor::Surroundings{
        stage->io, workers_, budget_, *stage->pipeline, *stage->reporter, telemetry_, settings_.limits});
    stages_.push_back(std::move(stage));
  }
  // 4. room in a sink wakes the connectors that wait for it
  for (auto& delivery : deliveries_) {
    delivery->on_room([this] {
      for (auto& stage : stages_) boost::asio::post(stage->io, [&stage = *stage] { stage.supervisor->room(); });
    });
  }
  return {};
}

App::~App() {
  if (started_ && !draining_) {
    stop(0ms);
    wait([] {});
  }
}

void App::start() {
  started_ = true;
  for (auto& delivery : deliveries_) delivery->start();
  // A connector stays with its thread for life.
  std::vector<std::vector<config::NamedSettings*>> shares(stages_.size());
  for (std::size_t i = 0; i < settings_.connectors.size(); ++i) {
    shares[i % stages_.size()].push_back(&settings_.connectors[i]);
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    stages_[i]->supervisor->want(shares[i]);
    stages_[i]->thread = std::thread([this, &stage = *stages_[i]] { run(stage); });
  }
}

/// What escapes one connector's call-back must not end the others.
void App::run(Stage& stage) {
  for (;;) {
    try {
      stage.io.run();
      return;
    } catch (const std::exception& broken) {
      telemetry_.emit(Signal::internal_error, "", broken.what());
    }
  }
}

void App::stop(std::chrono::milliseconds timeout) {
  const auto by = std::chrono::steady_clock::now() + timeout;
  if (stopping_) {
    stop_by_ = std::min(stop_by_, by);
    for (auto& delivery : deliveries_) delivery->stop(timeout);
    return;
  }
  stopping_ = true;
  stop_by_ = by;
  for (auto& stage : stages_) {
    boost::asio::post(stage->io, [&stage = *stage, timeout] {
      stage.supervisor->stop(std::min(timeout, farewell), [&stage] { stage.quiet = true; });
    });
  }
}

void App::wait(const std::function<void()>& look) {
  const auto all = [](const auto& parts, auto done) {
    return std::all_of(parts.begin(), parts.end(), [&](const auto& part) { return done(*part); });
  };
  const auto left = [this] {
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(stop_by_ - std::chrono::steady_clock::now()));
  };
  while (!all(stages_, [](const Stage& stage) { return stage.quiet.load(); }) && left() > 0ms) {
    look();
    std::this_thread::sleep_for(5ms);
  }
  // The io threads end before the sinks drain: nothing is offered any more, the books of connectors are closed.
  for (auto& stage : stages_) {
    stage->io.stop();
    if (stage->thread.joinable()) stage->thread.join();
    stage->supervisor->settle();
  }
  draining_ = true;
  for (auto& delivery : deliveries_) delivery->stop(left());
  while (!all(deliveries_, [](const relay::Delivery& delivery) { return delivery.stopped(); })) {
    look();
    std::this_thread::sleep_for(5ms);
  }
  for (auto& delivery : deliveries_) delivery->join();
}

void App::reopen() {
  for (auto& delivery : deliveries_) delivery->reopen();
}

std::vector<std::string> App::adopt(std::vector<config::NamedSettings> changed) {
  std::map<std::string_view, std::size_t> indices;
  for (std::size_t i = 0; i < settings_.connectors.size(); ++i) indices.emplace(settings_.connectors[i].name, i);
  const auto index_of = [&indices](const std::string& name) { return indices.at(name); };
  const auto on = [](Stage& stage, auto question) {
    std::packaged_task<bool()> task(std::move(question));
    auto answer = task.get_future();
    boost::asio::post(stage.io, [task = std::move(task)]() mutable { task(); });
    return answer;
  };
  // Asked first of all, then done: the threads answer in a moment, and nothing else is asked of them meanwhile.
  std::vector<std::string> unable;
  for (auto& named : changed) {
    auto& settings = dynamic_cast<connectors::Settings&>(*named.settings);
    settings.nesting = settings_.limits.nesting;
    Stage& stage = stage_of(index_of(named.name));
    auto answer = on(stage, [&] { return stage.supervisor->can_adopt(named.name, settings); });
    if (!answer.get()) unable.push_back(named.name);
  }
  if (!unable.empty()) return unable;
  for (auto& named : changed) {
    Stage& stage = stage_of(index_of(named.name));
    auto done = on(stage, [&] { return stage.supervisor->adopt(named.name, std::move(named.settings)); });
    if (!done.get()) unable.push_back(named.name);
  }
  return unable;
}

Account App::account() const {
  Account account;
  for (const auto& stage : stages_) account.connectors += stage->supervisor->ledger();
  for (const auto& delivery : deliveries_) account.sinks += delivery->ledger();
  return account;
}

void App::report_status() {
  std::vector<ConnectorStanding> connectors;
  for (auto& stage : stages_) {
    auto answer = std::make_shared<std::promise<std::vector<ConnectorStanding>>>();
    auto standings = answer->get_future();
    boost::asio::post(stage->io, [&stage = *stage, answer] { answer->set_value(stage.supervisor->standings()); });
    if (standings.wait_for(1s) != std::future_status::ready) continue;  // a thread that is busy is not waited for
    auto some = standings.get();
    std::move(some.begin(), some.end(), std::back_inserter(connectors));
  }
  std::vector<SinkStanding> sinks;
  for (const auto& delivery : deliveries_) {
    const auto ledger = delivery->ledger();
    sinks.push_back({delivery->name(), ledger.delivered + ledger.sent, ledger.in_flight});
  }
  report(telemetry_, connectors, sinks);
}

void App::report_losses() const {
  for (const auto& delivery : deliveries_) {
    report(telemetry_, delivery->name(), delivery->ledger(), delivery->stuck());
  }
}

void App::report_latency() const {
  for (const auto& delivery : deliveries_) report(telemetry_, delivery->name(), delivery->latency());
}

}  // namespace tributary::daemon
