#include <algorithm>
#include <utility>

#include "event/assert.hpp"
#include "event/memory.hpp"
#include "relay/outbox_lane.hpp"

// The lanes' tails: what is over the bound lies there alone and is read back as a lane drains. In memory stays the
// beginning of a lane, on the tail lies the rest, so that order is kept.

namespace tributary::relay {

using event::SteadyTime;

/// The wire is listened to in whole milliseconds: what is due within one is due now.
constexpr auto wait_unit = std::chrono::milliseconds(1);
constexpr auto tell_dropped_every = std::chrono::seconds(10);

event::LaneName Outbox::name_of(const Lane& lane) { return {lane.stream->name, lane.key}; }

/// Arrivals may fill a quarter of the memory, what is read back three eighths: so lanes that drain are not held up by
/// those that fill. The rest is for what nobody counts here: while a lane is replayed, the wire copies records into its
/// requests, and pages of the disk and of the allocator are in use (measured: some 15 MiB beside a Kafka sink of 32).
bool Outbox::over_bound() const { return bytes_ >= settings_.memory / 4; }

/// How much of a lane is read back at once.
std::size_t Outbox::portion() const { return std::max<std::size_t>(settings_.memory / 16, 1); }

Outbox::Handed& Outbox::Handed::operator+=(const Handed& other) {
  offered += other.offered;
  recovered += other.recovered;
  return *this;
}

void Outbox::begin(const Handed& handed) {
  if (tail_ == nullptr) return;
  std::uint64_t events = 0;
  for (const auto& left : tail_->left()) {
    numbers_.skip_to(left.last);
    if (left.records == 0) continue;
    Lane& lane = lane_of(stream_of(left.lane.stream), left.lane.key);
    lane.spooled = left.records;
    lane.spooled_from = left.first;
    events += left.records - left.notices;
    ledger_.spooled += left.records - left.notices;
    ledger_.notices += left.notices;
    want_more(lane);
  }
  const std::uint64_t expected = handed.offered + handed.recovered;
  ledger_.offered += handed.offered;
  ledger_.recovered += handed.recovered + (events > expected ? events - expected : 0);
  if (events < expected) ledger_.dropped[static_cast<std::size_t>(event::Dropped::limit)] += expected - events;
  unkept_from_ = numbers_.next();
}

/// Must what arrives for this lane lie on its tail?
bool Outbox::overflows(const Lane& lane, const Item& item) const {
  if (tail_ == nullptr) return false;
  if (lane.spooled != 0) return true;
  if (!may_keep()) return false;
  const bool parked = lane.parked && lane.head != nullptr;  // one record is enough to try it
  return parked || over_bound() || (item.letter && letter_bytes_ + item.bytes > settings_.memory / 4);
}

/// Does the tail take what need not lie there?
bool Outbox::may_keep() const { return !tail_->full() && !tail_->failing() && tail_->held() < settings_.memory / 4; }

/// Memory and tail are full, and the policy is to let go of what arrives.
bool Outbox::drops_newest(const Lane& lane) const {
  if (tail_ == nullptr || settings_.at_limit != event::AtLimit::drop_newest || !tail_->full()) return false;
  return lane.spooled != 0 || over_bound();
}

void Outbox::drop_newest(Item& item) {
  ++(item.notice ? newest_notices_dropped_ : newest_dropped_);
  drop(item, event::Dropped::limit);
}

void Outbox::tell_dropped_newest_if_due(SteadyTime now) {
  if (newest_dropped_ + newest_notices_dropped_ == 0 || now < tell_dropped_at_) return;
  tell_dropped_at_ = now + tell_dropped_every;
  tell_dropped_newest();
}

void Outbox::tell_dropped_newest() {
  if (newest_dropped_ + newest_notices_dropped_ == 0) return;
  SinkAlert alert{SinkAlert::What::newest_dropped};
  alert.events = std::exchange(newest_dropped_, 0);
  alert.notices = std::exchange(newest_notices_dropped_, 0);
  alerts_.push_back(std::move(alert));
}

void Outbox::keep(const Lane& lane, Item& item) {
  if (std::exchange(item.on_tail, true)) return;
  item.ticket = ++tickets_;
  tail_->append(name_of(lane), {item.number, item.event, item.letter});
}

/// The item leaves memory for the tail.
void Outbox::spool(Lane& lane, Item& item) {
  keep(lane, item);
  lane.spooled_ticket = std::max(lane.spooled_ticket, item.ticket);
  if (lane.spooled++ == 0 || item.number < lane.spooled_from) lane.spooled_from = item.number;
  if (item.notice) return;
  --ledger_.in_flight;
  ++ledger_.spooled;
}

/// Leaves `kept` records of a lane that has none under way in memory; unless it is 0, also those up to the last
/// one that must be sent alone.
void Outbox::unload(Lane& lane, std::size_t kept) {
  std::size_t to_send_alone = kept == 0 ? 0 : lane.to_send_alone;  // still to come
  Item** place = &lane.head;
  lane.tail = nullptr;
  while (*place != nullptr) {
    Item* item = *place;
    const bool over = item->gone || item->state == Item::State::done;
    if (!over && (kept != 0 || to_send_alone != 0)) {
      if (kept != 0) --kept;
      if (item->send_alone) --to_send_alone;
      lane.tail = item;
      place = &item->next;
      continue;
    }
    *place = item->next;
    clear_send_alone(*item);
    if (over) {
      if (item->on_tail) tail_->forget(name_of(lane), item->number, item->number);
      finish(*item);
    } else {
      spool(lane, *item);
      forget(*item);
    }
    delete item;
  }
  lane.cursor = lane.head;
}

/// Asks for more of a lane that has drained.
void Outbox::want_more(Lane& lane) {
  if (lane.spooled == 0 || lane.wanting || lane.reading != 0 || lane.bytes >= portion()) return;
  if (lane.state != Lane::State::open || stopping_) return;
  lane.wanting = true;
  wanting_.push_back(&lane);
}

/// The first one in order of arrival that is in memory alone.
Outbox::Item* Outbox::first_unkept() {
  for (; unkept_from_ < numbers_.next(); ++unkept_from_) {
    Item* item = numbers_.at_or_null(unkept_from_);
    if (item != nullptr && !item->on_tail && !item->gone && item->state != Item::State::done) return item;
  }
  return nullptr;
}

void Outbox::write_behind(SteadyTime now) {
  keep_at_ = SteadyTime::max();
  if (tail_ == nullptr) return;
  tell_dropped_newest_if_due(now);
  while (Item* item = first_unkept()) {
    if (!may_keep()) return;  // it tells when it may
    const auto received = item->event ? item->event->received_steady : item->letter->received_steady;
    if (received + settings_.exposure > now + wait_unit) {
      keep_at_ = received + settings_.exposure;
      return;
    }
    keep(*item->lane, *item);
  }
}

/// May it be sent, as far as the tail is concerned?
bool Outbox::sendable(const Item& item) const {
  if (tail_ == nullptr || settings_.exposure.count() != 0 || gives_up_waiting_) return true;
  return item.on_tail && item.ticket <= committed_;
}

void Outbox::wait_for_commit(Lane& lane) {
  if (!std::exchange(lane.uncommitted, true)) uncommitted_.push_back(&lane);
}

void Outbox::take_commits() {
  const auto committed = tail_->committed();
  const bool gives_up = tail_->failing() || tail_->full();
  if (std::exchange(committed_, committed) == committed && std::exchange(gives_up_waiting_, gives_up) == gives_up)
    return;
  gives_up_waiting_ = gives_up;
  for (Lane* lane : std::exchange(uncommitted_, {})) {
    lane->uncommitted = false;
    make_ready(*lane);
  }
}

bool Outbox::all_committed() const {
  if (tail_ == nullptr || tail_->committed() != tickets_) return false;
  for (const auto& [name, stream] : streams_) {
    for (const auto& [key, lane] : stream->lanes) {
      for (const Item* item = lane->head; item != nullptr; item = item->next) {
        if (!item->on_tail && !item->gone && item->state != Item::State::done) return false;
      }
    }
  }
  return true;
}

void Outbox::take_news() {
  while (auto news = tail_->take()) {
    if (auto* read = std::get_if<event::TailRead>(&*news)) {
      load(std::move(*read));
    } else {
      take(std::get<event::TailLost>(*news));
    }
  }
}

/// What is in memory as well is only less safe.
void Outbox::take(const event::TailLost& lost) {
  Lane& lane = lane_of(stream_of(lost.lane.stream), lost.lane.key);
  for (const auto& record : lost.records) {
    if (Item* item = numbers_.at_or_null(record.number)) {
      item->on_tail = false;
      continue;
    }
    TRIBUTARY_ASSERT(lane.spooled != 0);
    --lane.spooled;
    if (settings_.at_limit == event::AtLimit::drop_newest && lost.reason == event::Dropped::limit) {
      ++(record.notice ? newest_notices_dropped_ : newest_dropped_);
    }
    if (record.notice) {
      ++ledger_.notices_dropped;
    } else {
      --ledger_.spooled;
      ++ledger_.dropped[static_cast<std::size_t>(lost.reason)];
    }
  }
}

void Outbox::take_losses() {
  if (tail_ != nullptr) take_news();
  tell_dropped_newest();
}

void Outbox::take_destroyed() {
  const auto kept = tail_ == nullptr ? std::nullopt : tail_->kept();
  if (!kept) return;
  take_news();  // of what was let go before this count
  std::uint64_t spooled = 0;
  for (const auto& [name, stream] : streams_) {
    for (const auto& [key, lane] : stream->lanes) spooled += lane->spooled;
  }
  const auto missing = [](std::uint64_t said, std::uint64_t there) { return said - std::min(said, there); };
  const auto events = missing(ledger_.spooled, kept->records - std::min(kept->records, kept->notices));
  ledger_.spooled -= events;
  ledger_.dropped[static_cast<std::size_t>(event::Dropped::spool_lost)] += events;
  ledger_.notices_dropped += missing(spooled - std::min(spooled, ledger_.spooled + events), kept->notices);
}

void Outbox::read_back() {
  if (tail_ == nullptr) return;
  take_commits();
  take_news();
  while (!wanting_.empty() && bytes_ + reading_bytes_ < settings_.memory / 8 * 3) {
    Lane& lane = *wanting_.front();
    wanting_.pop_front();
    lane.wanting = false;
    if (lane.spooled == 0 || lane.state != Lane::State::open || stopping_) continue;
    lane.reading = lane.parked ? 1 : portion();
    reading_bytes_ += lane.reading;
    lane.read_ticket = tickets_;
    tail_->read(name_of(lane), lane.spooled_from, lane.reading);
  }
}

void Outbox::load(event::TailRead read) {
  Lane& lane = lane_of(stream_of(read.lane.stream), read.lane.key);
  reading_bytes_ -= std::exchange(lane.reading, 0);
  // Meanwhile it may have been refused: it then keeps no more than it has, or has unloaded what comes before these.
  const bool wanted = lane.head == nullptr || lane.state != Lane::State::waiting;
  if (!wanted || read.from != lane.spooled_from || stopping_) return want_more(lane);
  if (read.records.empty() && lane.spooled_ticket <= lane.read_ticket) return give_up_missing(lane);
  for (auto& record : read.records) load(lane, std::move(record));
  want_more(lane);
}

/// The tail has less than it said. What lies on a disk may be anything: the book must end all the same.
void Outbox::give_up_missing(Lane& lane) {
  const auto missing = std::min(std::exchange(lane.spooled, 0), ledger_.spooled);
  ledger_.spooled -= missing;
  ledger_.dropped[static_cast<std::size_t>(event::Dropped::write_failed)] += missing;
}

/// A record whose number another one of the lane has, or of which the tail said nothing: two programs wrote to one
/// file. It goes to the end of its lane.
void Outbox::load_stray(Lane& lane, event::TailRecord record, bool notice) {
  const bool counted = lane.spooled != 0;
  if (counted) --lane.spooled;
  if (notice) {
    if (!counted) ++ledger_.notices;
  } else {
    if (counted) --ledger_.spooled;
    if (!counted) ++ledger_.recovered;
    ++ledger_.in_flight;
  }
  auto item = std::make_unique<Item>();
  item->notice = notice;
  item->bytes = record.event ? record.event->bytes() : sizeof(Item) + record.letter->value.capacity();
  item->event = std::move(record.event);
  item->letter = std::move(record.letter);
  append(std::move(item), lane.stream->name, lane.key, true);
  if (numbers_.at_or_null(record.number) == nullptr) tail_->forget(name_of(lane), record.number, record.number);
}

void Outbox::load(Lane& lane, event::TailRecord record) {
  const bool notice = record.event ? record.event->kind == event::Kind::notice : record.notice;
  if (lane.spooled == 0 || record.number < lane.spooled_from) {
    if (record.event || lane.stream->name == dead_letter_stream_) load_stray(lane, std::move(record), notice);
    return;
  }
  --lane.spooled;
  lane.spooled_from = record.number + 1;
  if (!notice) --ledger_.spooled, ++ledger_.in_flight;
  if (record.letter && lane.stream->name != dead_letter_stream_) {  // of a record that cannot be read any more
    if (notice) {
      ++ledger_.notices_dropped;  // as one that cannot be delivered: it becomes no dead letter
    } else {
      post(std::move(record.letter), true);
    }
    return tail_->forget(name_of(lane), record.number, record.number);
  }
  auto item = std::make_unique<Item>();
  item->number = record.number;
  item->on_tail = item->read_back = true;
  item->ticket = lane.spooled_ticket;  // or an earlier one
  item->notice = notice;
  item->bytes = record.event ? record.event->bytes() : sizeof(Item) + record.letter->value.capacity();
  item->event = std::move(record.event);
  item->letter = std::move(record.letter);
  link(lane, std::move(item));
}

}  // namespace tributary::relay
