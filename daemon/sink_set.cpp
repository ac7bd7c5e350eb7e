#include "daemon/sink_set.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "config/load.hpp"
#include "daemon/sink_words.hpp"
#include "sinks/registry.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using Became = SinkChange::What;

/// A sink that is full for longer, or than `limits.pause`, needs a person.
constexpr std::chrono::milliseconds longest_full = 1min;

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

/// The routes of the file, by the places of sinks in it.
std::vector<relay::Route> routes_of(const config::Settings& settings) {
  std::vector<relay::Route> routes;
  for (const auto& written : settings.routes) {
    relay::Route route{written.from, written.types, {}};
    for (std::size_t i = 0; i < settings.sinks.size(); ++i) {
      for (const auto& to : written.to) {
        if (to == settings.sinks[i].name) route.to.set(i);
      }
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

/// How many connectors have a route to the sink at this place.
std::size_t connectors_feeding(const config::Settings& settings, const std::vector<relay::Route>& routes,
                               std::size_t sink) {
  return static_cast<std::size_t>(
      std::count_if(settings.connectors.begin(), settings.connectors.end(), [&](const auto& connector) {
        return connector.enabled && relay::RoutesFrom(routes, connector.name).any()[sink];
      }));
}

}  // namespace

/// One sink at work. Its reporter outlives its wire.
struct SinkSet::Sink {
  config::NamedSettings settings;
  std::chrono::milliseconds patience{0};
  std::atomic<std::size_t> feeding{0};  ///< how many connectors have a route to it
  std::unique_ptr<SinkReporter> reporter;
  std::shared_ptr<relay::Delivery> delivery;
  relay::Target target;
  std::size_t memory = 0;
};

struct SinkSet::Plan {
  struct Place {
    SinkPtr sink;
    SinkPtr before;  ///< that it takes the place of; itself when it has not changed
    std::vector<std::string> keys;
  };
  std::vector<Place> places;
  std::vector<relay::Route> routes;
};

SinkSet::SinkSet(Telemetry& telemetry, std::function<void()> room) : telemetry_(telemetry), room_(std::move(room)) {}
SinkSet::~SinkSet() = default;

std::variant<SinkSet::SinkPtr, std::string> SinkSet::make(const config::NamedSettings& settings,
                                                          std::chrono::milliseconds patience) {
  auto sink = std::make_shared<Sink>();
  sink->settings = settings;
  sink->patience = patience;
  sink->reporter = std::make_unique<SinkReporter>(telemetry_, settings.name);
  auto [downstream, handling, fault] = sinks::find(settings.type)->build(settings, *sink->reporter);
  if (!downstream) return "sinks." + settings.name + ": " + fault;
  auto schema = sinks::schema_named(handling.validation.schema);
  if (auto* problem = std::get_if<std::string>(&schema)) {
    return "sinks." + settings.name + ".validation.schema: " + *problem;
  }
  relay::Outbox::Settings outbox;
  outbox.memory = handling.memory;
  outbox.acknowledges = downstream->acknowledges();
  outbox.opens_with_one = downstream->opens_with_one();
  sink->memory = handling.memory;
  sink->delivery = std::make_shared<relay::Delivery>(
      settings.name, std::move(downstream), outbox,
      [this, &sink = *sink](const std::string& name, const relay::SinkAlert& alert) {
        report(telemetry_, name, SinkFacts{sink.memory, sink.feeding}, alert,
               sink.reporter->told_missing(alert.stream));
      },
      patience);
  sink->delivery->on_room(room_);
  sink->target.outlet = sink->delivery;
  sink->target.on_failure = on_failure(handling.validation.on_failure);
  sink->target.is_marker = handling.validation.schema == "streamelements";
  sink->target.schema = std::get<schema::Schema>(std::move(schema));
  return sink;
}

std::variant<SinkSet::PlanPtr, SinkSet::Faults> SinkSet::plan(const config::Settings& settings) {
  if (settings.sinks.size() > relay::most_sinks) {
    return Faults{"sinks: at most " + std::to_string(relay::most_sinks) + " are possible"};
  }
  const auto patience = std::min<std::chrono::milliseconds>(longest_full, settings.limits.pause);
  auto plan = std::make_shared<Plan>();
  plan->routes = routes_of(settings);
  Faults faults;
  for (const auto& wanted : settings.sinks) {
    Plan::Place place;
    for (const SinkPtr& sink : sinks_) {
      if (sink->settings.name != wanted.name) continue;
      place.before = sink;
      place.keys = config::differences(config::values_of(sink->settings), config::values_of(wanted));
      for (std::string& key : place.keys) key = "sinks." + config::path_element(wanted.name) + "." + key;
      if (patience != sink->patience) place.keys.emplace_back("limits.pause");
    }
    if (place.before && place.keys.empty()) {
      place.sink = place.before;
    } else {
      auto made = make(wanted, patience);
      if (auto* fault = std::get_if<std::string>(&made)) {
        faults.push_back(std::move(*fault));
        continue;
      }
      place.sink = std::get<SinkPtr>(std::move(made));
    }
    plan->places.push_back(std::move(place));
  }
  if (!faults.empty()) return faults;
  std::uint64_t memory = 0;
  for (std::size_t i = 0; i < plan->places.size(); ++i) {
    plan->places[i].sink->feeding = connectors_feeding(settings, plan->routes, i);
    memory += plan->places[i].sink->memory;
  }
  if (memory > settings.limits.memory.bytes) {
    telemetry_.emit(
        LogEvent::configuration_warning, "",
        "the sinks' memory adds up to " + config::format(config::Size{memory}) + ", more than limits.memory");
  }
  return plan;
}

relay::RoutingTablePtr SinkSet::table(const Plan& plan) {
  auto table = std::make_shared<relay::RoutingTable>();
  for (const auto& place : plan.places) table->targets.push_back(place.sink->target);
  table->routes = plan.routes;
  return table;
}

std::vector<SinkChange> SinkSet::commit(const PlanPtr& plan, std::chrono::milliseconds stop_timeout) {
  std::vector<SinkChange> changes;
  std::vector<SinkPtr> before = std::exchange(sinks_, {});
  for (auto& place : plan->places) {
    sinks_.push_back(place.sink);
    if (place.sink == place.before) continue;
    changes.push_back({place.sink->settings.name, place.before ? Became::replaced : Became::started, place.keys});
    if (!place.before) {
      place.sink->delivery->start();
      continue;
    }
    // What the old one has goes first. The new one may have opened a file that is rotated meanwhile.
    place.sink->delivery->reopen();
    place.before->delivery->on_stopped([next = std::weak_ptr<relay::Delivery>(place.sink->delivery)] {
      if (const auto delivery = next.lock()) delivery->start();
    });
  }
  for (SinkPtr& sink : before) {
    const auto is_it = [&](const auto& place) { return place.sink == sink; };
    if (std::any_of(plan->places.begin(), plan->places.end(), is_it)) continue;
    const auto replaces = [&](const auto& place) { return place.before == sink; };
    if (std::none_of(plan->places.begin(), plan->places.end(), replaces)) {
      changes.push_back({sink->settings.name, Became::stopped, {}});
    }
    sink->delivery->stop(stop_timeout);
    leaving_.push_back(std::move(sink));
  }
  return changes;
}

void SinkSet::stop(std::chrono::milliseconds timeout) {
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) sink->delivery->stop(timeout);
  }
}

