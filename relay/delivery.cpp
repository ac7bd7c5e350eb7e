#include "relay/delivery.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "event/memory.hpp"
#include "relay/dead_letter.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;

constexpr auto longest_sleep = 1'000ms;
/// While records wait for room in the wire's own queue.
constexpr auto full_sleep = 5ms;
/// At the end, for the tail to commit what is left: at least so long.
constexpr auto for_commits = 2'000ms;
/// While stopping: so often it is seen whether waiting still makes sense.
constexpr auto stopping_sleep = 50ms;

event::Event probe_of(event::Kind kind) {
  event::Event event;
  event.kind = kind;
  event.connector = std::make_shared<const std::string>();
  return event;
}

}  // namespace

Delivery::Delivery(std::string name, std::unique_ptr<event::Downstream> downstream, const Outbox::Settings& settings,
                   Alert alert, std::chrono::milliseconds patience, event::Tail* tail)
    : name_(std::move(name)),
      settings_(settings),
      alert_(std::move(alert)),
      downstream_(std::move(downstream)),
      tail_(tail),
      takes_letters_(!downstream_->dead_letter_stream().empty()),
      outbox_(settings, std::string(downstream_->dead_letter_stream()), &letter_of, tail),
      fullness_(patience) {
  for (auto kind : {event::Kind::activity, event::Kind::state, event::Kind::notice}) {
    takes_[static_cast<std::size_t>(kind)] = !downstream_->stream_of(probe_of(kind)).empty();
  }
}

Delivery::~Delivery() {
  stop(0ms);
  begin_thread(Begun::never);
  join();
  if (stopped_ || inbox_.empty()) return;
  begin();  // it was never started: what was offered goes to its tail, or is lost, and its receipts say so
  take_inbox();
  outbox_.drop_rest(event::Dropped::stopped);
  if (tail_ != nullptr) close_tail();
}

void Delivery::prepare() {
  if (thread_.joinable()) return;
  thread_ = std::thread([this] {
    {
      std::unique_lock lock(mutex_);
      told_to_begin_.wait(lock, [this] { return begun_ != Begun::no; });
      if (begun_ == Begun::never) return;
    }
    run();
  });
}

void Delivery::start() {
  prepare();
  begin_thread(Begun::yes);
}

/// The first word counts.
void Delivery::begin_thread(Begun begun) {
  {
    const std::lock_guard lock(mutex_);
    if (begun_ == Begun::no) begun_ = begun;
  }
  told_to_begin_.notify_all();
}

void Delivery::stop(std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    const auto by = std::chrono::steady_clock::now() + timeout;
    stop_at_ = stop_at_ ? std::min(*stop_at_, by) : by;
  }
  downstream_->wake();
}

void Delivery::retire(std::shared_ptr<Delivery> heir, std::chrono::milliseconds timeout) {
  {
    const std::lock_guard lock(mutex_);
    heir_ = std::move(heir);
  }
  stop(timeout);
}

std::shared_ptr<Delivery> Delivery::heir() const {
  const std::lock_guard lock(mutex_);
  return heir_;
}

/// What the one before it has left comes first. Thread: that one's.
void Delivery::inherit(Outbox::Rest rest) {
  std::vector<Offer> offers;
  std::size_t bytes = 0, booked = 0;
  for (auto& [event, letter] : rest.unfinished) {
    bytes += event ? event->bytes() : letter->value.size();
    if (!event || event->kind != event::Kind::notice) ++booked;
    if (event) {
      offers.emplace_back(std::move(event));
    } else {
      offers.emplace_back(std::move(letter));
    }
  }
  inbox_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  inbox_.insert(inbox_.begin(), std::make_move_iterator(offers.begin()), std::make_move_iterator(offers.end()));
  inbox_booked_ += booked, inbox_fresh_ += booked;
  handed_ += rest.handed;
}

void Delivery::join() {
  if (thread_.joinable()) thread_.join();
}

void Delivery::reopen() {
  reopen_ = true;
  downstream_->wake();
}

void Delivery::push(Offer offer, std::size_t bytes, bool booked) {
  inbox_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(offer));
    if (booked) ++inbox_booked_, ++inbox_fresh_;
  }
  if (sleeping_.exchange(false)) downstream_->wake();
}

void Delivery::offer(event::EventPtr event) {
  const std::size_t bytes = event->bytes();
  const bool booked = event->kind != event::Kind::notice;
  push(std::move(event), bytes, booked);
}

void Delivery::offer(std::unique_ptr<event::DeadLetter> letter) {
  const std::size_t bytes = letter->value.size();
  push(std::shared_ptr<const event::DeadLetter>(std::move(letter)), bytes, true);
}

