#pragma once

#include <charconv>
#include <chrono>
#include <string>
#include <string_view>

#include "net/reason.hpp"

// The words of a transcript's lines: what they mean, and how what came is written in them.

namespace tributary::support {

/// What is wrong with a transcript's line, or with what came of it.
struct TranscriptFault {
  std::string message;
};

[[noreturn]] void fault(std::string message);

/// Cuts the first word off.
std::string_view word(std::string_view& rest);

template <class Number>
Number number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    fault("not a number: " + std::string(text));
  }
  return value;
}

/// `1m30s` → 90,000 ms.
std::chrono::milliseconds duration_of(std::string_view text);

/// `0a ff` → the two bytes, and back.
std::string bytes_of(std::string_view hex);

net::Reason reason_of(std::string_view text);

/// What came of an input and is not yet expected by a line.
struct Output {
  std::string what;  ///< ">", ">b", "dial", "live", "event", …: the word of the language
  std::string text;  ///< what stands behind it
  std::chrono::milliseconds delay{0};
  std::string in_words() const;
  /// Is it what a line expects? Else a fault.
  void match(std::string_view expected, std::string_view rest) const;
};

}  // namespace tributary::support
