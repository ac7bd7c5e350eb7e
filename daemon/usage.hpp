#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::daemon {

// What the command line may hold, and what is said of one that is wrong: what is there, what was expected, what to do.
// The library's own sentences reach nobody. Pure. Thread: any.

/// The number that a text is goes into `into`, which must outlive the validator.
CLI::Validator duration(std::optional<std::chrono::milliseconds>& into);
CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);
CLI::Validator number(double least, double most);
CLI::Validator one_of(std::vector<std::string> words);
/// The words of `one_of`; none of another validator.
std::vector<std::string> allowed_words(const CLI::Validator& validator);

/// Why `app` could not be parsed, as a sentence.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error);

/// "`ruun` is no command; did you mean `run`?"
std::string unknown_command(std::string_view word, std::span<const std::string_view> known);

}  // namespace tributary::daemon