void Delivery::offer_dropped(event::Dropped reason) { push(reason, 0, true); }

event::SinkLedger Delivery::ledger() const {
  const std::lock_guard lock(mutex_);
  auto ledger = ledger_;
  ledger.offered += inbox_booked_;
  ledger.in_flight += inbox_booked_;
  ledger.offered += handed_.offered;
  ledger.recovered += handed_.recovered;
  ledger.spooled += handed_.offered + handed_.recovered;
  return ledger;
}

std::unique_lock<std::mutex> Delivery::no_hand_over() {
  static std::mutex mutex;
  return std::unique_lock(mutex);
}

event::OutletStanding Delivery::standing() const {
  auto brokers = downstream_->brokers();
  const std::lock_guard lock(mutex_);
  auto standing = standing_;
  standing.latency = latency_.histogram();
  standing.brokers = std::move(brokers);
  return standing;
}

/// Moves the queue into the outbox; the book passes from the one to the other under the lock.
void Delivery::take_inbox() {
  sink_thread_.check();
  std::size_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(inbox_);
    taken_booked_ += std::exchange(inbox_fresh_, 0);
  }
  if (taken_.empty()) return;
  for (auto& offer : taken_) {
    if (auto* event = std::get_if<event::EventPtr>(&offer)) {
      bytes += (*event)->bytes();
      const auto stream = downstream_->stream_of(**event);
      outbox_.offer(std::move(*event), stream);
    } else if (auto* letter = std::get_if<std::shared_ptr<const event::DeadLetter>>(&offer)) {
      bytes += (*letter)->value.size();
      outbox_.offer(std::move(*letter));
    } else {
      outbox_.offer_dropped(std::get<event::Dropped>(offer));
    }
  }
  taken_.clear();
  outbox_bytes_.store(outbox_.bytes(), std::memory_order_relaxed);
  inbox_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

/// Sends what may be sent; false when the wire's own queue is full.
bool Delivery::pump(event::SteadyTime now) {
  sink_thread_.check();
  Outbox::Next next;
  while (outbox_.next(now, next)) {
    const auto answer = next.event != nullptr ? downstream_->send(next.stream, *next.event, next.token, next.manner)
                                              : downstream_->send(next.stream, *next.letter, next.token, next.manner);
    outbox_.sent(next.token, answer, now,
                 answer == event::Sent::denied ? downstream_->why_denied() : std::string_view());
    if (answer == event::Sent::full) return false;
  }
  return true;
}

void Delivery::publish_book() {
  const std::lock_guard lock(mutex_);
  ledger_ = outbox_.ledger();
  latency_ = outbox_.latency().coarse();
  ledger_.clamped = downstream_->clamped();
  inbox_booked_ -= std::exchange(taken_booked_, 0);
  handed_ = {};
}

void Delivery::publish(event::SteadyTime now) {
  sink_thread_.check();
  publish_book();
  if (now >= look_closer_at_) look_closer(now);
  const std::size_t uncommitted = tail_ == nullptr ? 0 : tail_->held();
  outbox_bytes_.store(outbox_.bytes() + uncommitted, std::memory_order_relaxed);
  for (const auto& alert : outbox_.take_alerts()) alert_(name_, alert);
  const bool room = told_full_ && held() < settings_.memory / 4 * 3 && told_full_.exchange(false);
  tell_fullness(now);
  if (!room) return;
  for (const auto& told : room_) told();
}

/// What is not worth a look at every turn.
void Delivery::look_closer(event::SteadyTime now) {
  look_closer_at_ = now + longest_sleep;
  event::OutletStanding look;
  look.oldest_age =
      outbox_.oldest_age({now, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())});
  look.parked = outbox_.parked();
  look.stuck = downstream_->stuck();
  const std::lock_guard lock(mutex_);
  standing_ = std::move(look);
}

void Delivery::tell_fullness(event::SteadyTime now) {
  const auto tell = [&](SinkAlert::What what) {
    SinkAlert alert{what};
    alert.lasted = fullness_.lasted();
    alert_(name_, alert);
  };
  switch (fullness_.look(now, told_full_)) {
    case Fullness::News::full:
      return tell(SinkAlert::What::full);
    case Fullness::News::still_full:
      return tell(SinkAlert::What::still_full);
    case Fullness::News::room:
      return tell(SinkAlert::What::room);
    case Fullness::News::none:
      return;
  }
}

std::optional<event::SteadyTime> Delivery::stop_at() const {
  const std::lock_guard lock(mutex_);
  return stop_at_;
}

