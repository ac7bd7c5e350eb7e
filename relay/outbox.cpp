#include "relay/outbox.hpp"

#include <utility>

#include "event/assert.hpp"
#include "event/memory.hpp"
#include "relay/outbox_lane.hpp"

namespace tributary::relay {

using event::Dropped;
using event::SteadyTime;
using event::Verdict;

Outbox::Outbox(const Settings& settings, std::string dead_letter_stream, MakeLetter make_letter, event::Tail* tail)
    : settings_(settings), dead_letter_stream_(std::move(dead_letter_stream)), make_letter_(make_letter), tail_(tail) {}

Outbox::~Outbox() {
  for (auto& [name, stream] : streams_) {
    for (auto& [key, lane] : stream->lanes) {
      for (Item* item = lane->head; item != nullptr;) {
        if (item->state != Item::State::done && !item->gone && !item->on_tail) lose(*item);
        delete std::exchange(item, item->next);
      }
    }
  }
}

void Outbox::offer(event::EventPtr event, std::string_view stream) {
  const bool notice = event->kind == event::Kind::notice;
  if (notice) {
    ++ledger_.notices;
    if (stream.empty() || (bytes_ > settings_.memory && tail_ == nullptr)) {
      ++ledger_.notices_dropped;
      return;
    }
  } else {
    ++ledger_.offered;
    if (stream.empty()) {
      ++ledger_.dropped[static_cast<std::size_t>(Dropped::topic_off)];
      return;
    }
    ++ledger_.in_flight;
  }
  auto item = std::make_unique<Item>();
  item->bytes = event->bytes();
  item->notice = notice;
  const std::string_view key = event->key_text();
  item->event = std::move(event);
  append(std::move(item), stream, key);
}

void Outbox::offer(std::shared_ptr<const event::DeadLetter> letter) {
  ++ledger_.offered;
  ++ledger_.in_flight;
  post(std::move(letter), false);
}

/// A dead letter that is booked as in flight; `kept`: it stands for an event that lies on the tail.
void Outbox::post(std::shared_ptr<const event::DeadLetter> letter, bool kept) {
  auto item = std::make_unique<Item>();
  item->bytes = sizeof(Item) + letter->value.capacity();
  item->letter = std::move(letter);
  if (dead_letter_stream_.empty()) return drop(*item, Dropped::dead_letter_off);
  if (letter_bytes_ + item->bytes > settings_.memory / 4 && (tail_ == nullptr || tail_->full())) {
    ++ledger_.dead_letter_failed;
    if (!std::exchange(letters_full_, true)) alerts_.push_back({SinkAlert::What::letters_full, dead_letter_stream_});
    return drop(*item, Dropped::dead_letter_failed);
  }
  letters_full_ = false;
  const auto connector = item->letter->connector;
  append(std::move(item), dead_letter_stream_, *connector, kept);
}

void Outbox::offer_dropped(Dropped reason) {
  ++ledger_.offered;
  ++ledger_.dropped[static_cast<std::size_t>(reason)];
}

void Outbox::sent(std::uint64_t token, event::Sent answer, SteadyTime now, std::string_view why) {
  TRIBUTARY_ASSERT(offered_ != nullptr && offered_->number == token);
  Item& item = *std::exchange(offered_, nullptr);
  Lane& lane = *item.lane;
  switch (answer) {
    case event::Sent::full:
      return;
    case event::Sent::denied:
      fail(lane, Verdict::denied, why);
      if (lane.in_flight == 0) replay(lane, now);  // else what is in flight may still fail and must then go first
      return;
    case event::Sent::too_large:
      lane.cursor = item.next;
      to_letter(item, "too_large", "too_large");
      return;
    case event::Sent::accepted:
      break;
  }
  if (goes_alone(lane)) lane.stream->alone = &item;
  if (item.tried) ++ledger_.replayed;
  item.tried = true;
  item.state = Item::State::in_flight;
  ++lane.in_flight;
  lane.cursor = item.next;
}

void Outbox::report(const event::DeliveryReport& report, SteadyTime now) {
  Item& item = numbers_.at(report.token);
  TRIBUTARY_ASSERT(item.state == Item::State::in_flight);
  Lane& lane = *item.lane;
  Stream& stream = *lane.stream;
  const bool alone = stream.alone == &item;
  if (alone) stream.alone = nullptr;
  --lane.in_flight;
  item.state = Item::State::waiting;
  switch (report.verdict) {
    case Verdict::delivered:
      delivered(item, alone, now);
      break;
    case Verdict::failed:
      drop(item, Dropped::write_failed);
      settle(lane);
      break;
    case Verdict::record_fault:
    case Verdict::too_large:
      if (alone) {
        to_letter(item, report.verdict == Verdict::too_large ? "too_large" : "record_refused", report.code);
        break;
      }
      if (!std::exchange(item.send_alone, true)) ++lane.to_send_alone;
      if (std::exchange(stream.last_refused, generation_) != generation_) ++stream.refused_batches;
      fail(lane, Verdict::purged, report.code);
      break;
    case Verdict::retriable:
    case Verdict::purged:
    case Verdict::denied:
      fail(lane, report.verdict, report.code);
      break;
  }
  if (lane.state == Lane::State::draining && lane.in_flight == 0) replay(lane, now);
  if (alone) {
    for (Lane* other : std::exchange(stream.queue, {})) {
      other->queued = false;
      make_ready(*other);
    }
  }
  make_ready(lane);  // behind those that waited for it
}

void Outbox::delivered(Item& item, bool alone, SteadyTime now) {
  Lane& lane = *item.lane;
  item.state = Item::State::done;
  if (item.event && !item.notice && !item.read_back) latency_.add(now - item.event->received_steady);
  auto& refused_batches = lane.stream->refused_batches;
  if (alone) {
    if (refused_batches != 0) --refused_batches;
  } else {
    refused_batches = 0;
    lane.generation = generation_;
    lane.delivered = now;
  }
  if (lane.parked) unpark(lane, now);
  if (lane.state == Lane::State::open) lane.attempt = 0;
  clear_send_alone(item);
  settle(lane);
}

/// One record less that must be sent alone: delivered, or on its way out.
void Outbox::clear_send_alone(Item& item) {
  if (std::exchange(item.send_alone, false)) --item.lane->to_send_alone;
}

/// Takes what is finished off the front of a lane.
void Outbox::settle(Lane& lane) {
  std::uint64_t first = 0, last = 0;  // of what lies on the tail
  while (lane.head != nullptr && (lane.head->state == Item::State::done || lane.head->gone)) {
    Item* item = lane.head;
    lane.head = item->next;
    if (lane.head == nullptr) lane.tail = nullptr;
    if (lane.cursor == item) lane.cursor = item->next;
    if (item->on_tail) last = item->number, first = first == 0 ? last : first;
    finish(*item);
    delete item;
  }
  if (last != 0) tail_->forget(name_of(lane), first, last);
  want_more(lane);
}

/// The item is no longer in memory.
void Outbox::forget(const Item& item) {
  numbers_.remove(item.number);
  --items_;
  bytes_ -= item.bytes;
  item.lane->bytes -= item.bytes;
  if (item.letter) letter_bytes_ -= item.bytes;
}

void Outbox::finish(Item& item) {
  forget(item);
  if (item.gone) return;
  if (item.notice) {
    ++ledger_.notices_delivered;
    return;
  }
  --ledger_.in_flight;
  if (item.letter) {
    ++ledger_.dead_lettered;
  } else {
    ++(settings_.acknowledges ? ledger_.delivered : ledger_.sent);
  }
}

/// Whoever waits for the item's receipt is told that it was not kept.
void Outbox::lose(const Item& item) {
  const auto& receipt = item.event ? item.event->receipt : item.letter->receipt;
  if (receipt) receipt->lost();
}

void Outbox::drop(Item& item, Dropped reason) {
  if (event::is_loss(reason)) lose(item);
  item.gone = true;
  clear_send_alone(item);
  if (item.notice) {
    ++ledger_.notices_dropped;
    return;
  }
  --ledger_.in_flight;
  ++ledger_.dropped[static_cast<std::size_t>(reason)];
}

/// The event leaves its lane and goes on as a dead letter in the lane of its connector.
void Outbox::to_letter(Item& item, std::string_view reason, std::string_view code) {
  Lane& lane = *item.lane;
  const auto what = item.letter             ? SinkAlert::What::letter_failed
                    : reason == "too_large" ? SinkAlert::What::too_large
                                            : SinkAlert::What::record_refused;
  SinkAlert alert{what, lane.stream->name, lane.key, code};
  alert.dropped = item.notice || dead_letter_stream_.empty();
  alerts_.push_back(std::move(alert));
  if (item.letter || item.notice) {
    if (item.letter) ++ledger_.dead_letter_failed;
    drop(item, Dropped::dead_letter_failed);
  } else if (dead_letter_stream_.empty()) {
    drop(item, Dropped::dead_letter_off);
  } else {
    item.gone = true;
    clear_send_alone(item);
    post(make_letter_(*item.event, reason, code), item.on_tail);  // booked once: it stays in flight as its letter
  }
  settle(lane);
}

}  // namespace tributary::relay
