#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "event/channel.hpp"
#include "event/event.hpp"
#include "event/ports.hpp"
#include "sinks/channel/queue.hpp"

namespace tributary::sinks::channel {

struct OutletSettings {
  std::string name;       ///< of the sink
  std::string connector;  ///< on whose connection it publishes; an event that came from it is not taken
  QueueSettings queue;
  std::shared_ptr<const event::Address> address;  ///< goes with each message; may be null
  event::Form form = event::Form::event;
  /// The content of a message, in that form. Pure; runs on the connector's io thread, never while an event is offered.
  std::function<std::string(const event::Event& event, const event::Now& now)> content;
};

/// The outlet of every channel sink: a bounded queue between the io threads that offer events and the io thread of the
/// connector that says them. It has no thread, never blocks and never asks anybody to pause: when it is full it drops,
/// so that a channel holds up neither Kafka nor a connector, whatever it does. While the connector is not live, events
/// wait until they are too old.
///
/// Takes activities only. An event that came from its own connector is let go as if it had never been offered: it is in
/// no count of this book.
///
/// Stop: what can still be said is said until the time is over; nothing is waited for once the connector is not live.
/// What is left is dropped as `stopped`, or counted as sent if it was said and nobody answered.
/// Owned by shared_ptr: the relay and the connector. Thread: any, where the ports say nothing else.
class Outlet final : public event::Outlet, public event::Outbound {
 public:
  /// What came of messages, for logs and counts. Runs on the connector's io thread; must not call back.
  using Told = std::function<void(const std::string& sink, const event::MessageReport& report)>;

  explicit Outlet(OutletSettings settings, Told told = {});
  ~Outlet() override;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  // event::Outlet
  const std::string& name() const override { return settings_.name; }
  void start() override;
  void offer(event::EventPtr event) override;
  void offer(std::unique_ptr<event::DeadLetter> letter) override;
  void offer_dropped(event::Dropped reason) override;
  bool takes(event::Kind kind) const override { return kind == event::Kind::activity; }
  bool takes_letters() const override { return false; }
  bool full() const override;
  std::size_t held() const override;
  event::SinkLedger ledger() const override;
  void stop(std::chrono::milliseconds timeout) override;
  bool stopped() const override;
  void join() override;
  /// How many threads wait in `join` at this moment.
  unsigned joining() const;
  void reopen() override {}

  // event::Outbound
  void live(bool live, const event::Now& now) override;
  std::optional<event::Message> take(const event::Now& now) override;
  event::SteadyTime due(const event::Now& now) const override;
  void report(const event::MessageReport& report, const event::Now& now) override;
  void on_work(std::function<void()> work) override;

 private:
  bool finished(event::SteadyTime now) const;
  void wake();

  const OutletSettings settings_;
  const Told told_;
  mutable std::mutex mutex_;  ///< guards all that follows; `work_` is called under it, so that it is never called late
  mutable std::condition_variable ended_;
  mutable Queue queue_;
  std::function<void()> work_;
  bool started_ = false;
  bool live_ = false;
  bool woken_ = false;  ///< the connector has been told and has not asked since
  std::optional<event::SteadyTime> stop_by_;
  mutable bool stopped_ = false;
  unsigned joining_ = 0;
};

}  // namespace tributary::sinks::channel
