#include "daemon/supervisor.hpp"

#include <boost/asio/post.hpp>
#include <exception>
#include <random>
#include <set>

#include "connectors/registry.hpp"
#include "daemon/reporters.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto look_every = 15s;

}  // namespace

std::unique_ptr<connectors::Protocol> Supervisor::protocol_of(const config::NamedSettings& connector) {
  return connectors::find(connector.type)->protocol(connector.name, connector.shared<connectors::Settings>());
}

Supervisor::Supervisor(const Surroundings& around) : around_(around), look_(around.io) {}
Supervisor::~Supervisor() = default;

void Supervisor::want(const std::vector<config::NamedSettings*>& connectors) {
  for (auto* settings : connectors) {
    if (!settings->enabled || runs_.count(settings->name) != 0) continue;
    Run& run = runs_[settings->name];
    run.settings = settings;
    const auto& common = settings->as<connectors::Settings>().common;
    relay::IntakeSettings intake;
    intake.connector = settings->name;
    intake.source = connectors::find(settings->type)->name;
    intake.dedupe_ids = common.dedupe.ids;
    intake.dedupe_window = common.dedupe.window;
    intake.first_unrouted = [this, name = settings->name](const relay::Unrouted& unrouted) {
      report(around_.telemetry, name, unrouted);
    };
    run.intake = around_.pipeline.intake(std::move(intake));
    launch(run);
  }
  measure();
}

/// A wrong name is often a valid and silent subscription: how long each channel has had no event.
void Supervisor::measure() {
  const auto now = std::chrono::steady_clock::now();
  for (auto& [name, run] : runs_) {
    if (!run.link || run.link->status().state != net::State::live) continue;
    std::set<std::string> channels;
    for (const auto& [channel, last] : run.link->activity()) {
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
  try {
    connectors::LinkSettings link;
    link.connector = run.settings->name;
    link.source = connectors::find(run.settings->type)->name;
    link.common = connectors::common_of(run.settings->shared<connectors::Settings>());
    link.pause_limit = around_.limits.pause;
    link.seed = std::random_device{}();
    run.link = std::make_unique<connectors::Link>(
        std::move(link), around_.protocol(*run.settings),
        connectors::LinkSurroundings{around_.io, around_.workers, around_.budget, *run.intake, around_.observer});
    run.link->start();
  } catch (const std::exception& broken) {
    run.link.reset();
    around_.telemetry.emit(
        Signal::connector_parked, run.settings->name,
        std::string("cannot be started: ") + broken.what() + "; tried again in " + config::format(around_.make_again));
    run.again = std::make_unique<boost::asio::steady_timer>(around_.io, around_.make_again);
    run.again->async_wait([this, &run](const boost::system::error_code& error) {
      if (!error) launch(run);
    });
  }
}

bool Supervisor::can_adopt(const std::string& connector, const connectors::Settings& settings) const {
  const auto run = runs_.find(connector);
  return run != runs_.end() && run->second.link && run->second.link->can_adopt(settings);
}

bool Supervisor::adopt(const std::string& connector, std::shared_ptr<config::Described> settings) {
  Run& run = runs_.at(connector);
  if (!run.link || !run.link->adopt(std::dynamic_pointer_cast<const connectors::Settings>(settings))) return false;
  run.settings->settings = std::move(settings);
  return true;
}

void Supervisor::stop(std::chrono::milliseconds patience, std::function<void()> stopped) {
  stopping_ = 1;  // itself, so that nothing ends before all were told
  look_.cancel();
  const auto one_less = [this, stopped = std::move(stopped)] {
    if (--stopping_ != 0) return;
    settle();
    stopped();
  };
  for (auto& [name, run] : runs_) {
    run.again.reset();
    if (!run.link) continue;
    ++stopping_;
    run.link->stop(patience, one_less);
  }
  boost::asio::post(around_.io, one_less);
}

void Supervisor::settle() {
  for (auto& [name, run] : runs_) run.intake->settle();
}

void Supervisor::room() {
  for (auto& [name, run] : runs_) run.intake->room();
}

std::size_t Supervisor::live() const {
  std::size_t count = 0;
  for (const auto& [name, run] : runs_) {
    if (run.link && run.link->status().state == net::State::live) ++count;
  }
  return count;
}

std::vector<ConnectorStanding> Supervisor::standings() const {
  const auto now = std::chrono::steady_clock::now();
  std::vector<ConnectorStanding> all;
  for (const auto& [name, run] : runs_) {
    ConnectorStanding& one = all.emplace_back();
    one.name = name;
    const auto ledger = run.intake->ledger();
    one.events = ledger.events, one.malformed = ledger.malformed, one.unrouted = ledger.unrouted;
    if (const auto last = run.intake->last_event()) one.quiet = now - *last;
    if (!run.link) continue;  // it cannot be made
    const auto status = run.link->status();
    one.state = status.state;
    one.reason = status.ending.reason;
    one.paused = status.paused;
    if (status.state != net::State::live) continue;
    for (auto& [channel, last] : run.link->activity()) {
      if (now - last > one.silence) one.silence = now - last, one.silent_channel = std::move(channel);
    }
  }
  return all;
}

event::ConnectorLedger Supervisor::ledger() const {
  event::ConnectorLedger total;
  for (const auto& [name, run] : runs_) total += run.intake->ledger();
  return total;
}

}  // namespace tributary::daemon
