#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "connectors/json/json_text.hpp"
#include "event/event.hpp"

// Times as upstreams write them. Pure. Thread: any. Failure: none; what says no time gives none.

namespace tributary::connectors {

/// In what an upstream counts since 1970, by its documents.
enum class TimeUnit : std::uint8_t { seconds, milliseconds, microseconds, nanoseconds };

struct UpstreamTime {
  std::optional<event::WallTime> time;  ///< a plausible one; nothing: the time of receipt counts
  bool as_documented = false;           ///< false: the original is to be kept beside it
  explicit operator bool() const { return time.has_value(); }
};

/// Whether an event can have happened then: since 2010, and at most a day ahead of our clock. A clock of ours that
/// stands before 2010 is no judge, and everything until 2100 is believed.
bool plausible(event::WallTime time, event::WallTime now);

/// The time that a number, a string of digits or a date-time says. A number is read in the documented unit; where that
/// gives no plausible time, in the unit that does (s, ms, µs, ns).
UpstreamTime time_of(const Value& value, TimeUnit documented, event::WallTime now);

/// A date-time of RFC 3339, or in a form near to it: a space for the `T`, a comma for the point, no seconds, zones like
/// `+0200`, `+02`, `UTC`. Nothing without a zone: nobody knows which one is meant. Not judged.
std::optional<event::WallTime> date_time(std::string_view text);

}  // namespace tributary::connectors
