#pragma once

#include <string>
#include <string_view>

namespace tributary::net {

/// Text from the network made fit for one log line: control characters become spaces, bytes that are not UTF-8 become
/// U+FFFD, and at most `limit` bytes remain, cut between characters. Thread: any.
std::string printable(std::string_view text, std::size_t limit);

}  // namespace tributary::net
