#include "text/percent.hpp"

#include "text/hex.hpp"

namespace tributary::text {
namespace {

/// Appends the byte that `%XX` at the beginning of `text` stands for; false when that is none.
bool append_byte(std::string& out, std::string_view text) {
  const int high = text.size() < 3 ? -1 : hex_value(text[1]);
  const int low = high < 0 ? -1 : hex_value(text[2]);
  if (low < 0) return false;
  out += static_cast<char>(high * 16 + low);
  return true;
}

}  // namespace

std::string percent_encoded(std::string_view plain, std::string_view too) {
  std::string out;
  for (const char c : plain) {
    if (is_unreserved(c) && too.find(c) == std::string_view::npos) {
      out += c;
    } else {
      append_percent(out, c);
    }
  }
  return out;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (!append_byte(out, text.substr(i))) return std::nullopt;
    i += 2;
  }
  return out;
}

std::string percent_decoded_leniently(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && append_byte(out, text.substr(i))) {
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace tributary::text
