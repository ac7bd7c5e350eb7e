#include "daemon/sink_set.hpp"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "config/load.hpp"
#include "daemon/channel_sink.hpp"
#include "daemon/routes_of.hpp"
#include "daemon/sink_words.hpp"
#include "sinks/registry.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using Became = SinkChange::What;

/// A sink that is full for longer, or than `limits.pause`, needs a person.
constexpr std::chrono::milliseconds longest_full = 1min;

/// One that is replaced waits no longer for what is under way: its heir sends it again.
constexpr std::chrono::milliseconds longest_hand_over = 5s;

/// The exposure of a sink whose spool is turned off while it runs: what lies there is delivered, nothing is added in
/// time.
constexpr std::chrono::milliseconds never_written_behind = std::chrono::hours(24 * 365);

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

/// One sink at work. Its reporter outlives its wire.
struct SinkSet::Sink {
  config::NamedSettings settings;
  std::string place;
  std::vector<std::weak_ptr<Sink>> waits_for;  ///< that must have stopped before it starts
  bool started = false;
  std::atomic<std::size_t> feeding{0};  ///< how many connectors have a route to it
  std::unique_ptr<SinkReporter> reporter;
  std::shared_ptr<event::Outlet> outlet;            ///< one of the next two
  std::shared_ptr<relay::Delivery> delivery;        ///< null: it is
  std::shared_ptr<sinks::channel::Outlet> channel;  ///< one that speaks on the connection of a connector
  relay::Target target;
  std::size_t memory = 0;
  event::Tail* tail = nullptr;  ///< null: nothing of it is kept on disk
  event::TailSettings tail_settings;
  std::map<std::string, std::uint64_t> found;  ///< records that an earlier run left, by stream

  std::string_view stuck() const { return delivery ? delivery->stuck() : std::string_view(); }
};

struct SinkSet::Plan {
  struct Place {
    SinkPtr sink;
    SinkPtr before;  ///< that it takes the place of; itself when it has not changed; none: it is new
    std::vector<std::string> keys;
    std::size_t feeding = 0;  ///< see Sink
  };
  std::vector<Place> places;
  std::vector<relay::Route> routes;
};

SinkSet::SinkSet(Telemetry& telemetry, std::function<void()> room, std::shared_ptr<const event::MarkHolder> marks,
                 const Disk& disk, LoopWatch& loops)
    : telemetry_(telemetry), room_(std::move(room)), marks_(std::move(marks)), disk_(disk), loops_(loops) {}
SinkSet::~SinkSet() = default;

/// Its own file; the one before it has it already. A sentence: why it cannot be used.
std::string SinkSet::give_tail(Sink& sink, const sinks::Spool& wanted, const SinkPtr& before) {
  sink.tail_settings = {wanted.size.bytes, wanted.at_limit};
  if (before) sink.tail = before->tail;  // also when it is turned off: what lies there must come first
  if (sink.tail != nullptr || !wanted.enabled || disk_.memory() == nullptr) return {};
  // Whoever is going still writes to it within its own limits; the new ones come with the commit.
  const auto going = std::find_if(leaving_.begin(), leaving_.end(), [&](const SinkPtr& other) {
    return other->tail != nullptr && other->settings.name == sink.settings.name;
  });
  auto tail =
      disk_.memory()->tail(sink.settings.name, going == leaving_.end() ? sink.tail_settings : (*going)->tail_settings);
  if (auto* fault = std::get_if<std::string>(&tail)) return std::move(*fault);
  sink.tail = std::get<event::Tail*>(tail);
  sink.found = disk_.memory()->tail(sink.settings.name)->streams();
  return {};
}

/// May it have a tail now, and has none?
bool SinkSet::tail_differs(const Sink& sink, const config::NamedSettings& wanted) const {
  const auto* type = sinks::find(wanted.type);
  return sink.tail == nullptr && disk_.memory() != nullptr && type != nullptr && type->spool != nullptr &&
         type->spool(wanted).enabled;
}