bool SinkSet::stopped() const {
  const auto done = [](const SinkPtr& sink) { return sink->delivery->stopped(); };
  return std::all_of(leaving_.begin(), leaving_.end(), done) && std::all_of(sinks_.begin(), sinks_.end(), done);
}

void SinkSet::join() {
  put_away();
  for (const auto& sink : sinks_) sink->delivery->join();
}

void SinkSet::reopen() {
  for (const auto& sink : sinks_) sink->delivery->reopen();
}

void SinkSet::put_away() {
  std::erase_if(leaving_, [this](const SinkPtr& sink) {
    if (!sink->delivery->stopped()) return false;
    sink->delivery->join();
    const auto ledger = sink->delivery->ledger();
    report(telemetry_, sink->settings.name, ledger, sink->delivery->stuck());
    report(telemetry_, sink->settings.name, sink->delivery->latency());
    gone_[sink->settings.name] += ledger;
    return true;
  });
}

std::vector<SinkBook> SinkSet::books() const {
  auto sums = gone_;
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) sums[sink->settings.name] += sink->delivery->ledger();
  }
  std::vector<SinkBook> books;
  for (const auto& [name, ledger] : sums) books.push_back({name, ledger});
  return books;
}

std::vector<SinkStanding> SinkSet::standings() const {
  std::vector<SinkStanding> all;
  for (const auto& sink : sinks_) {
    const auto ledger = sink->delivery->ledger();
    all.push_back({sink->settings.name, ledger.delivered + ledger.sent, ledger.in_flight});
  }
  return all;
}

void SinkSet::report_losses() const {
  for (const auto& sink : sinks_) {
    report(telemetry_, sink->settings.name, sink->delivery->ledger(), sink->delivery->stuck());
  }
}

void SinkSet::report_latency() const {
  for (const auto& sink : sinks_) report(telemetry_, sink->settings.name, sink->delivery->latency());
}

}  // namespace tributary::daemon
