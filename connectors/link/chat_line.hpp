#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tributary::connectors {

/// What a chat takes of `words`: one line without space around it, in which nothing steers a terminal or turns the
/// direction of what follows (text::printable), cut between characters to `units`. A unit is one of UTF-16, in which
/// browsers count: most characters are one, those beyond U+FFFF, as emoji are, two. So it fits whether the upstream
/// counts these or characters. "": nothing is left. Pure. Thread: any.
std::string chat_line(std::string_view words, std::size_t units);

}  // namespace tributary::connectors
