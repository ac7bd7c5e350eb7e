// Words for people in messages about what they wrote: quoting it, and finding the word that was probably meant.
// Pure. Thread: any.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::text {

/// The offset of the first byte that is not valid UTF-8; npos when all of it is.
std::size_t bad_utf8(std::string_view text);

/// `text` clipped to about `most` bytes; what may not be shown (text/printable), and all that is not ASCII unless the
/// whole is UTF-8, stands there as escapes: what cannot be seen in a file can be seen in its fault.
std::string escaped(std::string_view text, std::size_t most = std::string_view::npos);

/// The same in backquotes, clipped at 64 bytes.
std::string quote(std::string_view text);

/// "a, b or c", without empty ones.
std::string alternatives(std::span<const std::string_view> words);

/// The known word nearest to `word` by edit distance (case and `-`/`_` count little), if one is near enough.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known);

/// "; did you mean `url`?", or when none is near and the known words are few, "; expected a, b or c"; else "".
std::string suggestion(std::string_view word, std::span<const std::string_view> known);

}  // namespace tributary::text
