#include "daemon/app.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string_view>
#include <utility>

#include "config/load.hpp"
#include "daemon/commands.hpp"
#include "daemon/marks_of.hpp"
#include "daemon/status.hpp"
#include "daemon/vocabulary.hpp"
#include "sinks/handling.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// Of `stop_timeout`, what connectors may use for their farewell.
constexpr std::chrono::milliseconds farewell = 2s;

/// Of the time that is left, what channel sinks may use: their connectors need the rest for their farewell.
constexpr std::chrono::milliseconds for_channels(std::chrono::milliseconds left) {
  return std::max(left / 2, left - farewell);
}

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

/// FNV-1a: the same on every machine, so that a connector's thread can be foretold.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return hash;
}

/// The keys that differ and are of no connector and no sink: these tell of theirs themselves.
std::vector<std::string> other_differences(const config::Settings& one, const config::Settings& other) {
  auto keys = config::differences(config::values_of(one, vocabulary()), config::values_of(other, vocabulary()));
  std::erase_if(keys, [](const std::string& key) {
    return key.compare(0, 11, "connectors.") == 0 || key.compare(0, 6, "sinks.") == 0;
  });
  return keys;
}

bool runs_in(const config::Settings& settings, const std::string& connector) {
  const auto* found = settings.connector(connector);
  return found != nullptr && found->enabled;
}

/// Of the connectors that run, those that are needed and that the next settings have no more.
std::vector<config::NamedSettings> staying(std::vector<config::NamedSettings> running, const config::Settings& next,
                                           const std::set<std::string>& needed) {
  std::erase_if(running, [&](const auto& connector) {
    return needed.count(connector.name) == 0 || runs_in(next, connector.name);
  });
  return running;
}

/// Those that stay a moment longer have not changed for their supervisor, nor those that stayed and are wanted again.
void tell_of_staying(const std::vector<config::NamedSettings>& before, const std::vector<config::NamedSettings>& now,
                     const config::Settings& settings, std::vector<ConnectorChange>& changes) {
  const auto named = [](const auto& all, const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  };
  const auto told = [&](const std::string& name) {
    return std::any_of(changes.begin(), changes.end(), [&](const auto& change) { return change.connector == name; });
  };
  for (const auto& connector : now) {
    if (!named(before, connector.name)) changes.push_back({connector.name, ConnectorChange::What::staying, {}});
  }
  for (const auto& connector : before) {
    if (!runs_in(settings, connector.name) || told(connector.name)) continue;
    changes.push_back({connector.name, ConnectorChange::What::started, {}});
  }
}

}  // namespace

App::App(config::Settings settings, Telemetry& telemetry)
    : settings_(std::move(settings)),
      run_id_(new_run()),
      telemetry_(telemetry),
      started_at_(event::WallTime(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()))),
      budget_(settings_.limits.dials_per_second),
      disk_(telemetry),
      recorder_(telemetry, run_id_),
      sinks_(
          telemetry, [this] { tell_room(); }, marks_, disk_, heartbeat_) {
  adjust(settings_);
  heartbeat_.watch("main", [this] { return rounds_.load(); });
}

std::variant<std::unique_ptr<App>, App::Faults> App::make(config::Settings settings, Telemetry& telemetry) {
  auto marks = marks_of(settings);
  if (auto* faults = std::get_if<Faults>(&marks)) return std::move(*faults);
  std::unique_ptr<App> app(new App(std::move(settings), telemetry));
  app->marks_->set(std::get<event::MarksPtr>(std::move(marks)));
  if (auto fault = app->disk_.prepare(app->settings_); !fault.empty()) return Faults{std::move(fault)};
  auto planned = app->sinks_.plan(app->settings_);
  if (auto* faults = std::get_if<Faults>(&planned)) return std::move(*faults);
  app->plan_ = std::get<SinkSet::PlanPtr>(std::move(planned));
  app->disk_.keep();
  return app;
}

App::~App() {
  if (started_ && stop_ != Stop::draining) {
    stop(0ms);
    wait([] {});
  }
}

/// What connectors are told that is not among their own keys.
void App::adjust(config::Settings& settings) {
  for (auto& connector : settings.connectors) {
    auto& common = dynamic_cast<connectors::Settings&>(*connector.settings);
    common.nesting = settings.limits.nesting;
    common.marks = marks_;
  }
}

