#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "event/ports.hpp"
#include "event/pulse.hpp"
#include "event/thread_check.hpp"
#include "relay/alert.hpp"
#include "relay/drain.hpp"
#include "relay/fullness.hpp"
#include "relay/outbox.hpp"

namespace tributary::relay {

/// One sink at work: the queue from the io threads, the outbox, the wire, and the thread that moves records between
/// them. Bounded by bytes: past `memory` it is `full` and the connectors that feed it stop reading; `on_room` is called
/// when it has fallen to three quarters. Shared: it lives until the last routing table that names it is gone.
class Delivery final : public event::Outlet {
 public:
  using Alert = std::function<void(const std::string& sink, const SinkAlert& alert)>;

  /// `alert` runs on the sink's thread; `patience`: how long the sink may be full before somebody must look. The thread
  /// starts with `start`, and what the tail has is taken in then. `tail`: null, or outlives it.
  Delivery(std::string name, std::unique_ptr<event::Downstream> downstream, const Outbox::Settings& settings,
           Alert alert, std::chrono::milliseconds patience = std::chrono::minutes(1), event::Tail* tail = nullptr);
  ~Delivery() override;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// Makes the thread, which waits for `start`, so that a start cannot fail. Throws std::system_error where the system
  /// has no thread left. Thread: main.
  void prepare();
  /// Also prepares it, where that has not been done.
  void start() override;
  /// Finishes what it has within `timeout`, drops the rest as `stopped`, then the thread ends. What the downstream
  /// refuses once more, or cannot write, or is of the relay's own, is not waited for (see Drain). Returns at once;
  /// nothing may be offered any more. A second call may only shorten the time. Thread: any.
  void stop(std::chrono::milliseconds timeout) override;
  bool stopped() const override { return stopped_; }
  /// Waits for the thread after `stop`. Thread: main.
  void join() override;
  /// Reopens files. Thread: any.
  void reopen() override;

  // Thread: any, from here on.
  void offer(event::EventPtr event) override;
  void offer(std::unique_ptr<event::DeadLetter> letter) override;
  void offer_dropped(event::Dropped reason) override;
  bool takes(event::Kind kind) const override { return takes_[static_cast<std::size_t>(kind)]; }
  bool takes_letters() const override { return takes_letters_; }
  bool full() const override {
    if (held() < settings_.memory) return false;
    told_full_ = true;  // whoever asked waits for on_room
    return true;
  }
  std::size_t held() const override {
    return inbox_bytes_.load(std::memory_order_relaxed) + outbox_bytes_.load(std::memory_order_relaxed);
  }
  /// `room` runs on the sink's thread; it must only post elsewhere. Set before `start`.
  void on_room(std::function<void()> room) { room_.push_back(std::move(room)); }
  /// Another one takes its place: nothing new is sent, what is under way is waited for within `timeout`, and all that
  /// is unfinished then goes to the heir, before what that was offered itself: through the tail, where both have it.
  /// Where the heir has none, the rest stays on the tail.
  /// The heir is started when this has stopped.
  void retire(std::shared_ptr<Delivery> heir, std::chrono::milliseconds timeout);
  event::SinkLedger ledger() const override;
  /// While it is held, none hands over to its heir what it has not finished: the books of both, read meanwhile, have
  /// each event once.
  static std::unique_lock<std::mutex> no_hand_over();
  event::OutletStanding standing() const override;
  /// Its thread goes round at least once a second, while the wire keeps to the time it is given.
  std::shared_ptr<const event::Pulse> pulse() const { return pulse_; }
  /// Valid after `join`.
  const Latency& latency() const { return outbox_.latency(); }
  /// Why the wire could not write when the stop ended, "" if it could. Valid after `join`.
  std::string_view stuck() const { return stuck_; }
  const std::string& name() const override { return name_; }

 private:
  using Offer = std::variant<event::EventPtr, std::shared_ptr<const event::DeadLetter>, event::Dropped>;

  enum class Begun : std::uint8_t { no, yes, never };  ///< never: destroyed before `start`

  void push(Offer offer, std::size_t bytes, bool booked);
  void begin_thread(Begun begun);
  void run();
  void take_inbox();
  bool pump(event::SteadyTime now);
  void publish(event::SteadyTime now);
  void publish_book();
  void look_closer(event::SteadyTime now);
  void tell_fullness(event::SteadyTime now);
  std::optional<event::SteadyTime> stop_at() const;
  bool drained(event::SteadyTime now, event::SteadyTime by);
  std::chrono::milliseconds until_due(event::SteadyTime now, bool flowing,
                                      const std::optional<event::SteadyTime>& stop_at) const;
  void listen(std::chrono::milliseconds wait);
  void begin();
  void close();
  void close_tail();
  void inherit(Outbox::Rest rest);
  std::shared_ptr<Delivery> heir() const;

  const std::string name_;
  const Outbox::Settings settings_;
  const Alert alert_;
  std::unique_ptr<event::Downstream> downstream_;
  event::Tail* const tail_;
  std::array<bool, 3> takes_{};
  const bool takes_letters_;
  [[no_unique_address]] event::ThreadCheck sink_thread_;
  Outbox outbox_;  ///< sink's thread only
  std::vector<std::function<void()>> room_;

  mutable std::mutex mutex_;  ///< guards all down to handed_, and begun_
  std::vector<Offer> inbox_;
  std::uint64_t inbox_booked_ = 0;  ///< offered, not yet in the published ledger_
  std::uint64_t inbox_fresh_ = 0;   ///< of these, still in inbox_
  event::SinkLedger ledger_;
  Latency::Coarse latency_;
  event::OutletStanding standing_;  ///< as of the last close look, without latency and brokers
  std::optional<event::SteadyTime> stop_at_;
  std::shared_ptr<Delivery> heir_;
  Outbox::Handed handed_;  ///< events on the tail that the one before it was offered; until the start

  std::vector<Offer> taken_;
  std::uint64_t taken_booked_ = 0;  ///< taken from inbox_ since the ledger was last published
  std::vector<event::DeliveryReport> reports_;
  std::vector<std::string> repaired_;
  Drain drain_;
  Fullness fullness_;
  event::SteadyTime look_closer_at_{};
  std::string_view stuck_;
  std::atomic<std::size_t> inbox_bytes_{0}, outbox_bytes_{0};
  std::atomic<bool> sleeping_{false}, reopen_{false}, stopped_{false};
  mutable std::atomic<bool> told_full_{false};
  const std::shared_ptr<event::Pulse> pulse_ = std::make_shared<event::Pulse>();
  Begun begun_ = Begun::no;
  std::condition_variable told_to_begin_;
  std::thread thread_;
};

}  // namespace tributary::relay
