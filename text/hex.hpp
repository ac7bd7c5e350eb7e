#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tributary::text {

/// The value of a hexadecimal digit, in either case; -1: it is none. Thread: any.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Two digits for each byte, in small letters. Thread: any.
std::string hex(std::span<const unsigned char> bytes);
std::string hex(std::string_view bytes);

}  // namespace tributary::text
