#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "admin/snapshot.hpp"
#include "config/settings.hpp"
#include "daemon/books.hpp"
#include "daemon/disk.hpp"
#include "daemon/loop_watch.hpp"
#include "daemon/reporters.hpp"
#include "daemon/telemetry.hpp"
#include "event/channel.hpp"
#include "event/mark_holder.hpp"
#include "relay/delivery.hpp"
#include "relay/routing_table.hpp"
#include "sinks/handling.hpp"

namespace tributary::daemon {

/// What became of one sink whose settings changed, and the keys that did.
struct SinkChange {
  enum class What : std::uint8_t { started, stopped, replaced };
  std::string sink;
  What what = What::started;
  std::vector<std::string> keys;  ///< replaced
};

/// The sinks of the program, which come, change and go while it runs. One that has not changed keeps its outbox. One
/// that is replaced takes events over at once, and sends them once its predecessor has stopped and left it what was
/// unfinished, so that nothing is lost and order is kept; one that writes to the same place under another name waits
/// for it, too. One that is no longer wanted finishes what it has within `stop_timeout`. The book of one that is gone
/// stays. Thread: main.
class SinkSet {
 public:
  struct Plan;
  using PlanPtr = std::shared_ptr<Plan>;
  using Faults = std::vector<std::string>;  ///< a sentence for each

  /// The channel sinks by the connector on whose connection they speak.
  using Speaking = std::map<std::string, std::vector<event::OutboundPtr>>;

  /// `room` is called when a sink has room again, on the sink's thread; it must only post elsewhere. `marks` are set on
  /// what is said. `disk` is prepared before each plan. `loops` watches the threads of sinks.
  SinkSet(Telemetry& telemetry, std::function<void()> room, std::shared_ptr<const event::MarkHolder> marks,
          const Disk& disk, LoopWatch& loops);
  ~SinkSet();

  /// Makes what the settings want and is not there, threads included, so that `commit` cannot fail. Nothing that runs
  /// has changed; a plan that is let go leaves nothing but files that the disk has opened (Disk::let_go).
  std::variant<PlanPtr, Faults> plan(const config::Settings& settings);
  /// Where events go once every pipeline uses it.
  static relay::RoutingTablePtr table(const Plan& plan);
  /// After every pipeline uses the plan's table: what is new starts, what is gone ends.
  std::vector<SinkChange> commit(const PlanPtr& plan, std::chrono::milliseconds stop_timeout);

  /// Who speaks on which connector now, with those that have something left to say before they go.
  Speaking speaking() const;
  /// The connectors on which sinks speak that are going, and have something left to say before; also of those that this
  /// plan will take out of use.
  std::set<std::string> still_speaking(const Plan* next = nullptr) const;
  /// The channel sinks finish what they can say, while connectors and the other sinks go on. A second call may only
  /// shorten the time. Nothing may be offered to them any more: see `without_channels`.
  void stop_channels(std::chrono::milliseconds timeout);
  bool channels_stopped() const;
  static relay::RoutingTablePtr without_channels(const relay::RoutingTable& table);

  /// All of them finish within `timeout`. A second call may only shorten the time.
  void stop(std::chrono::milliseconds timeout);
  bool stopped() const;
  /// Waits for their threads after `stop`.
  void join();
  void reopen();
  /// Puts away what has finished meanwhile, logs what it did not deliver, and starts what waited for it.
  /// True: somebody has left who spoke on a connector, so that `speaking` has changed.
  bool put_away();
  /// Somebody waits for somebody: `put_away` is to be called often.
  bool changing() const { return !leaving_.empty(); }

  std::vector<SinkBook> books() const;
  /// How each of them stands; also one that is going, until it has finished.
  std::vector<admin::SinkView> views() const;
  std::size_t size() const { return sinks_.size(); }
  /// Logs what each sink did not deliver although it should, and how long it took; after `join`.
  void report_losses() const;
  /// Logs what the limits of channel sinks dropped since the last call.
  void report_drops();
  void report_latency() const;

 private:
  struct Sink;
  using SinkPtr = std::shared_ptr<Sink>;

  std::variant<SinkPtr, std::string> make(const config::NamedSettings& settings, const config::Settings& all,
                                          const SinkPtr& before);
  std::variant<SinkPtr, std::string> make_or_say(const config::NamedSettings& settings, const config::Settings& all,
                                                 const SinkPtr& before);
  std::string give_tail(Sink& sink, const sinks::Spool& wanted, const SinkPtr& before);
  bool tail_differs(const Sink& sink, const config::NamedSettings& wanted) const;
  void report_waiting(const Sink& sink) const;
  admin::SinkView view_of(const Sink& sink) const;
  static void retire(Sink& sink, Sink& heir, std::chrono::milliseconds timeout);
  void start_if_free(const SinkPtr& sink);

  Telemetry& telemetry_;
  const std::function<void()> room_;
  const std::shared_ptr<const event::MarkHolder> marks_;
  const Disk& disk_;
  LoopWatch& loops_;
  std::vector<SinkPtr> sinks_;                          ///< in the order of the file
  std::vector<SinkPtr> leaving_;                        ///< told to stop while others run on
  std::map<std::string, event::SinkLedger> gone_;       ///< books of what has been put away
  std::map<std::string, event::OutletStanding> stood_;  ///< of the same
  std::map<std::string, event::Tally<event::Dropped>> told_drops_;
  bool began_ = false;  ///< the first plan is in force
};

}  // namespace tributary::daemon
