#include "sinks/channel/outlet.hpp"

#include <exception>
#include <utility>

namespace tributary::sinks::channel {
namespace {

event::SteadyTime clock_now() { return std::chrono::steady_clock::now(); }

}  // namespace

Outlet::Outlet(OutletSettings settings, Told told, BreakerTold breaker_told)
    : settings_(std::move(settings)),
      told_(std::move(told)),
      breaker_told_(std::move(breaker_told)),
      queue_(settings_.queue) {}

/// Receipts hear of what is lost.
Outlet::~Outlet() { queue_.drop_rest(); }

void Outlet::start() {
  const std::lock_guard lock(mutex_);
  started_ = true;
  wake();
}

void Outlet::offer(event::EventPtr event) {
  if (event->connector && *event->connector == settings_.connector) return;
  const std::lock_guard lock(mutex_);
  if (event->kind == event::Kind::notice) return queue_.offer_notice();
  if (event->kind == event::Kind::state) return queue_.offer_dropped(event::Dropped::topic_off);
  if (stop_by_) {
    if (event->receipt) event->receipt->lost();
    return queue_.offer_dropped(event::Dropped::stopped);
  }
  queue_.offer(std::move(event), clock_now());
  wake();
}

void Outlet::offer(std::unique_ptr<event::DeadLetter>) { offer_dropped(event::Dropped::dead_letter_off); }

void Outlet::offer_dropped(event::Dropped reason) {
  const std::lock_guard lock(mutex_);
  queue_.offer_dropped(reason);
}

/// The connector asks by itself once it is live.
void Outlet::wake() {
  if (!started_ || !live_ || !work_ || woken_) return;
  woken_ = true;
  work_();
}

bool Outlet::full() const {
  const std::lock_guard lock(mutex_);
  queue_.look(clock_now());
  return queue_.full();
}

std::size_t Outlet::held() const {
  const std::lock_guard lock(mutex_);
  return queue_.bytes();
}

event::SinkLedger Outlet::ledger() const {
  const std::lock_guard lock(mutex_);
  queue_.look(clock_now());
  return queue_.ledger();
}

// ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────────

void Outlet::stop(std::chrono::milliseconds timeout) {
  const auto now = clock_now();
  const std::lock_guard lock(mutex_);
  stop_by_ = stop_by_ ? std::min(*stop_by_, now + timeout) : now + timeout;
  if (!finished(now)) ended_.notify_all();  // whoever waits for a later end waits for this one
}

void Outlet::retire(std::shared_ptr<Outlet> heir, std::chrono::milliseconds timeout) {
  const auto now = clock_now();
  {
    const std::lock_guard lock(mutex_);
    heir_ = std::move(heir);
    hand_over_breaker(now);
    hand_over();
  }
  stop(timeout);
}

/// The heir's lock is taken under ours, and never the other way round: it knows nothing of us.
void Outlet::hand_over() const {
  if (!heir_) return;
  if (auto unsaid = queue_.take_unsaid(); !unsaid.empty()) heir_->inherit(std::move(unsaid));
}

/// As it is taken out of use, and as it ends: it may hear of what it said until then.
void Outlet::hand_over_breaker(event::SteadyTime now) const {
  if (!heir_) return;
  queue_.look(now);
  heir_->inherit(queue_.breaker(), now);
}

/// One that has itself an heir by now passes it on.
void Outlet::inherit(std::vector<event::EventPtr> unsaid) {
  const std::lock_guard lock(mutex_);
  if (heir_) return heir_->inherit(std::move(unsaid));
  queue_.inherit(std::move(unsaid));
  wake();
}

void Outlet::inherit(const Breaker& breaker, event::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (heir_) return heir_->inherit(breaker, now);
  if (!started_) queue_.inherit(breaker, now);
}

bool Outlet::stopped() const {
  const auto now = clock_now();
  const std::lock_guard lock(mutex_);
  return finished(now);
}

void Outlet::join() {
  std::unique_lock lock(mutex_);
  ++joining_;
  while (stop_by_ && !finished(clock_now())) {
    const auto by = *stop_by_;  // a second stop may change it meanwhile
    ended_.wait_until(lock, by);
  }
  --joining_;
  if (stopped_) queue_.drop_rest();
}

unsigned Outlet::joining() const {
  const std::lock_guard lock(mutex_);
  return joining_;
}

/// Is there nothing more to wait for? Then what is left is dropped.
bool Outlet::finished(event::SteadyTime now) const {
  if (stopped_ || !stop_by_) return stopped_;
  hand_over();
  queue_.look(now);  // what is too old is no loss of this stop
  if (!queue_.empty() && live_ && now < *stop_by_) return false;
  hand_over_breaker(now);
  queue_.stop();
  stopped_ = true;
  ended_.notify_all();
  return true;
}

// ── the breaker ─────────────────────────────────────────────────────────────────────────────────────────────────────

BreakerStanding Outlet::breaker() const {
  const std::lock_guard lock(mutex_);
  queue_.look(clock_now());
  return queue_.breaker().standing();
}

event::OutletStanding Outlet::standing() const {
  event::OutletStanding standing;
  standing.copies = copies();
  return standing;
}

std::uint64_t Outlet::copies() const {
  const std::lock_guard lock(mutex_);
  return queue_.copies();
}

void Outlet::tell_breaker() {
  std::vector<BreakerStanding> changes;
  {
    const std::lock_guard lock(mutex_);
    changes = queue_.take_breaker_changes();
  }
  if (!breaker_told_) return;
  for (const BreakerStanding& change : changes) breaker_told_(settings_.name, change);
}

void Outlet::heard(const event::Draft& draft, const event::Now& now) {
  const bool here = settings_.channel.empty() || draft.upstream_channel == settings_.channel;
  if (here && draft.hops == 0) fingerprints_.heard(draft.text, now.steady);
}

// ── the connector asks ──────────────────────────────────────────────────────────────────────────────────────────────

void Outlet::live(bool live, const event::Now& now) {
  const std::lock_guard lock(mutex_);
  if (live && !live_) queue_.connected();
  live_ = live;
  woken_ = false;
  finished(now.steady);
}

void Outlet::paused(bool paused, const event::Now& now) {
  const std::lock_guard lock(mutex_);
  queue_.paused(paused, now.steady);
}

/// Words of an event that no channel can make are nobody's but ours, though somebody says the same. A bare event may be
/// there already, by a second relay: nobody else knows its `_id`.
bool Outlet::may_come_round(const event::Message& message) const {
  const auto& may = settings_.queue.may_come_round;
  return message.form == event::Form::event || !may || may(*message.event);
}

std::optional<event::Message> Outlet::take(const event::Now& now) {
  for (;;) {
    std::optional<Queue::Given> given;
    {
      const std::lock_guard lock(mutex_);
      woken_ = false;
      if (!started_ || !live_ || finished(now.steady)) return std::nullopt;
      given = queue_.take(now.steady);
    }
    tell_breaker();
    if (!given) return std::nullopt;
    event::Message message;
    message.number = given->number;
    message.attempt = given->attempt;
    message.form = settings_.form;
    message.address = settings_.address;
    try {
      message.content = settings_.content(*given->event, now);
      message.event = std::move(given->event);
      if (message.content.find_first_not_of(' ') == std::string::npos) {
        const std::lock_guard lock(mutex_);
        queue_.leave(message.number, event::Dropped::empty);
        continue;
      }
      if (message.attempt == 1 && may_come_round(message)) {
        if (const auto round = fingerprints_.came_round(message, now.steady)) {
          const std::lock_guard lock(mutex_);
          queue_.came_round(message.number, round->number, now.steady);
          continue;
        }
      }
      fingerprints_.said(message, now.steady);
      return message;
    } catch (const std::exception& bug) {
      report({given->number, event::MessageResult::refused, "internal", bug.what()}, now);
    }
  }
}

event::SteadyTime Outlet::due(const event::Now& now) const {
  const std::lock_guard lock(mutex_);
  woken_ = false;  // it goes by this answer, which what comes later changes
  return started_ && live_ && !stopped_ ? queue_.due(now.steady) : event::SteadyTime::max();
}

void Outlet::report(const event::MessageReport& report, const event::Now& now) {
  {
    const std::lock_guard lock(mutex_);
    queue_.report(report.number, report.result, now.steady);
    finished(now.steady);
    // What may be said again: the connector asks when. The queue holds back what was returned, so that this ends.
    const bool again =
        report.result == event::MessageResult::returned || report.result == event::MessageResult::unconfirmed;
    if (again) wake();
  }
  const bool unsaid = report.result == event::MessageResult::returned ||
                      report.result == event::MessageResult::refused ||
                      report.result == event::MessageResult::unsupported;
  if (unsaid) fingerprints_.unsaid(report.number);
  tell_breaker();
  if (told_) told_(settings_.name, report);
}

void Outlet::on_work(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  work_ = std::move(work);
  woken_ = false;
}

}  // namespace tributary::sinks::channel