/// Is there nothing more to wait for?
bool Delivery::drained(event::SteadyTime now, event::SteadyTime by) {
  if (!drain_.begun()) {
    drain_.begin(now);
    downstream_->hurry();
    outbox_.stop(now);
  }
  const auto& ledger = outbox_.ledger();
  Drain::Look look;
  {
    const std::lock_guard lock(mutex_);
    look.empty = inbox_.empty() && outbox_.empty();
    look.only_notices = inbox_fresh_ == 0 && outbox_.only_notices();
  }
  const auto stuck = downstream_->stuck();
  look.stuck = !stuck.empty() || outbox_.all_committed();  // then waiting saves nothing
  look.done = ledger.delivered + ledger.sent + ledger.dead_lettered + ledger.notices_delivered;
  const auto end = drain_.look(now, by, look);
  if (end != Drain::End::none && end != Drain::End::empty) stuck_ = stuck;
  return end != Drain::End::none;
}

/// How long the wire may be listened to.
std::chrono::milliseconds Delivery::until_due(event::SteadyTime now, bool flowing,
                                              const std::optional<event::SteadyTime>& stop_at) const {
  std::chrono::milliseconds wait = stop_at ? stopping_sleep : longest_sleep;
  const auto deadline = outbox_.deadline();
  if (deadline <= now + wait) wait = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now);
  if (stop_at) wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(*stop_at - now));
  if (!flowing) wait = std::min<std::chrono::milliseconds>(wait, full_sleep);
  return std::max(wait, 0ms);
}

/// Waits for what the wire has to say, and takes it in.
void Delivery::listen(std::chrono::milliseconds wait) {
  sleeping_ = true;
  bool more;
  {
    const std::lock_guard lock(mutex_);
    more = !inbox_.empty();
  }
  if (more) downstream_->wake();  // not at once: the wire may keep a pace, so that records come in bursts
  downstream_->poll(wait, reports_);
  sleeping_ = false;

  const auto now = std::chrono::steady_clock::now();
  const auto take_in = [&] {
    for (const auto& report : reports_) outbox_.report(report, now);
    reports_.clear();
  };
  take_in();
  if (downstream_->broken()) {
    downstream_->rebuild(reports_);
    take_in();
    outbox_.rebuilt();
  }
  downstream_->take_repaired(repaired_);
  for (const auto& stream : repaired_) outbox_.repaired(stream, now);
  repaired_.clear();
}

void Delivery::begin() {
  if (tail_ == nullptr) return;
  tail_->on_news([this] { downstream_->wake(); });
  Outbox::Handed handed;
  {
    const std::lock_guard lock(mutex_);
    handed = handed_;  // in its book from here on, until the outbox's own is published
  }
  outbox_.begin(handed);
  publish(std::chrono::steady_clock::now());
}

void Delivery::run() {
  begin();
  for (;; ++pulse_->rounds) {
    take_inbox();
    outbox_.read_back();
    const auto now = std::chrono::steady_clock::now();
    outbox_.write_behind(now);
    const bool retiring = heir() != nullptr;
    const bool flowing = retiring || pump(now);
    publish(now);
    const auto by = stop_at();
    if (retiring ? now >= *by || !outbox_.under_way() : by && drained(now, *by)) break;
    if (reopen_.exchange(false)) downstream_->reopen();
    listen(until_due(now, flowing, by));
  }
  close();
}

/// What cannot be committed in time is lost, and in the book.
void Delivery::close_tail() {
  const auto now = std::chrono::steady_clock::now();
  const auto by = stop_at().value_or(now);
  tail_->close(
      std::max<std::chrono::milliseconds>(for_commits, std::chrono::ceil<std::chrono::milliseconds>(by - now)));
  outbox_.take_losses();
  outbox_.take_destroyed();
  tail_->on_news({});
}

/// The wire goes first: it may still point at events that the outbox is about to let go.
void Delivery::close() {
  downstream_->poll(0ms, reports_);
  const auto now = std::chrono::steady_clock::now();
  for (const auto& report : reports_) outbox_.report(report, now);
  reports_.clear();
  take_inbox();
  downstream_->close();
  const auto heir = this->heir();
  if (heir && (tail_ == nullptr || heir->tail_ == tail_)) {
    const auto alone = no_hand_over();
    heir->inherit(outbox_.take_rest());
    publish_book();
    if (tail_ != nullptr) tail_->on_news({});
  } else {
    outbox_.drop_rest(event::Dropped::stopped);
    if (tail_ != nullptr) close_tail();
  }
  look_closer_at_ = {};
  publish(now);
  pulse_->over = true;
  stopped_ = true;
}

}  // namespace tributary::relay
