#include "daemon/supervisor.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <random>
#include <set>
#include <utility>

#include "config/load.hpp"
#include "connectors/registry.hpp"
#include "daemon/reporters.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using Done = ConnectorChange::What;

constexpr auto look_every = 15s;

const connectors::Settings& settings_of(const config::NamedSettings& connector) {
  return connector.as<connectors::Settings>();
}

/// The keys at which the two differ, as they are written in the file.
std::vector<std::string> differences(const config::NamedSettings& one, const config::NamedSettings& other) {
  auto keys = config::differences(config::values_of(one), config::values_of(other));
  if (one.type != other.type) keys = {"type"};
  for (std::string& key : keys) key = "connectors." + config::path_element(one.name) + "." + key;
  return keys;
}

}  // namespace

std::unique_ptr<connectors::Input> Supervisor::link_of(const config::NamedSettings& connector,
                                                       connectors::LinkSettings settings,
                                                       const connectors::LinkSurroundings& around) {
  auto protocol = connectors::find(connector.type)->protocol(connector.name, connector.shared<connectors::Settings>());
  return std::make_unique<connectors::Link>(std::move(settings), std::move(protocol), around);
}

Supervisor::Supervisor(const Surroundings& around) : around_(around), look_(around.io) { measure(); }
Supervisor::~Supervisor() = default;

std::vector<ConnectorChange> Supervisor::want(std::vector<config::NamedSettings> connectors,
                                              const config::Limits& limits) {
  thread_.check();
  std::vector<std::string> common;  // keys of others that every connector depends on
  if (limits.pause != limits_.pause) common.emplace_back("limits.pause");
  if (limits.nesting != limits_.nesting) common.emplace_back("limits.nesting");
  limits_ = limits;
  std::map<std::string, config::NamedSettings> wanted;
  for (auto& one : connectors) {
    if (one.enabled) wanted.emplace(one.name, std::move(one));
  }
  std::vector<ConnectorChange> changes;
  for (auto& [name, run] : runs_) {
    const auto found = wanted.find(name);
    if (found != wanted.end()) {
      auto keys = differences(run.next ? *run.next : run.settings, found->second);
      const bool coming_back = run.leaving && !run.next;
      if (!coming_back) keys.insert(keys.end(), common.begin(), common.end());
      if (auto told = change(run, std::move(found->second), std::move(keys))) changes.push_back(std::move(*told));
      wanted.erase(found);
    } else if (!run.leaving || run.next) {
      changes.push_back({name, Done::stopped, {}});
      run.next.reset();
      leave(run);
    }
  }
  for (auto& [name, settings] : wanted) {
    changes.push_back({name, Done::started, {}});
    start(std::move(settings));
  }
  std::sort(changes.begin(), changes.end(),
            [](const auto& one, const auto& other) { return one.connector < other.connector; });
  return changes;
}

/// One that runs, or is about to end, is wanted with these settings.
std::optional<ConnectorChange> Supervisor::change(Run& run, config::NamedSettings&& settings,
                                                  std::vector<std::string> keys) {
  const std::string name = settings.name;
  if (run.leaving) {
    const bool was_wanted = run.next.has_value();
    if (was_wanted && keys.empty()) return std::nullopt;
    run.next = std::move(settings);
    return ConnectorChange{name, was_wanted ? Done::restarted : Done::started, std::move(keys)};
  }
  if (keys.empty()) return std::nullopt;
  const auto of_recording = "connectors." + config::path_element(name) + ".record.";
  const auto is_of_recording = [&](const std::string& key) { return key.starts_with(of_recording); };
  const bool other_tape = std::any_of(keys.begin(), keys.end(), is_of_recording);
  if (run.input && std::all_of(keys.begin(), keys.end(), is_of_recording)) {
    run.settings = std::move(settings);
    record(run);
    return ConnectorChange{name, Done::adopted, std::move(keys)};
  }
  const bool same_type = settings.type == run.settings.type;
  const bool same_limits = keys.back().compare(0, 7, "limits.") != 0;
  if (same_type && same_limits && run.input && run.input->can_adopt(settings_of(settings)) &&
      run.input->adopt(settings.shared<connectors::Settings>())) {
    run.settings = std::move(settings);
    if (other_tape) record(run);
    return ConnectorChange{name, Done::adopted, std::move(keys)};
  }
  run.next = std::move(settings);
  leave(run);
  return ConnectorChange{name, Done::restarted, std::move(keys)};
}

