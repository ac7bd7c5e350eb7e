#include "schema/json_fault.hpp"

#include <algorithm>
#include <utility>

#include "text/printable.hpp"

namespace tributary::schema {
namespace {

constexpr std::size_t kDeepest = 1'024;  // of simdjson

bool is_json_digit(char c) { return c >= '0' && c <= '9'; }
bool is_json_hex(char c) { return is_json_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_json_word(char c) {
  return is_json_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

/// Reads one text. Lives for one call.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  JsonFault run() {
    skip();
    if (at_ == text_.size()) return {at_, "the text is empty; expected an object `{…}`, true or false"};
    value();
    if (good()) skip();
    if (good() && at_ < text_.size()) fail("text behind the end of the value: " + here() + "; expected nothing more");
    return std::move(fault_);
  }

 private:
  [[nodiscard]] bool good() const { return fault_.message.empty(); }
  [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void fail(std::string message) {
    if (good()) fault_ = {std::min(at_, text_.size()), std::move(message)};
  }

  void skip() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  // What stands here: a word, or one character.
  [[nodiscard]] std::string here() const {
    if (at_ >= text_.size()) return "the end of the text";
    std::size_t end = at_;
    while (end < text_.size() && end - at_ < 20 && is_json_word(text_[end])) ++end;
    const auto size = end == at_ ? text::first_character(text_.substr(at_)).bytes : end - at_;
    return "`" + text::printable(text_.substr(at_, size)) + "`";
  }

  void unexpected(std::string_view expected) {
    std::string message = "found " + here() + ", expected " + std::string(expected);
    if (next() == '\'') message += "; JSON puts texts in \"…\"";
    if (next() == '/' || next() == '#') message += "; JSON has no comments";
    fail(std::move(message));
  }

  void value() {
    if (++depth_ > kDeepest) return fail("nested deeper than " + std::to_string(kDeepest) + " levels");
    const char c = next();
    if (c == '{') {
      object();
    } else if (c == '[') {
      list();
    } else if (c == '"') {
      string();
    } else if (c == '-' || is_json_digit(c)) {
      number();
    } else {
      word();
    }
    --depth_;
  }

  void word() {
    std::size_t end = at_;
    while (end < text_.size() && is_json_word(text_[end])) ++end;
    const auto is = text_.substr(at_, end - at_);
    if (is != "true" && is != "false" && is != "null") return unexpected("a value");
    at_ = end;
  }

  // Behind a value in brackets: true when another one follows.
  bool another(char close) {
    skip();
    if (!good()) return false;
    if (next() == close) return ++at_, false;
    if (next() != ',') {
      unexpected(close == '}' ? "`,` or `}`" : "`,` or `]`");
      return false;
    }
    const auto comma = at_++;
    skip();
    if (next() != close) return true;
    at_ = comma;
    fail(std::string("a `,` with nothing behind it before `") + close + "`; remove it");
    return false;
  }

  void object() {
    ++at_;
    skip();
    if (next() == '}') return ++at_, void();
    do {
      if (next() != '"') return unexpected("a name in \"…\"");
      string();
      skip();
      if (good() && next() != ':') unexpected("`:` and the value of that name");
      if (!good()) return;
      ++at_;
      skip();
      value();
    } while (good() && another('}'));
  }

  void list() {
    ++at_;
    skip();
    if (next() == ']') return ++at_, void();
    do {
      value();
    } while (good() && another(']'));
  }

  void string() {
    const auto begin = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fail(text_[at_] == '\n' || text_[at_] == '\r'
                        ? "a text that does not end on its line; expected another `\"`, or `\\n` for a line break"
                        : "a control character in a text; expected it as \\u00..");
      }
      if (text_[at_] == '\\' && !escape()) return;
      ++at_;
    }
    if (at_ < text_.size()) return ++at_, void();
    at_ = begin;
    fail("the text that begins here does not end; expected another `\"`");
  }

  bool escape() {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind == 'u') {
      const auto digits = text_.substr(std::min(at_ + 2, text_.size()), 4);
      if (digits.size() < 4 || !std::all_of(digits.begin(), digits.end(), is_json_hex)) {
        fail("`\\u` without the four hexadecimal digits of a character");
      }
    } else if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      fail("a `\\` that means no character here; a `\\` itself is written `\\\\`");
    }
    if (good()) ++at_;
    return good();
  }

  void number() {
    const auto begin = at_;
    const auto digits = [this] {
      const auto from = at_;
      while (is_json_digit(next())) ++at_;
      return at_ > from;
    };
    if (next() == '-') ++at_;
    const bool zero = next() == '0';
    const auto whole = at_;
    bool is_number = digits() && !(zero && at_ - whole > 1);
    if (next() == '.') ++at_, is_number = digits() && is_number;
    if (next() == 'e' || next() == 'E') {
      ++at_;
      if (next() == '+' || next() == '-') ++at_;
      is_number = digits() && is_number;
    }
    if (is_number && !is_json_word(next())) return;
    at_ = begin;
    fail(zero ? "a number may not begin with a zero before other digits" : "this is no number of JSON");
  }

  std::string_view text_;
  std::size_t at_ = 0, depth_ = 0;
  JsonFault fault_;
};

}  // namespace

JsonFault json_fault(std::string_view text) { return Scan(text).run(); }

}  // namespace tributary::schema
