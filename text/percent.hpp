#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

// Percent-encoding of RFC 3986. Thread: any.

namespace detail {

inline constexpr std::array<bool, 256> unreserved = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}();

}  // namespace detail

/// Section 2.3: what stands for itself wherever it stands.
constexpr bool is_unreserved(char c) { return detail::unreserved[static_cast<unsigned char>(c)]; }

/// One byte as %XX, in capitals.
inline void append_percent(std::string& out, char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(byte);
  out += '%';
  out += digits[value >> 4U];
  out += digits[value & 15U];
}

/// One segment of a path or one value of a query: all but unreserved characters as %XX, and `too` as well.
std::string percent_encoded(std::string_view plain, std::string_view too = {});

/// None when a `%` is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text);

/// The same, but such a `%` stands for itself.
std::string percent_decoded_leniently(std::string_view text);

}  // namespace tributary::text