void Supervisor::start(config::NamedSettings settings) {
  Run& run = runs_[settings.name];
  run = Run{};
  run.settings = std::move(settings);
  open_book(run);
  launch(run);
}

/// An intake with the numbers of the one before it.
void Supervisor::open_book(Run& run) {
  const auto& common = settings_of(run.settings).common;
  relay::IntakeSettings intake;
  intake.connector = run.settings.name;
  intake.source = connectors::find(run.settings.type)->name;
  intake.dedupe_ids = common.dedupe.ids;
  intake.dedupe_window = common.dedupe.window;
  if (around_.memory != nullptr) intake.memory = &around_.memory->connector(run.settings.name);
  intake.first_unrouted = [this, name = run.settings.name](const relay::Unrouted& unrouted) {
    report(around_.telemetry, name, unrouted);
  };
  const std::lock_guard lock(mutex_);
  Kept& kept = kept_[run.settings.name];
  if (kept.intake) kept.progress = kept.intake->progress();
  intake.progress = kept.progress;
  run.intake = around_.pipeline.intake(std::move(intake));
  kept.intake = run.intake;
}

/// A wrong name is often a valid and silent subscription: how long each channel has had no event.
void Supervisor::measure() {
  const auto now = std::chrono::steady_clock::now();
  for (auto& [name, run] : runs_) {
    if (!run.input || run.input->status().state != net::State::live) continue;
    std::set<std::string> channels;
    for (const auto& [channel, last] : run.input->activity()) {
      channels.insert(channel);
      around_.telemetry.measure(Measure::channel_silence, name, channel,
                                std::chrono::duration<double>(now - last).count());
    }
    around_.telemetry.keep_only(Measure::channel_silence, name, channels);
  }
  look_.expires_after(look_every);
  look_.async_wait([this](const boost::system::error_code& error) {
    if (!error) measure();
  });
}

void Supervisor::launch(Run& run) {
  run.again.reset();
  try {
    connectors::LinkSettings link;
    link.connector = run.settings.name;
    link.source = connectors::find(run.settings.type)->name;
    link.common = connectors::common_of(run.settings.shared<connectors::Settings>());
    link.pause_limit = limits_.pause;
    link.seed = std::random_device{}();
    link.last_seen = run.missed_since;
    if (around_.memory != nullptr) link.memory = &around_.memory->connector(run.settings.name);
    run.input = around_.input(run.settings, std::move(link),
                              {around_.io, around_.workers, around_.budget, *run.intake, around_.observer});
    if (const auto found = outbounds_.find(run.settings.name); found != outbounds_.end()) {
      for (const auto& outbound : found->second) run.input->attach(outbound);
    }
    record(run);
    run.input->start();
  } catch (const std::exception& broken) {
    run.input.reset();
    around_.telemetry.emit(
        LogEvent::connector_parked, run.settings.name,
        std::string("cannot be started: ") + broken.what() + "; tried again in " + config::format(around_.make_again));
    run.again = std::make_unique<boost::asio::steady_timer>(around_.io, around_.make_again);
    run.again->async_wait([this, name = run.settings.name](const boost::system::error_code& error) {
      const auto found = runs_.find(name);
      if (!error && found != runs_.end() && found->second.again) launch(found->second);
    });
  }
}

/// Its frames are kept as its settings say, from now on.
void Supervisor::record(Run& run) {
  if (around_.recorder != nullptr) run.input->record(around_.recorder->tape(run.settings));
}

/// Says goodbye; `left` follows from the event loop.
void Supervisor::leave(Run& run) {
  run.again.reset();
  if (std::exchange(run.leaving, true)) return;
  const auto done = [this, name = run.settings.name] { left(name); };
  if (run.input) return run.input->stop(around_.farewell, done);
  boost::asio::post(around_.io, done);
}

/// It has said goodbye: it is made anew, or its book is closed.
void Supervisor::left(const std::string& connector) {
  const auto found = runs_.find(connector);
  if (found == runs_.end() || stopping_ != 0) return;
  Run& run = found->second;
  if (run.input) {
    if (const auto since = run.input->missed_since()) run.missed_since = since;
  }
  run.input.reset();
  run.intake->settle();
  if (run.next) {
    const auto& before = run.settings;
    const bool same_book =
        before.type == run.next->type && settings_of(before).common.dedupe == settings_of(*run.next).common.dedupe;
    run.settings = *std::exchange(run.next, std::nullopt);
    run.leaving = false;
    if (!same_book) open_book(run);
    return launch(run);
  }
  around_.telemetry.keep_only(Measure::channel_silence, connector, {});
  around_.observer.forget(connector);
  const std::lock_guard lock(mutex_);
  kept_[connector] = {nullptr, run.intake->progress()};
  runs_.erase(found);
}

