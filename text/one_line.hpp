// Text of strangers made fit to stand in a sentence that we say to people: one line, nothing hidden in it.
// Pure. Thread: any.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::text {

/// Appends `text` as it may stand in a line of a chat. Control characters, line breaks and tabs become one space, also
/// where several follow each other. What turns the direction of writing and other characters that nobody sees
/// are left out. The joiners U+200C and U+200D and the variation selectors U+FE00 to U+FE0F stay where they follow a
/// character that is seen: names of people and emoji are spelled with them. Bytes that are not UTF-8 become U+FFFD.
void append_one_line(std::string& out, std::string_view text);

/// The longest part of `text` (valid UTF-8) of at most `limit` code points that ends between two characters as readers
/// see them: no accent, joiner or skin tone is cut off its character, no flag is halved. Of one character that is
/// itself longer than `limit`, as much as fits.
std::string_view clipped(std::string_view text, std::size_t limit);

}  // namespace tributary::text
