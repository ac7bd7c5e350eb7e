#include <algorithm>
#include <utility>

#include "event/assert.hpp"
#include "event/memory.hpp"
#include "relay/outbox_lane.hpp"

// The lanes' tails: what is over the bound lies there alone and is read back as a lane drains. In memory stays the
// beginning of a lane, on the tail lies the rest, so that order is kept.

namespace tributary::relay {

event::LaneName Outbox::name_of(const Lane& lane) { return {lane.stream->name, lane.key}; }

/// Arrivals may fill half of the memory, what is read back three quarters: so lanes that drain are not held up by those
/// that fill.
bool Outbox::over_bound() const { return bytes_ >= settings_.memory / 2; }

/// How much of a lane is read back at once.
std::size_t Outbox::portion() const { return std::max<std::size_t>(settings_.memory / 16, 1); }

/// Numbers lanes that an earlier run left, and has them read.
void Outbox::recover() {
  for (const auto& left : tail_->left()) {
    numbers_.skip_to(left.last);
    if (left.records == 0) continue;
    Lane& lane = lane_of(stream_of(left.lane.stream), left.lane.key);
    lane.spooled = left.records;
    lane.spooled_from = left.first;
    ledger_.recovered += left.records - left.notices;
    ledger_.spooled += left.records - left.notices;
    ledger_.notices += left.notices;
    want_more(lane);
  }
}

/// Must what arrives for this lane lie on its tail?
bool Outbox::overflows(const Lane& lane, const Item& item) const {
  if (tail_ == nullptr) return false;
  if (lane.spooled != 0) return true;
  if (tail_->full()) return false;
  const bool parked = lane.parked && lane.head != nullptr;  // one record is enough to try it
  return parked || over_bound() || (item.letter && letter_bytes_ + item.bytes > settings_.memory / 4);
}

void Outbox::keep(const Lane& lane, Item& item) {
  if (std::exchange(item.on_tail, true)) return;
  tail_->append(name_of(lane), {item.number, item.event, item.letter});
}

/// The item leaves memory for the tail.
void Outbox::spool(Lane& lane, Item& item) {
  keep(lane, item);
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

void Outbox::read_back() {
  if (tail_ == nullptr) return;
  while (auto read = tail_->take()) load(std::move(*read));
  while (!wanting_.empty() && bytes_ + reading_bytes_ < settings_.memory / 4 * 3) {
    Lane& lane = *wanting_.front();
    wanting_.pop_front();
    lane.wanting = false;
    if (lane.spooled == 0 || lane.state != Lane::State::open || stopping_) continue;
    lane.reading = lane.parked ? 1 : portion();
    reading_bytes_ += lane.reading;
    tail_->read(name_of(lane), lane.spooled_from, lane.reading);
  }
}

void Outbox::load(event::TailRead read) {
  Lane& lane = lane_of(stream_of(read.lane.stream), read.lane.key);
  reading_bytes_ -= std::exchange(lane.reading, 0);
  // Meanwhile it may have been refused: it then keeps no more than it has, or has unloaded what comes before these.
  const bool wanted = lane.head == nullptr || lane.state != Lane::State::waiting;
  if (!wanted || read.from != lane.spooled_from || stopping_) return want_more(lane);
  TRIBUTARY_ASSERT(!read.records.empty());
  for (auto& record : read.records) load(lane, std::move(record));
  want_more(lane);
}

void Outbox::load(Lane& lane, event::TailRecord record) {
  TRIBUTARY_ASSERT(lane.spooled != 0 && record.number >= lane.spooled_from);
  --lane.spooled;
  lane.spooled_from = record.number + 1;
  const bool notice = record.event ? record.event->kind == event::Kind::notice : record.notice;
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
  item->on_tail = true;
  item->notice = notice;
  item->bytes = record.event ? record.event->bytes() : sizeof(Item) + record.letter->value.capacity();
  item->event = std::move(record.event);
  item->letter = std::move(record.letter);
  link(lane, std::move(item));
}

}  // namespace tributary::relay
