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
#include "sinks/channel/breaker.hpp"
#include "sinks/channel/fingerprints.hpp"
#include "sinks/channel/queue.hpp"

namespace tributary::sinks::channel {

struct OutletSettings {
  std::string name;       ///< of the sink
  std::string connector;  ///< on whose connection it publishes; an event that came from it is not taken
  /// The `relay.upstreamChannel` of what is heard where it speaks; "": all that its connector hears is.
  std::string channel;
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
/// Takes activities only. An event of its own connector is let go as if it had never been offered: it is in no count of
/// this book. What else must never be said here the relay keeps away (relay::Target).
///
/// Against loops without marks it drops what has come round (Fingerprints) and has a breaker (Breaker), of what may
/// have come round at all; both are counted as `Dropped::breaker`. An envelope carries its mark and needs no
/// fingerprint of its text, but its `_id` counts.
///
/// Stop: what can still be said is said until the time is over; nothing is waited for once the connector is not live.
/// What is left is dropped as `stopped`, or counted as sent if it was said and nobody answered. What the connector has
/// in its hands then is told apart by its next report, until `join`: it may leave the house at that very moment. Owned
/// by shared_ptr: the relay and the connector. Thread: any, where the ports say nothing else.
class Outlet final : public event::Outlet, public event::Outbound {
 public:
  /// What came of messages, for logs and counts. Runs on the connector's io thread; must not call back.
  using Told = std::function<void(const std::string& sink, const event::MessageReport& report)>;
  /// The breaker has opened, is half open, has closed. Runs on the connector's io thread; must not call back.
  using BreakerTold = std::function<void(const std::string& sink, const BreakerStanding& standing)>;

  explicit Outlet(OutletSettings settings, Told told = {}, BreakerTold breaker_told = {});
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
  event::OutletStanding standing() const override;
  void stop(std::chrono::milliseconds timeout) override;
  bool stopped() const override;
  void join() override;
  /// Another one takes its place: what was never said goes there, before what that was offered itself; what was said
  /// has `timeout` for the upstream's word. The breaker goes on where it stands. The heir is started when this has
  /// stopped. Call it instead of `stop`.
  void retire(std::shared_ptr<Outlet> heir, std::chrono::milliseconds timeout);
  /// How many threads wait in `join` at this moment.
  unsigned joining() const;
  /// Where the breaker stands at this moment. Thread: any.
  BreakerStanding breaker() const;
  /// How often somebody repeated on the channel what it said. Thread: any.
  std::uint64_t copies() const;
  void reopen() override {}

  // event::Outbound
  void live(bool live, const event::Now& now) override;
  void paused(bool paused, const event::Now& now) override;
  std::optional<event::Message> take(const event::Now& now) override;
  event::SteadyTime due(const event::Now& now) const override;
  void report(const event::MessageReport& report, const event::Now& now) override;
  void heard(const event::Draft& draft, const event::Now& now) override;
  void on_work(std::function<void()> work) override;

 private:
  bool finished(event::SteadyTime now) const;
  void hand_over() const;
  void hand_over_breaker(event::SteadyTime now) const;
  void inherit(std::vector<event::EventPtr> unsaid);
  void inherit(const Breaker& breaker, event::SteadyTime now);
  void wake();
  void tell_breaker();
  bool may_come_round(const event::Message& message) const;

  const OutletSettings settings_;
  const Told told_;
  const BreakerTold breaker_told_;
  Fingerprints fingerprints_;  ///< touched on the connector's io thread alone
  mutable std::mutex mutex_;   ///< guards all that follows; `work_` is called under it, so that it is never called late
  mutable std::condition_variable ended_;
  mutable Queue queue_;
  std::function<void()> work_;
  bool started_ = false;
  bool live_ = false;
  mutable bool woken_ = false;  ///< the connector has been told and has not asked since, not even when to ask
  std::optional<event::SteadyTime> stop_by_;
  std::shared_ptr<Outlet> heir_;
  mutable bool stopped_ = false;
  unsigned joining_ = 0;
};

}  // namespace tributary::sinks::channel
