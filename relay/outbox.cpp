#include "relay/outbox.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "event/assert.hpp"

namespace tributary::relay {

using event::Dropped;
using event::SteadyTime;
using event::Verdict;

struct Outbox::Item {
  enum class State : std::uint8_t { waiting, in_flight, done };
  event::EventPtr event;
  std::unique_ptr<event::DeadLetter> letter;
  Lane* lane = nullptr;
  Item* next = nullptr;
  std::size_t bytes = 0;
  State state = State::waiting;
  bool tried = false;    ///< has been sent at least once
  bool notice = false;   ///< the relay's own event: beside the book
  bool suspect = false;  ///< in a batch that was refused for one of its records
  bool gone = false;     ///< finished otherwise: leaves the lane without being delivered

  std::uint64_t token() const { return reinterpret_cast<std::uintptr_t>(this); }
};

struct Outbox::Lane {
  enum class State : std::uint8_t {
    open,
    draining,  ///< a record failed: nothing is sent until all reports are in
    waiting,   ///< goes on at `until`
  };
  Stream* stream = nullptr;
  std::string key;
  Item* head = nullptr;
  Item* tail = nullptr;
  Item* cursor = nullptr;  ///< the first one not yet sent, in this pass
  std::size_t in_flight = 0;
  std::size_t suspects = 0;      ///< among its items
  std::uint64_t generation = 0;  ///< of the wire that delivered its last record, sent together with others,
  SteadyTime delivered{};        ///< at this time
  State state = State::open;
  Verdict worst = Verdict::purged;
  std::string_view code;
  SteadyTime until{};
  unsigned attempt = 0;
  bool ready = false;   ///< in ready_
  bool queued = false;  ///< in its stream's queue
  bool parked = false;
};

struct Outbox::Stream {
  std::string name;
  std::unordered_map<std::string_view, std::unique_ptr<Lane>> lanes;
  Lane* last_lane = nullptr;
  const Item* alone = nullptr;  ///< what is under way alone
  std::vector<Lane*> queue;     ///< lanes that wait for it
  unsigned strikes = 0;         ///< batches refused, less what has passed since
  std::uint64_t struck = 0;     ///< the generation in which the last one was refused
  std::size_t parked = 0;       ///< of its lanes
  std::string_view told;        ///< as what it was told to be parked; "": not told
  SteadyTime parked_since{};
  SteadyTime tell_at{};
  std::optional<SteadyTime> refused_at_stop;  ///< for the first time since the stop
};

namespace {

/// Keeps the tables of lanes from growing with every key ever seen.
constexpr std::size_t idle_lanes = 4096;

/// A broker forgets a producer a day after its last record (producer.id.expiration.ms); then a lane is new to it.
constexpr auto acquaintance = std::chrono::hours(1);

constexpr auto told_again_first = std::chrono::minutes(1);
constexpr auto told_again = std::chrono::minutes(10);

/// At the stop, from a stream's first refusal to its being given up: a repair that has just been made is known by then.
constexpr auto last_chance = std::chrono::milliseconds(250);
constexpr auto longest_delay_at_stop = std::chrono::milliseconds(250);

/// So many batches refused with hardly anything delivered between, and a stream goes one by one: each of them costs the
/// whole wire a rebuild.
constexpr unsigned most_strikes = 3;

}  // namespace

Outbox::Outbox(const Settings& settings, std::string dead_letter_stream, MakeLetter make_letter)
    : settings_(settings), dead_letter_stream_(std::move(dead_letter_stream)), make_letter_(make_letter) {}

Outbox::~Outbox() {
  for (auto& [name, stream] : streams_) {
    for (auto& [key, lane] : stream->lanes) {
      for (Item* item = lane->head; item != nullptr;) delete std::exchange(item, item->next);
    }
  }
}

Outbox::Stream& Outbox::stream_of(std::string_view name) {
  if (last_stream_ != nullptr && last_stream_->name == name) return *last_stream_;
  auto found = streams_.find(name);
  if (found == streams_.end()) {
    auto stream = std::make_unique<Stream>();
    stream->name = name;
    const std::string_view stable = stream->name;
    found = streams_.emplace(stable, std::move(stream)).first;
  }
  last_stream_ = found->second.get();
  return *last_stream_;
}

Outbox::Lane& Outbox::lane_of(Stream& stream, std::string_view key) {
  if (stream.last_lane != nullptr && stream.last_lane->key == key) return *stream.last_lane;
  auto found = stream.lanes.find(key);
  if (found == stream.lanes.end()) {
    if (stream.lanes.size() >= idle_lanes) {
      for (auto it = stream.lanes.begin(); it != stream.lanes.end();) {
        const Lane& lane = *it->second;
        const bool idle = lane.head == nullptr && !lane.ready && !lane.queued && lane.state == Lane::State::open;
        if (idle) --lane_count_;
        if (idle && lane.parked) --stream.parked;
        it = idle ? stream.lanes.erase(it) : std::next(it);
      }
      stream.last_lane = nullptr;
    }
    auto lane = std::make_unique<Lane>();
    lane->stream = &stream;
    lane->key = key;
    const std::string_view stable = lane->key;
    found = stream.lanes.emplace(stable, std::move(lane)).first;
    ++lane_count_;
  }
  stream.last_lane = found->second.get();
  return *stream.last_lane;
}

void Outbox::append(std::unique_ptr<Item> item, std::string_view stream_name, std::string_view key) {
  Lane& lane = lane_of(stream_of(stream_name), key);
  Item* raw = item.release();
  raw->lane = &lane;
  bytes_ += raw->bytes;
  if (raw->letter) letter_bytes_ += raw->bytes;
  ++items_;
  (lane.tail != nullptr ? lane.tail->next : lane.head) = raw;
  lane.tail = raw;
  if (lane.cursor == nullptr) lane.cursor = raw;
  make_ready(lane);
}

void Outbox::offer(event::EventPtr event, std::string_view stream) {
  const bool notice = event->kind == event::Kind::notice;
  if (notice) {
    ++ledger_.notices;
    if (stream.empty() || bytes_ > settings_.memory) {
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

void Outbox::offer(std::unique_ptr<event::DeadLetter> letter) {
  ++ledger_.offered;
  ++ledger_.in_flight;
  auto item = std::make_unique<Item>();
  item->bytes = sizeof(Item) + letter->value.capacity();
  item->letter = std::move(letter);
  if (dead_letter_stream_.empty()) {
    --ledger_.in_flight;
    ++ledger_.dropped[static_cast<std::size_t>(Dropped::dead_letter_off)];
    return;
  }
  if (letter_bytes_ + item->bytes > settings_.memory / 4) {
    ++ledger_.dead_letter_failed;
    --ledger_.in_flight;
    ++ledger_.dropped[static_cast<std::size_t>(Dropped::dead_letter_failed)];
    if (!std::exchange(letters_full_, true)) alerts_.push_back({SinkAlert::What::letters_full, dead_letter_stream_});
    return;
  }
  letters_full_ = false;
  const auto connector = item->letter->connector;
  append(std::move(item), dead_letter_stream_, *connector);
}

void Outbox::offer_dropped(Dropped reason) {
  ++ledger_.offered;
  ++ledger_.dropped[static_cast<std::size_t>(reason)];
}

void Outbox::make_ready(Lane& lane) {
  if (lane.ready || lane.cursor == nullptr || lane.state != Lane::State::open) return;
  lane.ready = true;
  ready_.push_back(&lane);
}

bool Outbox::goes_alone(const Lane& lane) {
  return lane.parked || lane.suspects != 0 || lane.stream->strikes >= most_strikes;
}

/// Must the lane wait for a report before it sends?
bool Outbox::blocked(const Lane& lane, SteadyTime now) const {
  const Item* alone = lane.stream->alone;
  if (goes_alone(lane)) return alone != nullptr || lane.in_flight != 0;
  if (lane.in_flight == 0) return false;
  if (alone != nullptr && alone->lane == &lane) return true;
  return settings_.opens_with_one && (lane.generation != generation_ || now - lane.delivered > acquaintance);
}

void Outbox::wake_due(SteadyTime now) {
  for (std::size_t i = 0; i < waiting_.size();) {
    Lane& lane = *waiting_[i];
    if (lane.until > now) {
      ++i;
      continue;
    }
    waiting_[i] = waiting_.back();
    waiting_.pop_back();
    lane.state = Lane::State::open;
    make_ready(lane);
  }
}

bool Outbox::next(SteadyTime now, Next& next) {
  if (!waiting_.empty()) wake_due(now);
  for (; !ready_.empty(); ready_.pop_front()) {
    Lane& lane = *ready_.front();
    while (lane.cursor != nullptr && (lane.cursor->gone || lane.cursor->state != Item::State::waiting)) {
      lane.cursor = lane.cursor->next;
    }
    const bool may = lane.cursor != nullptr && lane.state == Lane::State::open;
    if (may && !blocked(lane, now)) {
      const Item& item = *lane.cursor;
      next = {lane.stream->name, item.event.get(), item.letter.get(), item.token(),
              goes_alone(lane) ? event::Manner::alone : event::Manner::together};
      return true;
    }
    lane.ready = false;  // a report makes it ready again: one of its own, or of what is under way alone
    const Item* alone = lane.stream->alone;
    if (!may || alone == nullptr || alone->lane == &lane) continue;
    if (!std::exchange(lane.queued, true)) lane.stream->queue.push_back(&lane);
  }
  return false;
}

void Outbox::sent(std::uint64_t token, event::Sent answer, SteadyTime now, std::string_view why) {
  Item& item = *reinterpret_cast<Item*>(static_cast<std::uintptr_t>(token));
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
  Item& item = *reinterpret_cast<Item*>(static_cast<std::uintptr_t>(report.token));
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
      if (!std::exchange(item.suspect, true)) ++lane.suspects;
      if (std::exchange(stream.struck, generation_) != generation_) ++stream.strikes;
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
  if (item.event && !item.notice) latency_.add(now - item.event->received_steady);
  auto& strikes = lane.stream->strikes;
  if (alone) {
    if (strikes != 0) --strikes;
  } else {
    strikes = 0;
    lane.generation = generation_;
    lane.delivered = now;
  }
  if (lane.parked) unpark(lane, now);
  if (lane.state == Lane::State::open) lane.attempt = 0;
  acquit(item);
  settle(lane);
}

/// One suspect less: delivered, or on its way out.
void Outbox::acquit(Item& item) {
  if (std::exchange(item.suspect, false)) --item.lane->suspects;
}

/// A record of the lane was not delivered: it sends nothing more until `replay`.
void Outbox::fail(Lane& lane, Verdict verdict, std::string_view code) {
  if (lane.state == Lane::State::open) lane.state = Lane::State::draining, lane.worst = Verdict::purged;
  if (verdict == Verdict::denied || lane.worst == Verdict::purged) lane.worst = verdict;
  lane.code = code;
}

/// Takes what is finished off the front of a lane.
void Outbox::settle(Lane& lane) {
  while (lane.head != nullptr && (lane.head->state == Item::State::done || lane.head->gone)) {
    Item* item = lane.head;
    lane.head = item->next;
    if (lane.head == nullptr) lane.tail = nullptr;
    if (lane.cursor == item) lane.cursor = item->next;
    finish(*item);
    delete item;
  }
}

void Outbox::finish(Item& item) {
  --items_;
  bytes_ -= item.bytes;
  if (item.letter) letter_bytes_ -= item.bytes;
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

void Outbox::drop(Item& item, Dropped reason) {
  item.gone = true;
  acquit(item);
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
    acquit(item);
    // Booked once: it was offered as an event and stays in flight as its letter.
    --ledger_.offered;
    --ledger_.in_flight;
    offer(make_letter_(*item.event, reason, code));
  }
  settle(lane);
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
}

SteadyTime Outbox::deadline() const {
  auto earliest = SteadyTime::max();
  for (const Lane* lane : waiting_) earliest = std::min(earliest, lane->until);
  return earliest;
}

void Outbox::drop_rest(Dropped reason) {
  for (auto& [name, stream] : streams_) {
    stream->alone = nullptr;
    stream->queue.clear();
    for (auto& [key, lane] : stream->lanes) {
      for (Item* item = lane->head; item != nullptr; item = item->next) {
        if (item->state != Item::State::done && !item->gone) drop(*item, reason);
      }
      settle(*lane);
    }
  }
  waiting_.clear();
}

}  // namespace tributary::relay
