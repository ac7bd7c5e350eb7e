#include "text/one_line.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "text/printable.hpp"

namespace tributary::text {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Seen by nobody, and not needed to spell a name: soft hyphen, fillers, zero-width space, invisible operators, marks
/// of annotations, shorthand and music, tags, selectors of ideographs. Beside those that may_be_shown() refuses.
constexpr std::array<Range, 14> hidden{{{0x00ad, 0x00ad},
                                        {0x034f, 0x034f},
                                        {0x115f, 0x1160},
                                        {0x17b4, 0x17b5},
                                        {0x180b, 0x180f},
                                        {0x200b, 0x200b},
                                        {0x2060, 0x206f},
                                        {0x3164, 0x3164},
                                        {0xfeff, 0xfeff},
                                        {0xffa0, 0xffa0},
                                        {0xfff9, 0xfffb},
                                        {0x1bca0, 0x1bca3},
                                        {0x1d173, 0x1d17a},
                                        {0xe0000, 0xe0fff}}};

/// Joined to the character before them.
constexpr std::array<Range, 9> joined{{{0x0300, 0x036f},
                                       {0x1ab0, 0x1aff},
                                       {0x1dc0, 0x1dff},
                                       {0x200c, 0x200d},
                                       {0x20d0, 0x20ff},
                                       {0xfe00, 0xfe0f},
                                       {0xfe20, 0xfe2f},
                                       {0x1f3fb, 0x1f3ff},
                                       {0xe0020, 0xe007f}}};

constexpr char32_t joiner = 0x200d;

template <std::size_t Count>
bool is_in(const std::array<Range, Count>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](const Range& range) { return code >= range.first && code <= range.last; });
}

bool needs_one_before(char32_t code) { return code == 0x200c || code == joiner || (code >= 0xfe00 && code <= 0xfe0f); }

bool turns_direction(char32_t code) { return !may_be_shown(code) && code >= 0xa0 && code != 0x2028 && code != 0x2029; }

bool is_regional(char32_t code) { return code >= 0x1f1e6 && code <= 0x1f1ff; }

/// Where the last character before `end` begins.
std::size_t before(std::string_view text, std::size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U);
  return end;
}

char32_t code_at(std::string_view text, std::size_t at) { return first_character(text.substr(at)).code; }

/// Whether readers see one character on both sides of `at`, which is inside the text.
bool is_within_character(std::string_view text, std::size_t at) {
  const char32_t after = code_at(text, at);
  const char32_t ahead = code_at(text, before(text, at));
  if (is_in(joined, after) || ahead == joiner) return true;
  if (!is_regional(after) || !is_regional(ahead)) return false;
  std::size_t flags = 0;  // in pairs from their beginning
  for (std::size_t from = at; from > 0 && is_regional(code_at(text, before(text, from))); from = before(text, from)) {
    ++flags;
  }
  return flags % 2 == 1;
}

}  // namespace

void append_one_line(std::string& out, std::string_view text) {
  bool broken = false;  // by what stands as one space
  bool seen = false;    // a character stands before this one
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::size_t bytes = character.bytes == 0 ? 1 : character.bytes;
    const std::string_view piece = character.bytes == 0 ? "\xef\xbf\xbd" : text.substr(0, bytes);
    text.remove_prefix(bytes);
    const char32_t code = character.bytes == 0 ? 0xfffd : character.code;
    if (turns_direction(code) || is_in(hidden, code) || (needs_one_before(code) && !seen)) continue;
    if (!may_be_shown(code)) {
      if (!broken) out += ' ';
      broken = true, seen = false;
      continue;
    }
    out += piece;
    broken = false;
    seen = code != ' ';
  }
}

std::string_view clipped(std::string_view text, std::size_t limit) {
  constexpr std::size_t longest = 32;  // code points of one character that is kept whole
  std::size_t end = 0;
  for (std::size_t count = 0; count < limit && end < text.size(); ++count) {
    end += std::max<std::size_t>(1, first_character(text.substr(end)).bytes);
  }
  if (end == text.size()) return text;
  std::size_t whole = end;
  for (std::size_t back = 0; whole > 0 && back < longest; ++back) {
    if (!is_within_character(text, whole)) return text.substr(0, whole);
    whole = before(text, whole);
  }
  return text.substr(0, end);
}

}  // namespace tributary::text
