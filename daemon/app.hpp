#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "config/settings.hpp"
#include "daemon/account.hpp"
#include "daemon/reporters.hpp"
#include "daemon/supervisor.hpp"
#include "daemon/telemetry.hpp"
#include "net/dial_budget.hpp"
#include "relay/delivery.hpp"
#include "relay/pipeline.hpp"

namespace tributary::daemon {

/// The running relay: every part of it, made in the order in which they need each other and destroyed in reverse.
/// Thread: main.
class App {
 public:
  /// Every accepted event, as it is offered to the sinks. Thread: io.
  using Tap = std::function<void(const event::EventPtr&)>;

  /// What could not be made, e.g. a sink whose certificate is missing: a sentence for each.
  using Faults = std::vector<std::string>;
  static std::variant<std::unique_ptr<App>, Faults> make(config::Settings settings, Telemetry& telemetry,
                                                         const Tap& tap = {});
  ~App();

  void start();
  /// Connectors first, so that nothing new comes; then the sinks finish. Returns at once; `wait` waits. A second call
  /// may only shorten the time. Thread: main.
  void stop(std::chrono::milliseconds timeout);
  /// Ends when everything has stopped, polling `look` about ten times a second meanwhile.
  void wait(const std::function<void()>& look);
  /// Reopens files. Thread: main.
  void reopen();
  /// Gives these connectors new settings without a new connection: all of them, or none when one cannot, whose names
  /// are returned. Thread: main.
  std::vector<std::string> adopt(std::vector<config::NamedSettings> changed);

  Account account() const;
  /// Logs what each sink did not deliver although it should; after `wait`.
  void report_losses() const;
  /// Logs how long each sink took to have events acknowledged; after `wait`.
  void report_latency() const;
  std::size_t sinks() const { return deliveries_.size(); }
  const config::Settings& settings() const { return settings_; }
  /// What the settings say of it from now on (a reload); the log itself is told by others. Thread: main.
  void log_level(config::Log::Level level) { settings_.log.level = level; }
  /// The id of this start, `relay.run` of every event.
  const std::string& run_id() const { return run_id_; }
  /// Logs how every connector and sink stands. Waits a moment for the io threads. Thread: main.
  void report_status();

 private:
  /// One io thread and what lives on it.
  struct Stage {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
    std::unique_ptr<ConnectorReporter> reporter;
    std::unique_ptr<relay::Pipeline> pipeline;
    std::unique_ptr<Supervisor> supervisor;
    std::thread thread;
    std::atomic<bool> quiet{false};  ///< its connectors have stopped
  };

  App(config::Settings settings, Telemetry& telemetry);
  Faults build(const Tap& tap);
  Faults build_sinks(std::vector<relay::Target>& targets);
  std::vector<relay::Route> routes() const;
  std::size_t connectors_feeding(std::size_t sink) const;
  void run(Stage& stage);
  Stage& stage_of(std::size_t connector) { return *stages_[connector % stages_.size()]; }

  config::Settings settings_;
  std::string run_id_;
  Telemetry& telemetry_;
  net::DialBudget budget_;
  std::vector<std::unique_ptr<SinkReporter>> sink_reporters_;
  std::vector<std::unique_ptr<relay::Delivery>> deliveries_;
  std::vector<std::unique_ptr<Stage>> stages_;
  boost::asio::thread_pool workers_{2};
  bool started_ = false, stopping_ = false, draining_ = false;
  event::SteadyTime stop_by_{};
};

}  // namespace tributary::daemon
