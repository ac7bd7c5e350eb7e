#include "text/spelling.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "text/printable.hpp"

namespace tributary::text {
namespace {

constexpr std::size_t most_quoted = 64;  ///< bytes; longer words are compared with none

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

// Edits to turn `a` into `b`: insert, delete, replace, swap of neighbours. Both at most `most_quoted` bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  std::array<std::array<std::size_t, most_quoted + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& above_that = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], above_that[j - 2] + 1);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::size_t bad_utf8(std::string_view text) {
  const auto at = [text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = at(i);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0) return i;
    for (std::size_t j = 1; j < length; ++j) {
      if ((at(i + j) & 0xc0U) != 0x80U) return i;
    }
    const unsigned second = at(i + 1);
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    if (overlong || beyond) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string escaped(std::string_view text, std::size_t most) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool utf8 = bad_utf8(text) == std::string_view::npos;
  std::string safe;
  std::size_t i = 0;
  while (i < text.size() && i < most) {
    const auto character = utf8 ? first_character(text.substr(i)) : Character{0, 1};
    const char32_t code = utf8 ? character.code : static_cast<unsigned char>(text[i]);
    const auto piece = text.substr(i, character.bytes);
    i += character.bytes;
    if (may_be_shown(code) && (utf8 || code < 0x80)) {
      safe += piece;
      continue;
    }
    for (const char byte : piece) {
      safe += "\\x";
      safe += digits[static_cast<unsigned char>(byte) >> 4U];
      safe += digits[static_cast<unsigned char>(byte) & 0xfU];
    }
  }
  if (i < text.size()) safe += "...";
  return safe;
}

std::string quote(std::string_view text) { return "`" + escaped(text, most_quoted) + "`"; }

std::string alternatives(std::span<const std::string_view> words) {
  std::vector<std::string_view> shown(words.begin(), words.end());
  std::erase(shown, std::string_view());  // "" stands for the key left out
  std::string text;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (i > 0) text += i + 1 == shown.size() ? " or " : ", ";
    text += shown[i];
  }
  return text;
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  std::optional<std::string_view> best;
  if (word.empty() || word.size() > most_quoted) return best;
  std::size_t best_distance = word.size() <= 3 ? 1 : std::max<std::size_t>(2, word.size() / 3);
  for (const auto candidate : known) {
    if (candidate.empty() || candidate.size() > most_quoted) continue;
    const std::size_t longer = std::max(word.size(), candidate.size()) - std::min(word.size(), candidate.size());
    const bool begins = word.size() >= 3 && (candidate.starts_with(word) || word.starts_with(candidate));
    if (!begins && longer > best_distance) continue;
    const std::size_t found = begins ? 1 : distance(word, candidate);
    if (found >= std::max(word.size(), candidate.size())) continue;  // nothing in common
    if (found < best_distance || (found == best_distance && !best)) {
      best = candidate;
      best_distance = found;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t few = 12;
  if (const auto near = nearest(word, known)) return "; did you mean " + quote(*near) + "?";
  if (known.empty() || known.size() > few) return {};
  return "; expected " + alternatives(known);
}

}  // namespace tributary::text
