#pragma once

#include <string>
#include <string_view>

namespace tributary::sinks {

/// The name of an errno that a write came back with, e.g. ENOSPC; `write_failed` for a rare one. Static storage.
std::string_view code_of(int error);
/// What that means for who reads the log, and what to do.
std::string words_of(int error);

}  // namespace tributary::sinks
