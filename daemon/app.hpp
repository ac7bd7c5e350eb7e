#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "admin/snapshot.hpp"
#include "config/settings.hpp"
#include "daemon/account.hpp"
#include "daemon/books.hpp"
#include "daemon/disk.hpp"
#include "daemon/io_thread.hpp"
#include "daemon/loop_watch.hpp"
#include "daemon/recorder.hpp"
#include "daemon/sink_set.hpp"
#include "daemon/telemetry.hpp"
#include "event/mark_holder.hpp"
#include "net/dial_budget.hpp"
#include "relay/taps.hpp"

namespace tributary::daemon {

/// What a new configuration changed; empty when nothing did.
struct Changes {
  std::vector<ConnectorChange> connectors;
  std::vector<SinkChange> sinks;
  std::vector<std::string> keys;  ///< of everything else: routes.0.types, limits.dials_per_second, …
  bool none() const { return connectors.empty() && sinks.empty() && keys.empty(); }
};

/// The running relay: every part of it, made in the order in which they need each other and destroyed in reverse.
/// Thread: main.
class App {
 public:
  /// What could not be made, e.g. a sink whose certificate is missing: a sentence for each.
  using Faults = std::vector<std::string>;
  static std::variant<std::unique_ptr<App>, Faults> make(config::Settings settings, Telemetry& telemetry);
  ~App();

  void start();
  /// Has the running program do what these settings say, all of it or nothing: what has not changed is not touched, so
  /// that a connector keeps its connection and a sink what it holds. The faults are of what cannot be made: a sink, a
  /// thread, the directory on disk; then everything is as it was before, and nothing that was made for it is left.
  std::variant<Changes, Faults> apply(config::Settings settings);
  /// First the channel sinks finish what they can say, and the connectors on which none speaks leave; then all
  /// connectors, so that nothing new comes; then the other sinks finish. Returns at once; `wait` waits. A second call
  /// may only shorten the time.
  void stop(std::chrono::milliseconds timeout);
  /// Ends when everything has stopped, polling `look` about ten times a second meanwhile.
  void wait(const std::function<void()>& look);
  /// Reopens files.
  void reopen();
  /// Now and then: puts away sinks that have finished since a reload took them out of use.
  void put_away();
  /// `put_away` is to be called often, until a change is complete.
  bool changing() const { return sinks_.changing(); }

  /// The main loop has gone round. At least every few seconds; `wait` does so by itself.
  void beat() { ++rounds_; }
  /// A loop that has not gone round for so long is stalled.
  static constexpr std::chrono::milliseconds longest_still{10'000};
  /// Which loops have not gone round for so long: "main", "io 1", "sink events"; see LoopWatch. Thread: any.
  std::vector<std::string> stalled(std::chrono::milliseconds patience) {
    return heartbeat_.stalled(patience, std::chrono::steady_clock::now());
  }
  /// What main does from now on may take so long; zero: as ever.
  void busy(std::chrono::milliseconds time) { heartbeat_.pardon("main", std::chrono::steady_clock::now() + time); }

  /// Every accepted event, as it is offered to the sinks. Thread: any.
  relay::Taps& taps() { return taps_; }
  Books books() const;
  Account account() const;
  /// Logs what each sink did not deliver although it should; after `wait`.
  void report_losses() const { sinks_.report_losses(); }
  /// Logs how long each sink took to have events acknowledged; after `wait`.
  void report_latency() const { sinks_.report_latency(); }
  /// Logs what lies on disk, and no sink delivers.
  void report_left() const { disk_.report_left(settings_); }
  std::size_t sinks() const { return sinks_.size(); }
  const config::Settings& settings() const { return settings_; }
  /// The id of this start, `relay.run` of every event.
  const std::string& run_id() const { return run_id_; }
  /// How everything stands. Waits a moment for the io threads; one that is busy shows its connectors as they were asked
  /// last, with their books as they are. Not while `make`, nor after the beginning of the end of this. Thread: any.
  admin::Snapshot snapshot();
  /// Logs how every connector and sink stands. Waits a moment for the io threads.
  void report_status();
  /// How many connectors are live, in words. Waits a moment for the io threads.
  std::string headline();

 private:
  App(config::Settings settings, Telemetry& telemetry);
  using IoThreads = std::vector<std::unique_ptr<IoThread>>;
  /// All that other settings need and that may be refused.
  struct Next {
    event::MarksPtr marks;
    SinkSet::PlanPtr plan;
    relay::RoutingTablePtr table;
    IoThreads threads;  ///< beside those that run
  };

  void adjust(config::Settings& settings);
  std::variant<Next, Faults> prepare(const config::Settings& settings);
  IoThreads make_threads(std::uint32_t count, const relay::RoutingTablePtr& table);
  void add(IoThreads threads);
  void run(IoThread& thread);
  std::size_t thread_of(const std::string& connector);
  std::vector<ConnectorChange> distribute(const relay::RoutingTablePtr& table);
  void use_marks(event::MarksPtr marks, Changes& changes);
  void tell_room();
  void serve();
  void let_go();
  void ask_all(const std::vector<IoThread*>& threads, std::vector<admin::ConnectorView>& views);
  std::vector<config::NamedSettings> running() const;
  void leave();
  std::chrono::milliseconds left() const;

  config::Settings settings_;
  std::string run_id_;
  Telemetry& telemetry_;
  const event::WallTime started_at_;
  net::DialBudget budget_;
  const std::shared_ptr<event::MarkHolder> marks_ = std::make_shared<event::MarkHolder>();
  relay::Taps taps_;
  LoopWatch heartbeat_;
  std::atomic<std::uint64_t> rounds_{0};  ///< of the main loop
  Disk disk_;                             ///< outlives all events
  Recorder recorder_;                     ///< outlives the io threads
  SinkSet sinks_;
  /// Connectors that the settings have no more, as sinks that were taken out with them still speak on them.
  std::vector<config::NamedSettings> staying_;
  relay::RoutingTablePtr table_;  ///< in use
  SinkSet::PlanPtr plan_;         ///< until `start`
  IoThreads threads_;
  std::mutex listening_mutex_;
  std::vector<IoThread*> listening_;               ///< all threads, guarded by the mutex: sinks tell them of room
  std::map<std::string, std::size_t> threads_of_;  ///< connector → its thread, for the life of the program
  boost::asio::thread_pool workers_{2};
  bool started_ = false;
  std::mutex
      standing_mutex_;  ///< held while sinks, threads or settings come, change and go, and while they are looked at
  std::mutex snapshot_mutex_;  ///< one at a time; guards asked_last_
  std::map<const IoThread*, std::vector<admin::ConnectorView>> asked_last_;
  enum class Stop : std::uint8_t { no, saying, leaving, draining };  ///< who finishes: channels, connectors, sinks
  std::atomic<Stop> stop_{Stop::no};
  event::SteadyTime stop_by_{};
};

}  // namespace tributary::daemon
