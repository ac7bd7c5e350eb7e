#include "admin/event_queue.hpp"

#include <algorithm>

namespace tributary::admin {
namespace {

/// A line feed of JSON stands between two tokens, where a space says the same; in a stream of events it ends a line.
void append_on_one_line(std::string& out, std::string_view json) {
  for (const char c : json) out += c == '\n' || c == '\r' ? ' ' : c;
}

}  // namespace

void append_sse(std::string& out, const event::Event& event) {
  out += "id: ";
  if (event.connector) append_on_one_line(out, *event.connector);
  out += ":" + std::to_string(event.sequence) + "\ndata: ";
  append_on_one_line(out, event.json_text());
  out += "\n\n";
}

void EventQueue::add(const event::EventPtr& event) {
  if (finished() || !filter_.takes(*event)) return;
  if (bytes_ + event->bytes() > most_bytes) {
    ++dropped_;
    return;
  }
  bytes_ += event->bytes();
  events_.push_back(event);
}

EventQueue::Batch EventQueue::take(bool behind) {
  Batch batch;
  if (behind) {
    dropped_ += events_.size();
    events_.clear();
  } else {
    if (filter_.limit != 0) events_.resize(std::min<std::uint64_t>(events_.size(), filter_.limit - told_));
    told_ += events_.size();
    batch.events = std::exchange(events_, {});
    batch.dropped = std::exchange(dropped_, 0);
  }
  bytes_ = 0;
  return batch;
}

std::string sse_text(const EventQueue::Batch& batch) {
  std::string out;
  for (const auto& event : batch.events) append_sse(out, *event);
  // What is dropped once the queue is full came after what is in it.
  if (batch.dropped != 0) out += "event: dropped\ndata: {\"count\":" + std::to_string(batch.dropped) + "}\n\n";
  return out;
}

}  // namespace tributary::admin
