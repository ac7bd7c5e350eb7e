#include "sinks/channel/event_strings.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

#include "text/hex.hpp"

namespace tributary::sinks::channel {
namespace {

constexpr int deepest = 2;  ///< JSON in a string in JSON; deeper is not looked at

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

std::uint32_t code_unit(std::string_view text, std::size_t at) {
  std::uint32_t unit = 0;
  for (std::size_t i = at; i < at + 4 && i < text.size(); ++i) {
    unit = unit << 4 | static_cast<std::uint32_t>(std::max(text::hex_value(text[i]), 0));
  }
  return unit;
}

/// What stands between the quotes of a JSON string, without its escapes.
void unescape(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    constexpr std::string_view letters = "bfnrt", meant = "\b\f\n\r\t";
    const char escaped = text[++i];
    if (escaped == 'u') {
      std::uint32_t code = code_unit(text, i + 1);
      i += 4;
      if (code >> 10 == 0x36 && text.substr(std::min(i + 1, text.size()), 2) == "\\u") {
        code = 0x10000 + ((code & 0x3FF) << 10) + (code_unit(text, i + 3) & 0x3FF);
        i += 6;
      }
      append_utf8(out, code);
    } else if (const auto at = letters.find(escaped); at != std::string_view::npos) {
      out += meant[at];
    } else {
      out += escaped;
    }
  }
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// One pass over JSON text that is known to be JSON.
class Walk {
 public:
  Walk(std::string_view json, const std::function<void(std::string_view)>& each, int nesting)
      : json_(json), each_(each), nesting_(nesting) {}

  /// Of a whole event: `data` only.
  bool event() {
    while (at_ < json_.size()) {
      step();
      if (depth_ == 1 && data_) break;  // `data` is over
    }
    return paid_;
  }
  /// Of any value.
  void value() {
    all_ = true;
    while (at_ < json_.size()) step();
  }

 private:
  void step() {
    const char c = json_[at_];
    if (c == '"') return string();
    ++at_;
    if (c == '{' || c == '[') {
      if (++depth_ == 2 && key_ == "data") data_ = true;
    } else if (c == '}' || c == ']') {
      --depth_;
    } else if (data_ && depth_ == 2 && key_ == "amount" && c >= '1' && c <= '9' && !exponent_) {
      paid_ = true;
    } else if (c == 'e' || c == 'E') {
      exponent_ = true;
    } else if (c == ',') {
      exponent_ = false;
      key_ = {};
    }
  }
  void string() {
    const std::size_t begin = ++at_;
    while (at_ < json_.size() && json_[at_] != '"') at_ += json_[at_] == '\\' ? 2U : 1U;
    const auto raw = json_.substr(begin, std::min(at_, json_.size()) - begin);
    if (at_ >= json_.size()) return;  // cut off
    ++at_;
    while (at_ < json_.size() && is_space(json_[at_])) ++at_;
    if (at_ < json_.size() && json_[at_] == ':') {
      exponent_ = false;
      if (depth_ <= 2) key_ = raw;
      return;
    }
    if (!all_ && !data_) return;
    std::string plain;
    unescape(raw, plain);
    each_(plain);
    if (nesting_ < deepest && (plain.starts_with('{') || plain.starts_with('['))) {
      Walk(plain, each_, nesting_ + 1).value();
    }
  }

  const std::string_view json_;
  const std::function<void(std::string_view)>& each_;
  const int nesting_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string_view key_;  ///< of the event, or of its data
  bool data_ = false, all_ = false, paid_ = false, exponent_ = false;
};

}  // namespace

bool each_string_of_data(std::string_view json, const std::function<void(std::string_view)>& each) {
  return Walk(json, each, 0).event();
}

}  // namespace tributary::sinks::channel