std::variant<SinkSet::SinkPtr, std::string> SinkSet::make(const config::NamedSettings& settings,
                                                          const config::Settings& all, const SinkPtr& before) {
  auto sink = std::make_shared<Sink>();
  sink->settings = settings;
  sink->place = place_of(settings);
  sink->reporter = std::make_unique<SinkReporter>(telemetry_, settings.name);
  if (const auto* common = settings.settings->channel()) {
    auto made = make_channel_sink(settings, *all.connector(common->connector), marks_, telemetry_);
    sink->channel = made.outlet;
    sink->outlet = std::move(made.outlet);
    sink->target = std::move(made.target);
    sink->memory = made.memory;
    return sink;
  }
  const auto patience = std::min<std::chrono::milliseconds>(longest_full, all.limits.pause);
  const auto* type = sinks::find(settings.type);
  auto [downstream, handling, fault] =
      type->build(settings, *sink->reporter, began_ ? sinks::Opening::later : sinks::Opening::now);
  if (!downstream) return "sinks." + settings.name + ": " + fault;
  sink->reporter->hand_over();
  auto schema = sinks::schema_named(handling.validation.schema);
  if (auto* problem = std::get_if<std::string>(&schema)) {
    return "sinks." + settings.name + ".validation.schema: " + *problem;
  }
  relay::Outbox::Settings outbox;
  outbox.memory = handling.memory;
  outbox.acknowledges = downstream->acknowledges();
  outbox.opens_with_one = downstream->opens_with_one();
  if (type->spool != nullptr) {
    const auto& spool = type->spool(settings);
    if (auto wrong = give_tail(*sink, spool, before); !wrong.empty()) {
      return "sinks." + settings.name + ".spool: " + wrong;
    }
    outbox.exposure = spool.enabled ? spool.exposure : never_written_behind;
    outbox.at_limit = spool.at_limit;
  }
  sink->memory = handling.memory;
  sink->delivery = std::make_shared<relay::Delivery>(
      settings.name, std::move(downstream), outbox,
      [this, &sink = *sink](const std::string& name, const relay::SinkAlert& alert) {
        report(telemetry_, name, SinkFacts{sink.memory, sink.feeding}, alert,
               sink.reporter->told_missing(alert.stream));
      },
      patience, sink->tail);
  sink->delivery->on_room(room_);
  sink->delivery->prepare();
  sink->outlet = sink->delivery;
  sink->target.outlet = sink->delivery;
  sink->target.on_failure = on_failure(handling.validation.on_failure);
  sink->target.is_marker = handling.validation.schema == "streamelements";
  sink->target.schema = std::get<schema::Schema>(std::move(schema));
  return sink;
}

/// What the system has no room for is a fault, too: a thread of its own, or of its spool's.
std::variant<SinkSet::SinkPtr, std::string> SinkSet::make_or_say(const config::NamedSettings& settings,
                                                                 const config::Settings& all, const SinkPtr& before) {
  try {
    return make(settings, all, before);
  } catch (const std::exception& refused) {
    return "sinks." + settings.name + ": it cannot be made: " + refused.what();
  }
}

std::variant<SinkSet::PlanPtr, SinkSet::Faults> SinkSet::plan(const config::Settings& settings) {
  if (settings.sinks.size() > relay::most_sinks) {
    return Faults{"sinks: at most " + std::to_string(relay::most_sinks) + " are possible"};
  }
  auto plan = std::make_shared<Plan>();
  plan->routes = routes_of(settings);
  Faults faults;
  for (const auto& wanted : settings.sinks) {
    Plan::Place place;
    for (const SinkPtr& sink : sinks_) {
      if (sink->settings.name != wanted.name) continue;
      place.before = sink;
      place.keys = config::differences(config::values_of(sink->settings), config::values_of(wanted));
      if (sink->settings.type != wanted.type) place.keys = {"type"};
      if (place.keys.empty() && tail_differs(*sink, wanted)) place.keys = {"spool"};
      for (std::string& key : place.keys) key = "sinks." + config::path_element(wanted.name) + "." + key;
    }
    if (place.before && place.keys.empty()) {
      place.sink = place.before;
    } else {
      auto made = make_or_say(wanted, settings, place.before);
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
    plan->places[i].feeding = connectors_feeding(settings, plan->routes, i);
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

/// What it has not delivered goes to the one that takes its place.
void SinkSet::retire(Sink& sink, Sink& heir, std::chrono::milliseconds timeout) {
  const bool has_all = sink.tail == nullptr || sink.tail == heir.tail;  // what lies on disk goes only with it
  if (sink.delivery && heir.delivery && has_all) return sink.delivery->retire(heir.delivery, timeout);
  if (sink.channel && heir.channel) return sink.channel->retire(heir.channel, timeout);
  sink.outlet->stop(timeout);
}

SinkSet::Speaking SinkSet::speaking() const {
  Speaking all;
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) {
      if (sink->channel) all[sink->target.connector].push_back(sink->channel);
    }
  }
  return all;
}

std::set<std::string> SinkSet::still_speaking(const Plan* next) const {
  std::set<std::string> connectors;
  for (const auto& sink : leaving_) {
    if (sink->channel) connectors.insert(sink->target.connector);
  }
  if (next == nullptr) return connectors;
  for (const auto& sink : sinks_) {
    const bool stays = std::any_of(next->places.begin(), next->places.end(),
                                   [&](const Plan::Place& place) { return place.sink == sink; });
    if (sink->channel && !stays) connectors.insert(sink->target.connector);
  }
  return connectors;
}

void SinkSet::stop_channels(std::chrono::milliseconds timeout) {
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) {
      if (sink->channel) sink->channel->stop(timeout);
    }
  }
}

