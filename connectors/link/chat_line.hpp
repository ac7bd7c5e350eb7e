#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::connectors {

/// What a chat takes of `words`: one line without space around it, in which nothing steers a terminal or turns the
/// direction of what follows (text::printable), cut to so many characters. A character is one code point of Unicode,
/// whatever its bytes: an emoji is one, and one that is spelled with a joiner is several. "": nothing is left. Pure.
/// Thread: any.
std::string chat_line(std::string_view words, std::size_t characters);

}  // namespace tributary::connectors
