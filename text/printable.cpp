#include "text/printable.hpp"

#include <cstdint>

namespace tributary::text {
namespace {

constexpr std::string_view unknown_character = "\xef\xbf\xbd";

/// A character, or what stands for it.
std::string_view shown(std::string_view text, const Character& character) {
  if (character.bytes == 0) return unknown_character;
  return may_be_shown(character.code) ? text.substr(0, character.bytes) : " ";
}

void append_escape(std::string& out, char32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[code >> shift & 0xF];
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  char32_t code = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool outside = (first == 0xed && byte(1) > 0x9f) || (first == 0xf4 && byte(1) > 0x8f);
  return overlong || outside ? Character{} : Character{code, length};
}

bool may_be_shown(char32_t code) noexcept {
  const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  const bool turns = code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
                     (code >= 0x2066 && code <= 0x2069);
  return !control && !turns && code != 0x2028 && code != 0x2029;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::string_view piece = shown(text, character);
    if (piece.size() > limit - out.size()) break;
    out += piece;
    text.remove_prefix(character.bytes == 0 ? 1 : character.bytes);
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const auto end = text.find('\n');
    out += printable(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const Character character = first_character(json);
    if (character.bytes != 0 && !may_be_shown(character.code)) {
      append_escape(out, character.code);
    } else {
      out += shown(json, character);
    }
    json.remove_prefix(character.bytes == 0 ? 1 : character.bytes);
  }
  return out;
}

}  // namespace tributary::text