void App::start() {
  started_ = true;
  table_ = SinkSet::table(*plan_);
  {
    const std::lock_guard changing(standing_mutex_);
    sinks_.commit(std::exchange(plan_, nullptr), settings_.stop_timeout);
  }
  add(make_threads(settings_.io_threads, table_));
  distribute(table_);
  serve();
}

/// Those that are missing. When one cannot be made, the others end, and nobody has known of them. Threads are only
/// added: a connector stays with its own for life.
App::IoThreads App::make_threads(std::uint32_t count, const relay::RoutingTablePtr& table) {
  const auto marker = std::get<schema::Schema>(sinks::schema_named("streamelements"));
  IoThreads made;
  while (threads_.size() + made.size() < count) {
    auto thread = std::make_unique<IoThread>();
    thread->reporter = std::make_unique<ConnectorReporter>(telemetry_);
    thread->pipeline = std::make_unique<relay::Pipeline>(table, marker, run_id_, taps_);
    thread->supervisor = std::make_unique<Supervisor>(Supervisor::Surroundings{.io = thread->io,
                                                                               .workers = workers_,
                                                                               .budget = budget_,
                                                                               .pipeline = *thread->pipeline,
                                                                               .observer = *thread->reporter,
                                                                               .telemetry = telemetry_,
                                                                               .recorder = &recorder_});
    thread->thread = std::thread([this, &thread = *thread] { run(thread); });
    made.push_back(std::move(thread));
  }
  return made;
}

/// From now on they are known to sinks, snapshots and the watchdog.
void App::add(IoThreads threads) {
  for (auto& thread : threads) {
    heartbeat_.watch("io " + std::to_string(threads_.size() + 1), [&thread = *thread] { return thread.pulse(); });
    const std::lock_guard changing(standing_mutex_);
    threads_.push_back(std::move(thread));
    const std::lock_guard lock(listening_mutex_);
    listening_.push_back(threads_.back().get());
  }
}

/// Room in a sink wakes the connectors that wait for it. Thread: sink.
void App::tell_room() {
  const std::lock_guard lock(listening_mutex_);
  for (auto* thread : listening_) {
    boost::asio::post(thread->io, [thread] { thread->supervisor->room(); });
  }
}

/// By its name, whatever its place in the file; it stays there, also when it comes again later.
std::size_t App::thread_of(const std::string& connector) {
  return threads_of_.try_emplace(connector, hash_of(connector) % settings_.io_threads).first->second;
}

/// Has every thread use the table and run its share of the connectors.
std::vector<ConnectorChange> App::distribute(const relay::RoutingTablePtr& table) {
  std::vector<std::vector<config::NamedSettings>> shares(threads_.size());
  std::set<std::string> unverified;
  for (const auto& connector : running()) {
    shares[thread_of(connector.name)].push_back(connector);
    if (connector.as<connectors::Settings>().common.tls.insecure) unverified.insert(connector.name);
  }
  std::vector<std::future<std::vector<ConnectorChange>>> answers;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    answers.push_back(threads_[i]->ask([&thread = *threads_[i], table, unverified, memory = disk_.memory(),
                                        limits = settings_.limits, share = std::move(shares[i])]() mutable {
      thread.pipeline->use(table);
      thread.reporter->unverified(unverified);
      thread.supervisor->remember_in(memory);
      return thread.supervisor->want(std::move(share), limits);
    }));
  }
  std::vector<ConnectorChange> changes;
  for (auto& answer : answers) {
    auto some = answer.get();
    std::move(some.begin(), some.end(), std::back_inserter(changes));
  }
  return changes;
}

/// Nothing that runs has changed. What is made here goes with the answer, or at once when there are faults; what the
/// disk has opened is the caller's to let go after that.
std::variant<App::Next, App::Faults> App::prepare(const config::Settings& settings) {
  Next next;
  auto marks = marks_of(settings);
  if (auto* faults = std::get_if<Faults>(&marks)) return std::move(*faults);
  next.marks = std::get<event::MarksPtr>(std::move(marks));
  if (auto fault = disk_.prepare(settings); !fault.empty()) return Faults{std::move(fault)};
  auto planned = sinks_.plan(settings);
  if (auto* faults = std::get_if<Faults>(&planned)) return std::move(*faults);
  next.plan = std::get<SinkSet::PlanPtr>(std::move(planned));
  next.table = SinkSet::table(*next.plan);
  try {
    next.threads = make_threads(settings.io_threads, next.table);
  } catch (const std::exception& refused) {
    return Faults{"io_threads: no further thread can be made (" + std::string(refused.what()) +
                  "); lower it, or raise the limits of the process (ulimit -n, -u)"};
  }
  return next;
}