bool SinkSet::channels_stopped() const {
  const auto done = [](const SinkPtr& sink) { return !sink->channel || sink->channel->stopped(); };
  return std::all_of(leaving_.begin(), leaving_.end(), done) && std::all_of(sinks_.begin(), sinks_.end(), done);
}

relay::RoutingTablePtr SinkSet::without_channels(const relay::RoutingTable& table) {
  auto rest = std::make_shared<relay::RoutingTable>(table);
  for (std::size_t i = 0; i < rest->targets.size(); ++i) {
    if (rest->targets[i].connector.empty()) continue;
    for (auto& route : rest->routes) route.to.reset(i);
  }
  return rest;
}

/// Once nobody writes to its place any more.
void SinkSet::start_if_free(const SinkPtr& sink) {
  if (sink->started) return;
  std::erase_if(sink->waits_for, [](const std::weak_ptr<Sink>& other) {
    const auto there = other.lock();
    return !there || there->outlet->stopped();
  });
  if (!sink->waits_for.empty()) return;
  sink->started = true;
  sink->outlet->start();
  if (!sink->delivery) return;  // a channel's has no thread
  loops_.watch("sink " + sink->settings.name, [pulse = sink->delivery->pulse()]() -> std::optional<std::uint64_t> {
    if (pulse->over) return std::nullopt;
    return pulse->rounds;
  });
}

std::vector<SinkChange> SinkSet::commit(const PlanPtr& plan, std::chrono::milliseconds stop_timeout) {
  began_ = true;
  std::vector<SinkChange> changes;
  std::vector<SinkPtr> before = std::exchange(sinks_, {});
  for (auto& place : plan->places) {
    place.sink->feeding = place.feeding;
    sinks_.push_back(place.sink);
  }
  std::erase_if(before, [this](const SinkPtr& sink) { return std::count(sinks_.begin(), sinks_.end(), sink) != 0; });
  for (auto& place : plan->places) {
    if (place.sink == place.before) continue;
    changes.push_back({place.sink->settings.name, place.before ? Became::replaced : Became::started, place.keys});
    if (place.sink->tail != nullptr) {
      const auto& name = place.sink->settings.name;
      disk_.memory()->tail(name, place.sink->tail_settings);
      const auto* type = sinks::find(place.sink->settings.type);
      report_found(telemetry_, name, disk_.memory()->tail(name)->file().string(), place.sink->found,
                   [&](const std::string& stream) {
                     return type->may_use == nullptr || type->may_use(place.sink->settings, stream);
                   });
    }
    for (const auto& others : {leaving_, before}) {
      for (const SinkPtr& other : others) {
        const bool same_tail = other->tail != nullptr && other->tail == place.sink->tail;
        if (other == place.before || other->place == place.sink->place || same_tail) {
          place.sink->waits_for.push_back(other);
        }
      }
    }
  }
  for (const SinkPtr& sink : before) {
    const auto heir =
        std::find_if(plan->places.begin(), plan->places.end(), [&](const auto& place) { return place.before == sink; });
    if (heir != plan->places.end()) {
      retire(*sink, *heir->sink, std::min<std::chrono::milliseconds>(stop_timeout, longest_hand_over));
    } else {
      changes.push_back({sink->settings.name, Became::stopped, {}});
      sink->outlet->stop(stop_timeout);
    }
    leaving_.push_back(sink);
  }
  put_away();
  return changes;
}

void SinkSet::stop(std::chrono::milliseconds timeout) {
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) sink->outlet->stop(timeout);
  }
}

bool SinkSet::stopped() const {
  const auto done = [](const SinkPtr& sink) { return sink->outlet->stopped(); };
  return std::all_of(leaving_.begin(), leaving_.end(), done) && std::all_of(sinks_.begin(), sinks_.end(), done);
}

void SinkSet::join() {
  put_away();
  for (const auto& sink : sinks_) sink->outlet->join();
}

void SinkSet::reopen() {
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) sink->outlet->reopen();
  }
}

bool SinkSet::put_away() {
  bool silent = false;
  std::erase_if(leaving_, [&](const SinkPtr& sink) {
    start_if_free(sink);  // one that was replaced before it could start has something to hand on, too
    if (!sink->outlet->stopped()) return false;
    sink->outlet->join();
    const auto ledger = sink->outlet->ledger();
    report(telemetry_, sink->settings.name, ledger, sink->stuck());
    report_waiting(*sink);
    if (sink->delivery) report(telemetry_, sink->settings.name, sink->delivery->latency());
    gone_[sink->settings.name] += ledger;
    auto& before = stood_[sink->settings.name];
    auto last = sink->outlet->standing();
    last.go_on_from(before);
    before = std::move(last);
    silent = silent || sink->channel != nullptr;
    return true;
  });
  for (const SinkPtr& sink : sinks_) start_if_free(sink);
  return silent;
}

