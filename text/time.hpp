#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

/// UTC, the resolution of every time in an event.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// An RFC 3339 date-time, any offset, any fraction (truncated to ms; a leap second is read as :59.999). Nothing for
/// anything else, and for years outside 0000–9999.
std::optional<WallTime> parse_time(std::string_view text);

/// `2026-10-01T12:34:56.789Z`, 24 characters.
void append_time(std::string& out, WallTime time);
std::string to_text(WallTime time);

}  // namespace tributary::text
