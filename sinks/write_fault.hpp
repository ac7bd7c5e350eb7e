#pragma once

#include <string>
#include <string_view>

namespace tributary::sinks {

/// The name of an errno that a write came back with, e.g. ENOSPC; `write_failed` for a rare one. Static storage.
std::string_view code_of(int error);
/// What that means for who reads the log, and what to do.
std::string words_of(int error);

/// Of a target that takes nothing, because what reads it does not.
constexpr std::string_view not_read = "not_read";
/// What a sink's `stuck` means: one of the names above, or of the kafka sink's.
std::string words_of_code(std::string_view code);

}  // namespace tributary::sinks
