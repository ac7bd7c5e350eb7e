#pragma once

#include <string>
#include <string_view>

namespace tributary::text {

/// Text as a manual page holds it (man(7)): nothing in it is taken for a request or an escape of the formatter, and a
/// hyphen is the one of a command line. Lines stay lines. Thread: any.
std::string roff(std::string_view text);

}  // namespace tributary::text
