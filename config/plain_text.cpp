#include "config/plain_text.hpp"

#include <cstddef>

#include "config/spelling.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view little_endian_mark = "\xff\xfe";
constexpr std::string_view big_endian_mark = "\xfe\xff";

// Without a mark: every second byte of plain words is zero.
bool looks_like_utf16(std::string_view text) {
  if (text.size() < 4 || text.size() % 2 != 0) return false;
  const auto zero = [text](std::size_t i) { return text[i] == '\0'; };
  const bool little = !zero(0) && zero(1) && !zero(2) && zero(3);
  const bool big = zero(0) && !zero(1) && zero(2) && !zero(3);
  return little || big;
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  return text;
}

std::string encoding_fault(std::string_view text) {
  if (text.starts_with(little_endian_mark) || text.starts_with(big_endian_mark) || looks_like_utf16(text)) {
    return "is in UTF-16, as Windows writes it; expected UTF-8: save it again as UTF-8";
  }
  if (bad_utf8(text) != std::string_view::npos) return "is not in UTF-8; save it again as UTF-8";
  return {};
}

}  // namespace tributary::config