void Supervisor::serve(const Speaking& speaking) {
  thread_.check();
  const auto among = [](const Speaking& all, const std::string& connector, const event::OutboundPtr& outbound) {
    const auto found = all.find(connector);
    return found != all.end() && std::count(found->second.begin(), found->second.end(), outbound) != 0;
  };
  const Speaking before = outbounds_;
  for (const auto& [connector, outbounds] : before) {
    for (const auto& outbound : outbounds) {
      if (!among(speaking, connector, outbound)) detach(connector, outbound);
    }
  }
  for (const auto& [connector, outbounds] : speaking) {
    for (const auto& outbound : outbounds) {
      if (!among(before, connector, outbound)) attach(connector, outbound);
    }
  }
}

void Supervisor::attach(const std::string& connector, const event::OutboundPtr& outbound) {
  outbounds_[connector].push_back(outbound);
  const auto found = runs_.find(connector);
  if (found != runs_.end() && found->second.input) found->second.input->attach(outbound);
}

void Supervisor::detach(const std::string& connector, const event::OutboundPtr& outbound) {
  const auto found = runs_.find(connector);
  if (found != runs_.end() && found->second.input) found->second.input->detach(*outbound);
  const auto served = outbounds_.find(connector);
  if (served == outbounds_.end()) return;
  std::erase(served->second, outbound);
  if (served->second.empty()) outbounds_.erase(served);
}

void Supervisor::stop(std::chrono::milliseconds patience, std::function<void()> stopped) {
  thread_.check();
  stopping_ = 1;  // itself, so that nothing ends before all were told
  look_.cancel();
  const auto one_less = [this, stopped = std::move(stopped)] {
    if (--stopping_ != 0) return;
    settle();
    stopped();
  };
  for (auto& [name, run] : runs_) {
    run.again.reset();
    run.next.reset();
    if (!run.input) continue;
    ++stopping_;
    run.input->stop(patience, one_less);
  }
  boost::asio::post(around_.io, one_less);
}

void Supervisor::settle() {
  for (auto& [name, run] : runs_) run.intake->settle();
}

void Supervisor::room() {
  thread_.check();
  for (auto& [name, run] : runs_) run.intake->room();
}

std::size_t Supervisor::live() const {
  thread_.check();
  std::size_t count = 0;
  for (const auto& [name, run] : runs_) {
    if (run.input && run.input->status().state == net::State::live) ++count;
  }
  return count;
}

std::vector<admin::ConnectorView> Supervisor::views() const {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  thread_.check();
  const auto now = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now();
  std::vector<admin::ConnectorView> all;
  for (const auto& [name, run] : runs_) {
    admin::ConnectorView& one = all.emplace_back();
    one.name = name;
    one.type = run.settings.type;
    one.ledger = run.intake->ledger();
    if (const auto last = run.intake->last_event()) one.event_age = duration_cast<milliseconds>(now - *last);
    one.needs_person = !run.input;
    if (!run.input) continue;  // it cannot be made
    auto status = run.input->status();
    one.state = status.state;
    one.state_for = duration_cast<milliseconds>(now - status.since);
    one.reason = status.ending.reason;
    one.detail = std::move(status.ending.detail);
    one.paused = status.paused;
    one.upstream = std::move(status.upstream);
    one.credential_expires = status.credential_expires;
    if (status.last_frame)
      one.frame_age = std::max(milliseconds(0), duration_cast<milliseconds>(wall - *status.last_frame));
    if (one.state == net::State::waiting || one.state == net::State::parked) {
      one.dial_in = std::max(milliseconds(0), status.wait - one.state_for);
      one.needs_person = status.needs_person();
    }
    if (one.state != net::State::live) continue;
    for (auto& [channel, last] : run.input->activity()) {
      one.channels.push_back({std::move(channel), duration_cast<milliseconds>(now - last)});
    }
  }
  return all;
}

std::vector<ConnectorBook> Supervisor::books() const {
  const std::lock_guard lock(mutex_);
  std::vector<ConnectorBook> books;
  books.reserve(kept_.size());
  for (const auto& [name, kept] : kept_) {
    books.push_back({name, kept.intake ? kept.intake->ledger() : kept.progress.book});
  }
  return books;
}

}  // namespace tributary::daemon