std::vector<SinkBook> SinkSet::books() const {
  const auto still = relay::Delivery::no_hand_over();
  auto sums = gone_;
  for (const auto& sinks : {leaving_, sinks_}) {
    for (const auto& sink : sinks) sums[sink->settings.name] += sink->outlet->ledger();
  }
  std::vector<SinkBook> books;
  for (const auto& [name, ledger] : sums) books.push_back({name, ledger});
  return books;
}

admin::SinkView SinkSet::view_of(const Sink& sink) const {
  admin::SinkView view;
  view.type = sink.settings.type;
  view.held = sink.outlet->held();
  view.memory = sink.memory;
  view.full = view.held >= view.memory;
  auto standing = sink.outlet->standing();
  for (const auto& other : leaving_) {
    if (other.get() != &sink && other->settings.name == sink.settings.name) {
      standing.go_on_from(other->outlet->standing());
    }
  }
  if (const auto before = stood_.find(sink.settings.name); before != stood_.end()) {
    standing.go_on_from(before->second);
  }
  view.latency = std::move(standing.latency);
  view.oldest_age = standing.oldest_age;
  view.brokers = std::move(standing.brokers);
  view.parked = std::move(standing.parked);
  view.failing = std::move(standing.stuck);
  if (const auto* common = sink.settings.settings->channel()) view.connector = common->connector;
  if (sink.channel) {
    view.breaker = name(sink.channel->breaker().state);
    view.copies = standing.copies;
  }
  if (const auto* tail = sink.tail == nullptr ? nullptr : disk_.memory()->tail(sink.settings.name)) {
    view.spool_bytes = tail->bytes();
    view.spool_size = sink.tail_settings.size;
    if (tail->failing() && view.failing.empty()) view.failing = "the disk of its spool cannot be written or read";
  }
  return view;
}

std::vector<admin::SinkView> SinkSet::views() const {
  std::vector<admin::SinkView> all;
  for (auto& [name, ledger] : books()) {
    const auto named = [&name = name](const std::vector<SinkPtr>& sinks) -> const Sink* {
      const auto is_it = [&](const SinkPtr& sink) { return sink->settings.name == name; };
      const auto found = std::find_if(sinks.begin(), sinks.end(), is_it);
      return found == sinks.end() ? nullptr : found->get();
    };
    const Sink* sink = named(sinks_);
    if (sink == nullptr && ledger.in_flight == 0) continue;  // gone
    if (sink == nullptr) sink = named(leaving_);
    auto view = sink == nullptr ? admin::SinkView{} : view_of(*sink);
    view.name = name;
    view.ledger = ledger;
    all.push_back(std::move(view));
  }
  return all;
}

void SinkSet::report_drops() {
  using event::Dropped;
  for (const auto& sink : sinks_) {
    if (!sink->channel) continue;
    auto dropped = sink->channel->ledger().dropped;
    auto& told = told_drops_[sink->settings.name];
    std::string words;
    for (const auto reason : {Dropped::limit, Dropped::expired, Dropped::breaker}) {
      const auto at = static_cast<std::size_t>(reason);
      if (dropped[at] <= told[at]) continue;
      words += (words.empty() ? "" : ", ") + std::to_string(dropped[at] - told[at]) + " " + std::string(name(reason));
    }
    told = dropped;
    if (words.empty()) continue;
    telemetry_.emit(LogEvent::events_dropped, sink->settings.name, "dropped since the last status: " + words);
  }
}

void SinkSet::report_waiting(const Sink& sink) const {
  if (sink.tail == nullptr) return;
  const auto& name = sink.settings.name;
  const auto file = disk_.memory()->tail(name)->file().string();
  const auto ledger = sink.outlet->ledger();
  const bool there =
      std::any_of(sinks_.begin(), sinks_.end(), [&](const SinkPtr& other) { return other->settings.name == name; });
  if (there || ledger.spooled == 0) return daemon::report_waiting(telemetry_, name, file, ledger);
  telemetry_.emit(
      LogEvent::spool_left, name,
      file + " holds " + std::to_string(ledger.spooled) + (ledger.spooled == 1 ? " event" : " events") +
          " that nobody delivers: no sink has that name now; `tributary spool FILE --export` prints them, a "
          "sink of that name with its spool delivers them first",
      {{"records", ledger.spooled}});
}

void SinkSet::report_losses() const {
  for (const auto& sink : sinks_) {
    report(telemetry_, sink->settings.name, sink->outlet->ledger(), sink->stuck());
    report_waiting(*sink);
  }
}

void SinkSet::report_latency() const {
  for (const auto& sink : sinks_) {
    if (sink->delivery) report(telemetry_, sink->settings.name, sink->delivery->latency());
  }
}

}  // namespace tributary::daemon
