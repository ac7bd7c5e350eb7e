#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::text {

/// Appends `text` as a JSON string, quotes included. Invalid UTF-8 bytes become U+FFFD; returns how many.
std::uint32_t append_quoted(std::string& out, std::string_view text);

/// Appends a decimal integer.
void append_number(std::string& out, std::uint64_t value);
void append_number(std::string& out, std::int64_t value);

/// Copies `text`, each maximal invalid UTF-8 part replaced by U+FFFD as the Unicode standard advises (one per maximal
/// subpart); returns how many were replaced.
std::uint32_t append_repaired(std::string& out, std::string_view text);

bool valid_utf8(std::string_view text);

/// The longest part of `text` that has at most `limit` bytes and ends at a character boundary.
std::string_view clip(std::string_view text, std::size_t limit);

}  // namespace tributary::text
