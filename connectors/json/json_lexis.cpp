#include "connectors/json/json_lexis.hpp"

namespace tributary::connectors {
namespace {

void append_code_point(std::string& out, unsigned point) {
  const auto byte = [&out](unsigned value) { out += static_cast<char>(value); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | (point >> 6)), byte(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    byte(0xE0 | (point >> 12)), byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  } else {
    byte(0xF0 | (point >> 18)), byte(0x80 | ((point >> 12) & 0x3F));
    byte(0x80 | ((point >> 6) & 0x3F)), byte(0x80 | (point & 0x3F));
  }
}

}  // namespace

std::string unescaped(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  // Its escapes were checked when it was read; a NUL behind keeps look-ahead inside.
  const std::string text(inner);
  for (const char* at = text.c_str(); at != text.c_str() + text.size();) {
    if (*at != '\\') {
      out += *at++;
      continue;
    }
    switch (at[1]) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        const int unit = code_unit(at + 2);
        if (unit < 0) return out;
        unsigned point = static_cast<unsigned>(unit);
        if (is_high_half(unit) && at[6] == '\\' && at[7] == 'u' && is_low_half(code_unit(at + 8))) {
          point = 0x10000 + ((point - 0xD800) << 10) + static_cast<unsigned>(code_unit(at + 8) - 0xDC00);
          at += 6;
        } else if (is_high_half(unit) || is_low_half(unit)) {
          point = 0xFFFD;
        }
        append_code_point(out, point);
        at += 4;
        break;
      }
      case '\0':
        return out;
      default:
        out += at[1];
    }
    at += 2;
  }
  return out;
}

bool is_number(std::string_view text) {
  const std::string closed(text);
  const char* const end = number_end(closed.c_str());
  return !text.empty() && end == closed.c_str() + closed.size();
}

}  // namespace tributary::connectors
