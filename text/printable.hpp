#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::text {

/// The first character of a text, and the bytes it takes.
struct Character {
  char32_t code = 0;
  std::size_t bytes = 0;  ///< 0: the text does not begin with valid UTF-8, or is empty
};
Character first_character(std::string_view text) noexcept;

/// The one word on what may be shown: a character that steers a terminal, ends a line, or turns the direction of what
/// stands beside it may not. Those are the control characters C0, DEL and C1, the bidirectional controls (U+061C,
/// U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), and the separators U+2028 and U+2029.
bool may_be_shown(char32_t code) noexcept;

/// Text of others made fit for one line of a log or terminal: what may not be shown becomes a space, bytes that are not
/// UTF-8 become U+FFFD, and at most `limit` bytes remain, cut between characters. Thread: any.
std::string printable(std::string_view text, std::size_t limit = std::string_view::npos);

/// The same for text of several lines and for tables: line feeds stay.
std::string printable_lines(std::string_view text);

/// A JSON text, valid UTF-8, with each character that may not be shown written as its escape: the same value. Line
/// feeds between tokens would not survive, so it is for one line. Thread: any.
std::string printable_json(std::string_view json);

}  // namespace tributary::text
