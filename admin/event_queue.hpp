#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "admin/event_filter.hpp"
#include "event/event.hpp"

namespace tributary::admin {

/// What one reader of /events has yet to be told. Bounded: what does not fit is counted, never waited for. The server
/// takes it over many times a second, so that no event is held for long. Pure. Thread: one at a time.
class EventQueue {
 public:
  static constexpr std::size_t most_bytes = 256u
                                            << 10;  ///< with what a reader may have unread, less than OpenAnswer::limit

  explicit EventQueue(EventFilter filter) : filter_(std::move(filter)) {}

  /// Keeps it if the reader wants it.
  void add(const event::EventPtr& event);
  bool empty() const { return events_.empty() && dropped_ == 0; }
  /// The reader has been told of all that it asked for.
  bool finished() const { return filter_.limit != 0 && told_ >= filter_.limit; }

  struct Batch {
    std::vector<event::EventPtr> events;
    std::uint64_t dropped = 0;  ///< and so many were lost
  };
  /// All that waits. With `behind` the reader takes nothing in: what waits is dropped, and told later.
  Batch take(bool behind);

 private:
  EventFilter filter_;
  std::vector<event::EventPtr> events_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0, told_ = 0;
};

/// `id: <connector>:<sequence>` and the canonical JSON as `data:`, ended by an empty line. Without a name (`event:`): a
/// page cannot listen to names that it does not know, and an upstream's type might be `error`.
void append_sse(std::string& out, const event::Event& event);
/// The events, then `event: dropped` with how many are missing.
std::string sse_text(const EventQueue::Batch& batch);

}  // namespace tributary::admin
