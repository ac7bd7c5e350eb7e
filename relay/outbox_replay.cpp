#include <algorithm>
#include <utility>

#include "event/memory.hpp"
#include "relay/outbox_lane.hpp"

namespace tributary::relay {

using event::Dropped;
using event::SteadyTime;
using event::Verdict;

namespace {

constexpr auto told_again_first = std::chrono::minutes(1);
constexpr auto told_again = std::chrono::minutes(10);

/// At the stop, from a stream's first refusal to its being given up: a repair that has just been made is known by then.
constexpr auto last_chance = std::chrono::milliseconds(250);
constexpr auto longest_delay_at_stop = std::chrono::milliseconds(250);

}  // namespace

/// A record of the lane was not delivered: it sends nothing more until `replay`.
void Outbox::fail(Lane& lane, Verdict verdict, std::string_view code) {
  if (lane.state == Lane::State::open) lane.state = Lane::State::draining, lane.worst = Verdict::purged;
  if (verdict == Verdict::denied || lane.worst == Verdict::purged) lane.worst = verdict;
  lane.code = code;
}

std::chrono::milliseconds Outbox::delay(unsigned attempt) const {
  return std::min(stopping_ ? longest_delay_at_stop : settings_.retry_cap,
                  settings_.retry_base * (1U << std::min(attempt, 16U)));
}

void Outbox::park(Lane& lane, std::string_view code, SteadyTime now) {
  Stream& stream = *lane.stream;
  if (!std::exchange(lane.parked, true)) ++stream.parked;
  tell_parked(stream, code, now);
  if (stopping_) {
    if (!stream.refused_at_stop) stream.refused_at_stop = now;
    if (now - *stream.refused_at_stop >= last_chance) return give_up(stream, code);
  }
  lane.state = Lane::State::waiting;
  lane.until = stopping_ ? *stream.refused_at_stop + last_chance : now + settings_.parked;
  waiting_.push_back(&lane);
  if (tail_ != nullptr && may_keep()) unload(lane, 1);
}

/// Once for all lanes of a stream, again when it is refused for another reason, and slowly while it lasts.
void Outbox::tell_parked(Stream& stream, std::string_view code, SteadyTime now) {
  const bool first = stream.told.empty();
  const bool again = stream.told == code;
  if (again && now < stream.tell_at) return;
  SinkAlert alert{again ? SinkAlert::What::still_parked : SinkAlert::What::lane_parked, stream.name, {}, code};
  if (first) stream.parked_since = now;
  stream.told = code;
  stream.tell_at = now + (again ? std::chrono::milliseconds(told_again) : told_again_first);
  alert.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - stream.parked_since);
  for (const auto& [key, lane] : stream.lanes) {
    if (!lane->parked) continue;
    for (const Item* item = lane->head; item != nullptr; item = item->next)
      ++(item->notice ? alert.notices : alert.events);
    alert.events += lane->spooled;
  }
  alerts_.push_back(std::move(alert));
}

/// A record of a parked lane has passed: the others of its stream may pass as well.
void Outbox::unpark(Lane& lane, SteadyTime now) {
  Stream& stream = *lane.stream;
  lane.parked = false;
  if (--stream.parked != 0) return try_parked(stream, now);
  SinkAlert alert{SinkAlert::What::lane_resumed, stream.name};
  alert.lasted = std::chrono::duration_cast<std::chrono::milliseconds>(now - stream.parked_since);
  stream.told = {};
  alerts_.push_back(std::move(alert));
}

void Outbox::try_parked(const Stream& stream, SteadyTime now) {
  for (Lane* lane : waiting_) {
    if (lane->stream == &stream && lane->parked) lane->until = std::min(lane->until, now);
  }
}

void Outbox::repaired(std::string_view name, SteadyTime now) {
  if (const auto found = streams_.find(name); found != streams_.end()) try_parked(*found->second, now);
}

void Outbox::stop(SteadyTime now) {
  stopping_ = true;
  for (Lane* lane : waiting_) lane->until = std::min(lane->until, now);
}

