#include "relay/outbox.hpp"

#include <algorithm>
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
  std::uint64_t order = 0;
  State state = State::waiting;
  bool tried = false;     ///< has been sent at least once
  bool notice = false;    ///< the relay's own event: beside the book
  bool guilty = false;    ///< refused for itself in this probe
  bool oversize = false;  ///< and why
  bool gone = false;      ///< finished otherwise: leaves the lane without being delivered

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
  State state = State::open;
  Verdict worst = Verdict::purged;
  std::string_view code;
  SteadyTime until{};
  unsigned attempt = 0;
  bool ready = false;
  bool parked = false;
};

struct Outbox::Stream {
  enum class Mode : std::uint8_t {
    open,
    draining,  ///< a record was refused for itself: waits for every report of the stream
    probing,   ///< sends one group alone at a time
  };
  std::string name;
  std::unordered_map<std::string_view, std::unique_ptr<Lane>> lanes;
  Lane* last_lane = nullptr;
  std::size_t in_flight = 0;
  Mode mode = Mode::open;
  std::vector<Item*> suspects;
  std::vector<std::pair<std::size_t, std::size_t>> groups;  ///< of suspects, half-open; the last is tried now
  std::size_t at = 0;                                       ///< next of the group to send
  bool retry = false, denied = false, refused = false;  ///< what the group's reports said: nothing more of it is sent
  SteadyTime until{};
  unsigned attempt = 0;
};

namespace {

/// Keeps the tables of lanes from growing with every key ever seen.
constexpr std::size_t idle_lanes = 4096;

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
        const bool idle = lane.head == nullptr && !lane.ready && lane.state == Lane::State::open;
        if (idle) --lane_count_;
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
  raw->order = ++order_;
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
  if (dead_letter_stream_.empty() || letter_bytes_ + item->bytes > settings_.memory / 4) {
    if (!dead_letter_stream_.empty()) ++ledger_.dead_letter_failed;
    --ledger_.in_flight;
    ++ledger_.dropped[static_cast<std::size_t>(dead_letter_stream_.empty() ? Dropped::dead_letter_off
                                                                           : Dropped::dead_letter_failed)];
    return;
  }
  const auto connector = item->letter->connector;
  append(std::move(item), dead_letter_stream_, *connector);
}

void Outbox::offer_dropped(Dropped reason) {
  ++ledger_.offered;
  ++ledger_.dropped[static_cast<std::size_t>(reason)];
}

