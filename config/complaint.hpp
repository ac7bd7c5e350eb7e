// What a failed command said, fit for a log. Pure. Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace tributary::config {

// The last 200 bytes of `words` (a command's standard error) on one line, safe for a terminal, without what the command
// printed to standard output (`output`, which may be a secret or a part of one) and without what looks like a token.
std::string complaint(std::string_view words, std::string_view output);

}  // namespace tributary::config
