#include "expression/scanner.hpp"

#include "text/ascii.hpp"
#include "text/printable.hpp"
#include "text/spelling.hpp"

namespace tributary::expression {
namespace {

constexpr std::string_view blanks = " \t\r\n";

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6U), put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12U), put(0x80U | (code >> 6U & 0x3fU)), put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | code >> 18U), put(0x80U | (code >> 12U & 0x3fU));
    put(0x80U | (code >> 6U & 0x3fU)), put(0x80U | (code & 0x3fU));
  }
}

bool is_surrogate(char32_t unit) { return unit >= 0xd800 && unit < 0xe000; }

}  // namespace

bool is_of_name(char c) {
  return text::is_letter(c) || text::is_digit(c) || c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

void Scanner::skip_blanks() {
  while (!at_end() && blanks.find(text_[at_]) != std::string_view::npos) ++at_;
}

bool Scanner::take(std::string_view sign) {
  if (!rest().starts_with(sign)) return false;
  at_ += sign.size();
  return true;
}

std::string_view Scanner::name() const {
  std::size_t end = at_;
  while (end < text_.size() && is_of_name(text_[end])) ++end;
  return text_.substr(at_, end - at_);
}

std::optional<std::string> Scanner::take_quoted() {
  const std::size_t begin = at_;
  const char quote = text_[at_++];
  std::string content;
  while (!at_end() && text_[at_] != quote) {
    if (static_cast<unsigned char>(text_[at_]) < 0x20) {
      fail("found a control character in a text; expected an escape such as \\n or \\u0009");
      return std::nullopt;
    }
    if (text_[at_] != '\\') {
      content += text_[at_++];
    } else if (!take_escape(content)) {
      return std::nullopt;
    }
  }
  if (at_end()) {
    fail(begin, std::string("the text that begins here has no end; expected another ") + quote);
    return std::nullopt;
  }
  ++at_;
  return content;
}

bool Scanner::take_escape(std::string& content) {
  static constexpr std::string_view written = "\"'\\/bfnrt";
  static constexpr std::string_view meant = "\"'\\/\b\f\n\r\t";
  const std::size_t begin = at_++;
  if (const auto known = at_end() ? std::string_view::npos : written.find(text_[at_]);
      known != std::string_view::npos) {
    content += meant[known];
    ++at_;
    return true;
  }
  if (!take("u")) {
    return fail(begin, "found " + text::quote(text_.substr(begin, 2)) +
                           R"(, expected one of the escapes \" \' \\ \/ \b \f \n \r \t \u0000)");
  }
  auto unit = take_code_unit();
  if (unit && *unit >= 0xd800 && *unit < 0xdc00 && take("\\u")) {
    const auto low = take_code_unit();
    const bool pair = low && *low >= 0xdc00 && *low < 0xe000;
    unit = pair ? std::optional(0x10000 + ((*unit - 0xd800) << 10U) + (*low - 0xdc00)) : std::nullopt;
  }
  if (!unit || is_surrogate(*unit)) {
    return fail(begin, R"(expected \u and four hexadecimal digits, or two of them for one character beyond \uffff)");
  }
  append_utf8(content, *unit);
  return true;
}

std::optional<char32_t> Scanner::take_code_unit() {
  static constexpr std::string_view digits = "0123456789abcdef";
  char32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    if (at_end()) return std::nullopt;
    const char c = text_[at_];
    const auto digit = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    unit = unit << 4U | static_cast<char32_t>(digit);
    ++at_;
  }
  return unit;
}

std::optional<std::string_view> Scanner::take_number() {
  const std::size_t begin = at_;
  const auto digits = [this] {
    const std::size_t first = at_;
    while (text::is_digit(peek())) ++at_;
    return at_ > first;
  };
  take("-");
  const bool zero = peek() == '0';
  const std::size_t first = at_;
  bool good = digits() && (!zero || at_ == first + 1);
  if (good && take(".")) good = digits();
  if (good && (take("e") || take("E"))) {
    if (!take("+")) take("-");
    good = digits();
  }
  if (good && !is_of_name(peek()) && peek() != '.') return from(begin);
  while (is_of_name(peek()) || peek() == '.' || peek() == '+') ++at_;
  const auto written = from(begin);
  fail(begin, "found " + text::quote(written) + ", expected a number such as 5, -0.5 or 1e3");
  return std::nullopt;
}

std::string Scanner::found() const {
  if (at_end()) return "found the end";
  if (const auto word = name(); !word.empty()) return "found " + text::quote(word);
  static constexpr std::string_view signs = "=!<>&|~+*/%^?:";
  if (signs.find(peek()) != std::string_view::npos) {
    return "found " + text::quote(rest().substr(0, rest().find_first_not_of(signs)));
  }
  return "found " + text::quote(rest().substr(0, text::first_character(rest()).bytes));
}

std::size_t Scanner::character(std::size_t offset) const {
  std::size_t count = 1;
  for (const char c : text_.substr(0, offset)) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

bool Scanner::fail(std::size_t offset, std::string message) {
  if (!fault_) fault_ = Fault{character(offset), std::move(message)};
  return false;
}

std::optional<Fault> fault_of_text(std::string_view text, std::string_view noun) {
  if (text.size() > text_limit) {
    return Fault{1, "a " + std::string(noun) + " has at most " + std::to_string(text_limit) + " bytes, found " +
                        std::to_string(text.size())};
  }
  const auto bad = text::bad_utf8(text);
  if (bad == std::string_view::npos) return std::nullopt;
  return Fault{Scanner(text).character(bad), "found a byte that is not UTF-8"};
}

}  // namespace tributary::expression