std::variant<Changes, App::Faults> App::apply(config::Settings settings) {
  adjust(settings);
  auto prepared = prepare(settings);
  if (auto* faults = std::get_if<Faults>(&prepared)) {
    disk_.let_go();
    return std::move(*faults);
  }
  // From here on nothing is refused: all that may fail in this world has been made.
  disk_.keep();
  auto next = std::get<Next>(std::move(prepared));
  const auto& plan = next.plan;
  const auto& table = next.table;
  add(std::move(next.threads));
  Changes changes;
  changes.keys = other_differences(settings_, settings);
  if (settings.limits.dials_per_second != settings_.limits.dials_per_second) {
    budget_.rate(settings.limits.dials_per_second);
  }
  const auto stayed = staying_;
  staying_ = staying(running(), settings, sinks_.still_speaking(plan.get()));
  {
    const std::lock_guard replacing(standing_mutex_);
    settings_ = std::move(settings);
  }
  use_marks(std::move(next.marks), changes);
  table_ = table;
  changes.connectors = distribute(table);
  tell_of_staying(stayed, staying_, settings_, changes.connectors);
  {
    const std::lock_guard changing(standing_mutex_);
    changes.sinks = sinks_.commit(plan, settings_.stop_timeout);
  }
  serve();
  let_go();
  return changes;
}

/// A key may have changed where it is, and not in the file.
void App::use_marks(event::MarksPtr marks, Changes& changes) {
  const auto told = std::any_of(changes.keys.begin(), changes.keys.end(),
                                [](const std::string& key) { return key.starts_with("marks.") || key == "instance"; });
  if (!told && *marks != *marks_->current()) changes.keys.emplace_back("marks");
  marks_->set(std::move(marks));
}

/// Has every connector know who speaks on its connection.
void App::serve() {
  for (auto& thread : threads_) {
    SinkSet::Speaking share;
    for (auto& [connector, outbounds] : sinks_.speaking()) {
      if (threads_[thread_of(connector)] == thread) share[connector] = std::move(outbounds);
    }
    boost::asio::post(thread->io, [&thread = *thread, share = std::move(share)] { thread.supervisor->serve(share); });
  }
}

void App::put_away() {
  {
    const std::lock_guard changing(standing_mutex_);
    if (!sinks_.put_away()) return;
  }
  serve();
  let_go();
}

/// The connectors that stayed for a sink leave once that has.
void App::let_go() {
  const auto needed = sinks_.still_speaking();
  const auto gone = std::erase_if(staying_, [&](const auto& connector) { return needed.count(connector.name) == 0; });
  if (gone != 0 && (stop_ == Stop::no || stop_ == Stop::saying)) distribute(table_);
}

/// The connectors of the settings, and those that stay for a moment.
std::vector<config::NamedSettings> App::running() const {
  auto all = settings_.connectors;
  std::erase_if(all, [](const auto& connector) { return !connector.enabled; });
  all.insert(all.end(), staying_.begin(), staying_.end());
  return all;
}

/// What escapes one connector's call-back must not end the others.
void App::run(IoThread& thread) {
  for (;;) {
    try {
      thread.io.run();
      return;
    } catch (const std::exception& broken) {
      telemetry_.emit(LogEvent::internal_error, "", broken.what());
    }
  }
}

void App::stop(std::chrono::milliseconds timeout) {
  const auto by = std::chrono::steady_clock::now() + timeout;
  stop_by_ = stop_ == Stop::no ? by : std::min(stop_by_, by);
  switch (stop_.load()) {
    case Stop::no:
      break;
    case Stop::saying:
      return sinks_.stop_channels(for_channels(left()));
    case Stop::leaving:
      return;  // connectors still offer
    case Stop::draining:
      return sinks_.stop(timeout);
  }
  const auto speaking = sinks_.speaking();
  if (speaking.empty()) return leave();
  stop_ = Stop::saying;
  table_ = SinkSet::without_channels(*table_);
  std::erase_if(settings_.connectors, [&](const auto& connector) { return speaking.count(connector.name) == 0; });
  distribute(table_);
  sinks_.stop_channels(for_channels(left()));
}

std::chrono::milliseconds App::left() const {
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(stop_by_ - std::chrono::steady_clock::now()));
}