void Outbox::make_ready(Lane& lane) {
  if (lane.ready || lane.cursor == nullptr || lane.state != Lane::State::open ||
      lane.stream->mode != Stream::Mode::open) {
    return;
  }
  lane.ready = true;
  ready_.push_back(&lane);
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

Outbox::Item* Outbox::probe_next(Stream& stream) {
  if (stream.groups.empty()) return nullptr;
  const auto end = stream.groups.back().second;
  while (stream.at < end) {
    Item* item = stream.suspects[stream.at];
    if (item->state == Item::State::waiting && !item->gone) return item;
    ++stream.at;
  }
  return nullptr;
}

bool Outbox::next(SteadyTime now, Next& next) {
  if (!waiting_.empty()) wake_due(now);
  Item* item = nullptr;
  for (Stream* stream : probing_) {
    const bool answering = stream->retry || stream->denied || stream->refused || stream->until > now;
    if (!answering && (item = probe_next(*stream)) != nullptr) break;
  }
  while (item == nullptr && !ready_.empty()) {
    Lane& lane = *ready_.front();
    while (lane.cursor != nullptr && (lane.cursor->gone || lane.cursor->state != Item::State::waiting)) {
      lane.cursor = lane.cursor->next;
    }
    if (lane.cursor != nullptr && lane.state == Lane::State::open && lane.stream->mode == Stream::Mode::open) {
      item = lane.cursor;
      break;
    }
    lane.ready = false;
    ready_.pop_front();
  }
  if (item == nullptr) return false;
  next = {item->lane->stream->name, item->event.get(), item->letter.get(), item->token()};
  return true;
}

void Outbox::sent(std::uint64_t token, event::Sent answer, SteadyTime now) {
  Item& item = *reinterpret_cast<Item*>(static_cast<std::uintptr_t>(token));
  Lane& lane = *item.lane;
  Stream& stream = *lane.stream;
  const bool probing = stream.mode == Stream::Mode::probing;
  switch (answer) {
    case event::Sent::full:
      return;
    case event::Sent::denied:
      if (!probing) {
        lane.code = "unknown_topic";
        lane.worst = Verdict::denied;
        lane.state = Lane::State::draining;  // what is in flight may still fail and must then go first
        if (lane.in_flight == 0) replay(lane, now);
        return;
      }
      stream.denied = true;
      if (stream.in_flight == 0) probe_answered(stream, now);
      return;
    case event::Sent::too_large:
      if (!probing) lane.cursor = item.next;
      to_letter(item, "too_large", "too_large");
      if (probing && stream.in_flight == 0 && probe_next(stream) == nullptr) probe_answered(stream, now);
      return;
    case event::Sent::accepted:
      break;
  }
  if (item.tried) ++ledger_.replayed;
  item.tried = true;
  item.state = Item::State::in_flight;
  ++lane.in_flight;
  ++stream.in_flight;
  if (probing) {
    ++stream.at;
  } else {
    lane.cursor = item.next;
  }
}

void Outbox::report(const event::Report& report, SteadyTime now) {
  Item& item = *reinterpret_cast<Item*>(static_cast<std::uintptr_t>(report.token));
  TRIBUTARY_ASSERT(item.state == Item::State::in_flight);
  Lane& lane = *item.lane;
  Stream& stream = *lane.stream;
  --lane.in_flight;
  --stream.in_flight;
  const bool probing = stream.mode == Stream::Mode::probing;
  item.state = Item::State::waiting;
  switch (report.verdict) {
    case Verdict::delivered:
      item.state = Item::State::done;
      if (item.event && !item.notice) latency_.add(now - item.event->received_steady);
      if (lane.parked) {
        lane.parked = false;
        alerts_.push_back({OutboxAlert::What::lane_resumed, stream.name, lane.key, {}});
      }
      if (lane.state == Lane::State::open) lane.attempt = 0;
      settle(lane);
      break;
    case Verdict::failed:
      drop(item, Dropped::write_failed);
      settle(lane);
      break;
    case Verdict::record_fault:
    case Verdict::too_large:
      item.guilty = true;
      item.oversize = report.verdict == Verdict::too_large;
      lane.code = report.code;
      if (stream.mode == Stream::Mode::open) stream.mode = Stream::Mode::draining;
      stream.refused = probing;
      break;
    case Verdict::retriable:
    case Verdict::purged:
    case Verdict::denied:
      if (probing) {
        (report.verdict == Verdict::denied ? stream.denied : stream.retry) = true;
        lane.code = report.code;
        break;
      }
      if (lane.state == Lane::State::open) lane.state = Lane::State::draining, lane.worst = Verdict::purged;
      if (report.verdict == Verdict::denied || lane.worst == Verdict::purged) lane.worst = report.verdict;
      lane.code = report.code;
      break;
  }
  if (stream.mode != Stream::Mode::open) {
    if (stream.in_flight != 0) return;
    if (stream.mode == Stream::Mode::draining) return begin_probe(stream);
    if (probe_next(stream) == nullptr || stream.retry || stream.denied || stream.refused) probe_answered(stream, now);
    return;
  }
  if (lane.state == Lane::State::draining && lane.in_flight == 0) replay(lane, now);
}

/// Takes what is finished off the front of a lane.
void Outbox::settle(Lane& lane) {
  if (lane.stream->mode == Stream::Mode::probing) return;  // a probe points at its suspects; they leave when it ends
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
  const bool too_large = reason == "too_large";
  alerts_.push_back({too_large ? OutboxAlert::What::too_large : OutboxAlert::What::record_refused, lane.stream->name,
                     lane.key, code});
  if (item.letter || item.notice) {
    if (item.letter) {
      ++ledger_.dead_letter_failed;
      alerts_.push_back({OutboxAlert::What::letter_failed, lane.stream->name, lane.key, code});
    }
    drop(item, Dropped::dead_letter_failed);
  } else if (dead_letter_stream_.empty()) {
    drop(item, Dropped::dead_letter_off);
  } else {
    item.gone = true;
    // Booked once: it was offered as an event and stays in flight as its letter.
    --ledger_.offered;
    --ledger_.in_flight;
    offer(make_letter_(*item.event, reason, code));
  }
  settle(lane);
}

std::chrono::milliseconds Outbox::delay(unsigned attempt) const {
  return std::min(settings_.retry_cap, settings_.retry_base * (1U << std::min(attempt, 16U)));
}

void Outbox::park(Lane& lane, std::string_view code, SteadyTime now) {
  lane.state = Lane::State::waiting;
  lane.until = now + settings_.parked;
  waiting_.push_back(&lane);
  if (!lane.parked) alerts_.push_back({OutboxAlert::What::lane_parked, lane.stream->name, lane.key, code});
  lane.parked = true;
}

/// Back to the first unfinished record; everything sent after it is sent again, whatever became of it.
void Outbox::restart(Lane& lane) {
  settle(lane);
  lane.cursor = lane.head;
  for (Item* item = lane.head; item != nullptr && item->tried; item = item->next) {
    if (!item->gone) item->state = Item::State::waiting;
    item->guilty = false;
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

void Outbox::begin_probe(Stream& stream) {
  stream.suspects.clear();
  for (auto& [key, lane] : stream.lanes) {
    if (lane->state == Lane::State::waiting) continue;  // parked or backing off: takes no part
    lane->state = Lane::State::open;
    restart(*lane);
    for (Item* item = lane->head; item != nullptr && item->tried; item = item->next) {
      if (!item->gone) stream.suspects.push_back(item);
    }
  }
  std::sort(stream.suspects.begin(), stream.suspects.end(),
            [](const Item* a, const Item* b) { return a->order < b->order; });
  stream.mode = Stream::Mode::probing;
  stream.groups = {{0, stream.suspects.size()}};
  stream.at = 0;
  stream.until = {};
  stream.retry = stream.denied = stream.refused = false;
  probing_.push_back(&stream);
  if (stream.suspects.empty()) end_probe(stream);
}

/// All reports of the group sent alone are in.
void Outbox::probe_answered(Stream& stream, SteadyTime now) {
  if (stream.denied) return end_probe(stream);
  const auto [begin, end] = stream.groups.back();
  if (stream.retry) {
    stream.retry = stream.refused = false;
    stream.at = begin;
    stream.until = now + delay(stream.attempt++);
    return;
  }
  stream.attempt = 0;
  stream.refused = false;
  stream.groups.pop_back();
  std::vector<std::size_t> open;
  bool guilty = false;
  for (std::size_t i = begin; i < end; ++i) {
    Item& item = *stream.suspects[i];
    if (item.state != Item::State::waiting || item.gone) continue;
    open.push_back(i);
    guilty = guilty || std::exchange(item.guilty, false);
  }
  if (guilty && open.size() == 1) {
    Item& item = *stream.suspects[open.front()];
    to_letter(item, item.oversize ? "too_large" : "record_refused", item.lane->code);
  } else if (guilty) {
    const std::size_t middle = open[open.size() / 2];
    stream.groups.emplace_back(middle, end);
    stream.groups.emplace_back(begin, middle);
  }
  while (!stream.groups.empty()) {
    stream.at = stream.groups.back().first;
    if (probe_next(stream) != nullptr) return;
    stream.groups.pop_back();
  }
  end_probe(stream);
}

void Outbox::end_probe(Stream& stream) {
  stream.mode = Stream::Mode::open;
  stream.suspects.clear();
  stream.groups.clear();
  std::erase(probing_, &stream);
  for (auto& [key, lane] : stream.lanes) {
    settle(*lane);
    lane->cursor = lane->head;
    while (lane->cursor != nullptr && (lane->cursor->state != Item::State::waiting || lane->cursor->gone)) {
      lane->cursor = lane->cursor->next;
    }
    make_ready(*lane);
  }
}

SteadyTime Outbox::deadline() const {
  auto earliest = SteadyTime::max();
  for (const Lane* lane : waiting_) earliest = std::min(earliest, lane->until);
  for (const Stream* stream : probing_) {
    if (stream->in_flight == 0) earliest = std::min(earliest, stream->until);
  }
  return earliest;
}

void Outbox::drop_rest(Dropped reason) {
  for (auto& [name, stream] : streams_) {
    stream->mode = Stream::Mode::open;
    stream->suspects.clear();
    for (auto& [key, lane] : stream->lanes) {
      for (Item* item = lane->head; item != nullptr; item = item->next) {
        if (item->state != Item::State::done && !item->gone) drop(*item, reason);
      }
      settle(*lane);
    }
  }
  probing_.clear();
  waiting_.clear();
}

}  // namespace tributary::relay