/// At the stop, a stream is refused still: nothing of it will be delivered.
void Outbox::give_up(Stream& stream, std::string_view code) {
  SinkAlert alert{SinkAlert::What::given_up, stream.name, {}, code};
  std::erase_if(waiting_, [&](const Lane* lane) { return lane->stream == &stream; });
  for (auto& [key, lane] : stream.lanes) {
    if (lane->in_flight != 0) continue;  // its reports come first
    lane->state = Lane::State::open;
    if (tail_ != nullptr) {
      unload(*lane, 0);
      continue;
    }
    for (Item* item = lane->head; item != nullptr; item = item->next) {
      if (item->state == Item::State::done || item->gone) continue;
      ++(item->notice ? alert.notices : alert.events);
      drop(*item, Dropped::denied);
    }
    settle(*lane);
  }
  if (alert.events + alert.notices != 0) alerts_.push_back(std::move(alert));
}

/// Back to the first unfinished record; everything sent after it is sent again, whatever became of it.
void Outbox::restart(Lane& lane) {
  settle(lane);
  lane.cursor = lane.head;
  for (Item* item = lane.head; item != nullptr && item->tried; item = item->next) {
    if (!item->gone) item->state = Item::State::waiting;
  }
  while (lane.cursor != nullptr && lane.cursor->gone) lane.cursor = lane.cursor->next;
}

void Outbox::replay(Lane& lane, SteadyTime now) {
  restart(lane);
  if (lane.worst == Verdict::denied) return park(lane, lane.code, now);
  if (lane.worst == Verdict::purged) {
    lane.state = Lane::State::open;
    return make_ready(lane);
  }
  lane.state = Lane::State::waiting;
  lane.until = now + delay(lane.attempt++);
  waiting_.push_back(&lane);
  if (tail_ != nullptr && over_bound() && may_keep()) unload(lane, 1);
}

SteadyTime Outbox::deadline() const {
  auto earliest = keep_at_;
  for (const Lane* lane : waiting_) earliest = std::min(earliest, lane->until);
  return earliest;
}

bool Outbox::under_way() const {
  for (const auto& [name, stream] : streams_) {
    for (const auto& [key, lane] : stream->lanes) {
      if (lane->in_flight != 0) return true;
    }
  }
  return false;
}

Outbox::Rest Outbox::take_rest() {
  if (tail_ != nullptr) return {{}, hand_over_tail()};
  std::vector<std::pair<std::uint64_t, Unfinished>> rest;
  for (auto& [name, stream] : streams_) {
    for (auto& [key, lane] : stream->lanes) {
      for (Item* item = lane->head; item != nullptr; item = item->next) {
        if (item->state == Item::State::done || item->gone) continue;
        rest.emplace_back(item->number, Unfinished{item->event, item->letter});
        item->gone = true;
        if (item->notice) {
          --ledger_.notices;
        } else {
          --ledger_.offered, --ledger_.in_flight;
        }
      }
    }
  }
  drop_rest(Dropped::stopped);  // nothing is left
  std::sort(rest.begin(), rest.end(), [](const auto& one, const auto& other) { return one.first < other.first; });
  Rest taken;
  for (auto& [number, unfinished] : rest) taken.unfinished.push_back(std::move(unfinished));
  return taken;
}

/// Everything goes to the tail, and out of this book: first what an earlier process left.
Outbox::Handed Outbox::hand_over_tail() {
  stopping_ = true;  // what was asked for is not taken in any more
  drop_rest(Dropped::stopped);
  take_losses();
  const auto recovered = std::min(ledger_.recovered, ledger_.spooled);
  const auto handed = ledger_.spooled - recovered;
  ledger_.recovered -= recovered;
  ledger_.offered -= handed;
  ledger_.spooled = 0;
  ledger_.notices = ledger_.notices_delivered + ledger_.notices_dropped;
  return {handed, recovered};
}

void Outbox::drop_rest(Dropped reason) {
  for (auto& [name, stream] : streams_) {
    stream->alone = nullptr;
    stream->queue.clear();
    for (auto& [key, lane] : stream->lanes) {
      if (tail_ != nullptr) {
        unload(*lane, 0);
        continue;
      }
      for (Item* item = lane->head; item != nullptr; item = item->next) {
        if (item->state != Item::State::done && !item->gone) drop(*item, reason);
      }
      settle(*lane);
    }
  }
  waiting_.clear();
}

}  // namespace tributary::relay