/// The connectors say goodbye.
void App::leave() {
  stop_ = Stop::leaving;
  for (auto& thread : threads_) {
    boost::asio::post(thread->io, [&thread = *thread, patience = std::min(left(), farewell)] {
      thread.supervisor->stop(patience, [&thread] { thread.quiet = true; });
    });
  }
}

void App::wait(const std::function<void()>& look) {
  const auto wait_for = [&](const auto& done) {
    while (!done()) {
      beat();
      look();
      std::this_thread::sleep_for(5ms);
    }
  };
  wait_for([this] {
    put_away();  // one that has taken another's place speaks when that has finished
    return stop_ != Stop::saying || sinks_.channels_stopped();
  });
  if (stop_ == Stop::saying) leave();
  const auto quiet = [](const auto& thread) { return thread->quiet.load(); };
  wait_for([&] { return std::all_of(threads_.begin(), threads_.end(), quiet) || left() == 0ms; });
  // The io threads end before the sinks drain: nothing is offered any more, the books of connectors are closed.
  for (auto& thread : threads_) {
    thread->end();
    thread->supervisor->settle();
  }
  stop_ = Stop::draining;
  sinks_.stop(left());
  wait_for([this] {
    const std::lock_guard changing(standing_mutex_);
    sinks_.put_away();
    return sinks_.stopped();
  });
  sinks_.join();
}

void App::reopen() { sinks_.reopen(); }

Books App::books() const {
  Books books;
  for (const auto& thread : threads_) {
    auto some = thread->supervisor->books();
    std::move(some.begin(), some.end(), std::back_inserter(books.connectors));
  }
  books.sinks = sinks_.books();
  return books;
}

Account App::account() const {
  Account account;
  const Books all = books();
  for (const auto& book : all.connectors) account.connectors += book.ledger;
  for (const auto& book : all.sinks) account.sinks += book.ledger;
  return account;
}

/// Of all threads together no longer than this: a scrape must not wait for one that is busy.
constexpr auto longest_asking = 500ms;

admin::Snapshot App::snapshot() {
  const std::lock_guard one_at_a_time(snapshot_mutex_);
  admin::Snapshot snapshot;
  std::vector<IoThread*> threads;
  {
    const std::lock_guard looking(standing_mutex_);
    snapshot.instance = settings_.instance;
    snapshot.stopping = stop_ != Stop::no;
    for (const auto& thread : threads_) threads.push_back(thread.get());
    snapshot.sinks = sinks_.views();
  }
  snapshot.version = version();
  snapshot.run = run_id_;
  snapshot.started = started_at_;
  snapshot.stalled = stalled(longest_still);
  ask_all(threads, snapshot.connectors);
  for (std::size_t i = 0; i < static_cast<std::size_t>(LogEvent::count); ++i) {
    const auto word = static_cast<LogEvent>(i);
    for (const auto level : {Level::debug, Level::info, Level::warn, Level::error}) {
      const auto count = telemetry_.count(word, level);
      if (count == 0 && level != row(word).level) continue;
      snapshot.log_events.push_back({std::string(row(word).name), std::string(name(level)), count});
    }
  }
  snapshot.taken = event::WallTime(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  return snapshot;
}

/// The views of all connectors, in the order of their names.
void App::ask_all(const std::vector<IoThread*>& threads, std::vector<admin::ConnectorView>& views) {
  std::vector<std::future<std::vector<admin::ConnectorView>>> answers;
  for (auto* thread : threads) {
    answers.push_back(thread->ask([thread] {
      auto some = thread->supervisor->views();
      for (auto& view : some) {
        auto attempts = thread->reporter->attempts(view.name);
        view.dials = attempts.dials, view.endings = std::move(attempts.endings);
      }
      return some;
    }));
  }
  const auto by = std::chrono::steady_clock::now() + longest_asking;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    auto& last = asked_last_[threads[i]];
    if (answers[i].wait_until(by) == std::future_status::ready) {
      last = answers[i].get();
    } else {
      for (const auto& book : threads[i]->supervisor->books()) {
        for (auto& view : last) {
          if (view.name == book.name) view.ledger = book.ledger;
        }
      }
    }
    views.insert(views.end(), last.begin(), last.end());
  }
  std::sort(views.begin(), views.end(), [](const auto& one, const auto& other) { return one.name < other.name; });
}

std::string App::headline() { return daemon::headline(snapshot().connectors); }

void App::report_status() {
  const auto standing = snapshot();
  report(telemetry_, standing.connectors, standing.sinks);
  sinks_.report_drops();
}

}  // namespace tributary::daemon
