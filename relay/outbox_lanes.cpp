#include <algorithm>
#include <utility>

#include "relay/outbox_lane.hpp"

namespace tributary::relay {

using event::SteadyTime;

namespace {

/// Keeps the tables of lanes from growing with every key ever seen.
constexpr std::size_t idle_lanes = 4096;

/// A broker forgets a producer a day after its last record (producer.id.expiration.ms); then a lane is new to it.
constexpr auto broker_forgets_after = std::chrono::hours(1);

}  // namespace

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
        const bool idle = lane.head == nullptr && lane.spooled == 0 && lane.reading == 0 && !lane.wanting &&
                          !lane.ready && !lane.queued && !lane.uncommitted && lane.state == Lane::State::open;
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

void Outbox::append(std::unique_ptr<Item> item, std::string_view stream_name, std::string_view key, bool kept) {
  Lane& lane = lane_of(stream_of(stream_name), key);
  if (drops_newest(lane)) return drop_newest(*item);
  item->number = numbers_.take_number();
  if (overflows(lane, *item)) {
    spool(lane, *item);
    return want_more(lane);
  }
  if (kept) keep(lane, *item);
  link(lane, std::move(item));
}

/// Puts an item at the end of what the lane has in memory.
void Outbox::link(Lane& lane, std::unique_ptr<Item> item) {
  Item* raw = item.release();
  raw->lane = &lane;
  numbers_.put(raw->number, *raw);
  bytes_ += raw->bytes;
  lane.bytes += raw->bytes;
  if (raw->letter) letter_bytes_ += raw->bytes;
  ++items_;
  (lane.tail != nullptr ? lane.tail->next : lane.head) = raw;
  lane.tail = raw;
  if (lane.cursor == nullptr) lane.cursor = raw;
  make_ready(lane);
}

void Outbox::make_ready(Lane& lane) {
  if (lane.ready || lane.cursor == nullptr || lane.state != Lane::State::open) return;
  lane.ready = true;
  ready_.push_back(&lane);
}

bool Outbox::goes_alone(const Lane& lane) {
  return lane.parked || lane.to_send_alone != 0 || lane.stream->refused_batches >= most_refused_batches;
}

/// Must the lane wait for a report before it sends?
bool Outbox::blocked(const Lane& lane, SteadyTime now) const {
  const Item* alone = lane.stream->alone;
  if (goes_alone(lane)) return alone != nullptr || lane.in_flight != 0;
  if (lane.in_flight == 0) return false;
  if (alone != nullptr && alone->lane == &lane) return true;
  return settings_.opens_with_one && (lane.generation != generation_ || now - lane.delivered > broker_forgets_after);
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
    want_more(lane);
  }
}

std::optional<std::chrono::milliseconds> Outbox::oldest_age(const event::Now& now) const {
  using std::chrono::milliseconds;
  std::optional<milliseconds> oldest;
  for (const auto& [name, stream] : streams_) {
    for (const auto& [key, lane] : stream->lanes) {
      const Item* item = lane->head;
      while (item != nullptr && (item->notice || item->gone)) item = item->next;
      if (item == nullptr) continue;
      auto age = std::chrono::floor<milliseconds>(
          now.steady - (item->event ? item->event->received_steady : item->letter->received_steady));
      if (item->event && item->read_back) age = std::chrono::floor<milliseconds>(now.wall - item->event->received);
      oldest = std::max({oldest.value_or(milliseconds(0)), age, milliseconds(0)});
    }
  }
  return oldest;
}

std::vector<std::string> Outbox::parked() const {
  std::vector<std::string> names;
  for (const auto& [name, stream] : streams_) {
    if (stream->parked != 0) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Outbox::next(SteadyTime now, Next& next) {
  if (!waiting_.empty()) wake_due(now);
  for (; !ready_.empty(); ready_.pop_front()) {
    Lane& lane = *ready_.front();
    while (lane.cursor != nullptr && (lane.cursor->gone || lane.cursor->state != Item::State::waiting)) {
      lane.cursor = lane.cursor->next;
    }
    const bool may = lane.cursor != nullptr && lane.state == Lane::State::open;
    if (may && !sendable(*lane.cursor)) {
      lane.ready = false;
      wait_for_commit(lane);
      continue;
    }
    if (may && !blocked(lane, now)) {
      const Item& item = *(offered_ = lane.cursor);
      next = {lane.stream->name, item.event.get(), item.letter.get(), item.number,
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

}  // namespace tributary::relay
