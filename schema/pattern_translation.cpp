// ECMA-262 patterns in RE2's syntax: where the two read the same characters differently, the ECMA meaning is written
// out; what RE2 cannot do and what ECMA's unicode mode does not know are errors.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "schema/pattern.hpp"

namespace tributary::schema {
namespace {

// WhiteSpace and LineTerminator, and all that is neither, as they stand inside a bracket.
constexpr std::string_view kSpace =
    R"(\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF})";

struct Category {
  std::string_view ecma, re2;
};
constexpr std::array<Category, 40> kCategories{{
    {"Letter", "L"},
    {"Cased_Letter", ""},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Private_Use", "Co"},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Translation {
 public:
  explicit Translation(std::string_view ecma) : ecma_(ecma) {}

  TranslatedPattern run() {
    while (at_ < ecma_.size() && error_.empty()) {
      const char c = ecma_[at_];
      if (c == '\\') {
        escape(false);
      } else if (c == '[') {
        bracket();
      } else if (c == '(') {
        group();
      } else if (c == '.') {
        out_ += R"([^\n\r\x{2028}\x{2029}])";
        ++at_;
      } else {
        out_ += c;
        ++at_;
      }
    }
    return {error_.empty() ? out_ : std::string(), error_};
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < ecma_.size() ? ecma_[at_ + ahead] : '\0'; }
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  void group() {
    ++at_;
    if (peek() != '?') {
      out_ += '(';
      return;
    }
    const char kind = peek(1);
    if (kind == '=' || kind == '!' || (kind == '<' && (peek(2) == '=' || peek(2) == '!'))) {
      fail("lookahead and lookbehind are not supported");
    } else if (kind == ':') {
      out_ += "(?:";
      at_ += 2;
    } else if (kind == '<' && ecma_.find('>', at_) != std::string_view::npos) {
      out_ += "(?:";  // nothing can refer to the name
      at_ = ecma_.find('>', at_) + 1;
    } else {
      fail("unknown kind of group: (?" + std::string(1, kind));
    }
  }

  void bracket() {
    ++at_;
    const bool negated = peek() == '^';
    if (negated) ++at_;
    if (peek() == ']') {  // [] matches nothing, [^] everything
      out_ += negated ? R"([\x{0}-\x{10FFFF}])" : R"([^\x{0}-\x{10FFFF}])";
      ++at_;
      return;
    }
    out_ += negated ? "[^" : "[";
    while (at_ < ecma_.size() && ecma_[at_] != ']' && error_.empty()) {
      if (ecma_[at_] == '\\') {
        escape(true);
      } else if (ecma_[at_] == '[' || ecma_[at_] == '^') {
        out_ += '\\';
        out_ += ecma_[at_++];
      } else {
        out_ += ecma_[at_++];
      }
    }
    if (at_ >= ecma_.size()) return fail("a `[` is not closed; expected `]`");
    out_ += ']';
    ++at_;
  }

  void code_point(std::uint32_t value) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    out_ += "\\x{";
    for (int shift = 20; shift >= 0; shift -= 4) out_ += kDigits[value >> shift & 0xFU];
    out_ += '}';
  }

  // `count` hexadecimal digits at `from`.
  std::optional<std::uint32_t> hexadecimal(std::size_t from, std::size_t count) const {
    if (from + count > ecma_.size() || count == 0 || count > 6) return std::nullopt;
    std::uint32_t value = 0;
    for (const char c : ecma_.substr(from, count)) {
      const bool digit = c >= '0' && c <= '9';
      const char lower = static_cast<char>(c | 0x20);
      if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
      value = value * 16 + static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
    }
    return value;
  }

  // \uXXXX, \uXXXX\uXXXX (a surrogate pair) and \u{X…}; at_ is behind the u.
  void unicode_escape() {
    if (peek() == '{') {
      const std::size_t close = ecma_.find('}', at_);
      const auto value = close == std::string_view::npos ? std::nullopt : hexadecimal(at_ + 1, close - at_ - 1);
      if (!value || *value > 0x10FFFF) return fail("broken \\u escape");
      at_ = close + 1;
      return code_point(*value);
    }
    auto value = hexadecimal(at_, 4);
    if (!value) return fail("broken \\u escape");
    at_ += 4;
    if (*value >= 0xD800 && *value <= 0xDFFF) {
      const auto low = ecma_.substr(at_, 2) == "\\u" ? hexadecimal(at_ + 2, 4) : std::nullopt;
      if (*value > 0xDBFF || !low || *low < 0xDC00 || *low > 0xDFFF) return fail("half a surrogate pair");
      value = 0x10000 + ((*value - 0xD800) << 10U) + (*low - 0xDC00);
      at_ += 6;
    }
    code_point(*value);
  }

  // \p{Letter}, \p{L}, \p{General_Category=L}, \p{Script=Greek}; at_ is behind the p.
  void property(char p, bool in_bracket) {
    const std::size_t close = ecma_.find('}', at_);
    if (peek() != '{' || close == std::string_view::npos) return fail("\\p wants a name in braces");
    std::string_view name = ecma_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    if (name == "Any" || name == "ASCII") {
      if (p == 'P' && in_bracket) return fail("\\P{" + std::string(name) + "} is not supported in brackets");
      if (!in_bracket) out_ += p == 'P' ? "[^" : "[";
      out_ += name == "Any" ? R"(\x{0}-\x{10FFFF})" : R"(\x{0}-\x{7F})";
      if (!in_bracket) out_ += ']';
      return;
    }
    for (const std::string_view prefix : {"General_Category=", "gc=", "Script=", "sc="}) {
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    for (const Category& category : kCategories) {
      if (category.ecma == name) name = category.re2;
    }
    if (name.empty() || !is_letter(name[0])) return fail("unknown character property");
    out_ += std::string("\\") + p + "{" + std::string(name) + "}";
  }

  void escape(bool in_bracket) {
    if (++at_ >= ecma_.size()) return fail("a lone backslash at the end");
    const char c = ecma_[at_++];
    switch (c) {
      case 's':
      case 'S':
        if (!in_bracket) out_ += '[';
        out_ += c == 's' ? kSpace : kNotSpace;
        if (!in_bracket) out_ += ']';
        return;
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 't':
      case 'n':
      case 'r':
      case 'f':
      case 'v':
        out_ += '\\';
        out_ += c;
        return;
      case 'b':
      case 'B':
        if (in_bracket && c == 'B') return fail("\\B in brackets");
        out_ += in_bracket ? "\\x{8}" : std::string("\\") + c;
        return;
      case 'c':
        if (!is_letter(peek())) return fail("\\c wants a letter");
        return code_point(static_cast<std::uint32_t>(ecma_[at_++]) % 32);
      case 'x': {
        const auto value = hexadecimal(at_, 2);
        if (!value) return fail("\\x wants two hexadecimal digits");
        at_ += 2;
        return code_point(*value);
      }
      case 'u':
        return unicode_escape();
      case 'p':
      case 'P':
        return property(c, in_bracket);
      case '0':
        if (peek() >= '0' && peek() <= '9') return fail("octal escapes are not supported");
        return code_point(0);
      case 'k':
        return fail("backreferences are not supported");
      default:
        break;
    }
    if (c >= '1' && c <= '9') return fail("backreferences are not supported");
    if (is_letter(c)) return fail(std::string("unknown escape \\") + c);
    if (static_cast<unsigned char>(c) < 0x80 && c != '_') out_ += '\\';
    out_ += c;
  }

  std::string_view ecma_;
  std::size_t at_ = 0;
  std::string out_;
  std::string error_;
};

}  // namespace

TranslatedPattern translate_pattern(std::string_view ecma) { return Translation(ecma).run(); }

}  // namespace tributary::schema
