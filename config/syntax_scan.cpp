#include "config/syntax_scan.hpp"

#include <algorithm>
#include <utility>

namespace tributary::config {
namespace {

constexpr std::string_view blanks = " \t";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  SyntaxScan run() {
    while (at_ < text_.size() && scan_.open_quote == SyntaxScan::none) line();
    scan_.open_brackets = std::move(open_);
    return std::move(scan_);
  }

 private:
  [[nodiscard]] std::size_t end_of_line(std::size_t from) const {
    return std::min(text_.find('\n', from), text_.size());
  }
  [[nodiscard]] char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\n'; }
  [[nodiscard]] bool blank_at(std::size_t i) const {
    const char c = at(i);
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }

  void line() {
    const std::size_t start = at_;
    const std::size_t first = std::min(text_.find_first_not_of(blanks, start), text_.size());
    if (text_.substr(start, end_of_line(start) - start).starts_with("---") && blank_at(start + 3)) open_.clear();
    const bool outside = open_.empty();
    at_ = first;
    std::size_t end = rest_of_line();
    if (!outside) return;
    while (end > first && (blank_at(end - 1))) --end;
    if (end == first) return;
    const SyntaxScan::Line line{start, first - start, text_.substr(first, std::min(end, end_of_line(first)) - first)};
    scan_.lines.push_back(line);
    if (begins_block(line.content)) skip_block(line.indentation);
  }

  // Goes to the beginning of the next line that is outside quotes; gives where the content of this one ends.
  std::size_t rest_of_line() {
    bool token_start = true;  // a quote here begins a quoted text
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') return at_++;
      if (c == '#' && (at_ == 0 || blank_at(at_ - 1))) {
        const auto end = at_;
        at_ = std::min(end_of_line(at_) + 1, text_.size());
        return end;
      }
      if ((c == '"' || c == '\'') && token_start) {
        if (!quoted(c)) return text_.size();
        token_start = false;
        continue;
      }
      bracket(c, token_start);
      const bool separator = c == '[' || c == '{' || (c == ',' && !open_.empty());
      const bool indicator = (c == '-' || c == ':' || c == '?') && blank_at(at_ + 1);
      token_start = separator || indicator || (token_start && (c == ' ' || c == '\t'));
      ++at_;
    }
    return text_.size();
  }

  bool quoted(char quote) {
    const std::size_t begin = at_++;
    while (at_ < text_.size()) {
      const bool doubled = quote == '\'' && text_[at_] == quote && at(at_ + 1) == quote;
      if (text_[at_] == quote && !doubled) break;
      at_ += doubled || (quote == '"' && text_[at_] == '\\') ? 2U : 1U;
    }
    if (at_ >= text_.size()) {
      scan_.open_quote = begin;
      return false;
    }
    ++at_;
    const std::size_t next = std::min(text_.find_first_not_of(blanks, at_), text_.size());
    const bool fits = std::string_view("\r\n,]}:#").find(at(next)) != std::string_view::npos;
    if (!fits && scan_.after_quote == SyntaxScan::none) scan_.after_quote = next, scan_.after_quote_begin = begin;
    return true;
  }

  void bracket(char c, bool token_start) {
    if ((c == '[' || c == '{') && (token_start || !open_.empty())) open_.push_back(at_);
    if ((c != ']' && c != '}') || scan_.wrong_bracket != SyntaxScan::none) return;
    if (open_.empty()) {
      if (!after_bracket() && !token_start) return;  // within a plain text, where it is one character of many
      scan_.wrong_bracket = at_;
    } else if ((text_[open_.back()] == '[') != (c == ']')) {
      scan_.wrong_bracket = at_;
      scan_.wrongly_closed = open_.back();
    } else {
      open_.pop_back();
    }
  }

  [[nodiscard]] bool after_bracket() const {
    const auto before = text_.substr(0, at_).find_last_not_of(blanks);
    return before != std::string_view::npos && (text_[before] == ']' || text_[before] == '}');
  }

  static bool begins_block(std::string_view content) {
    const auto last = content.find_last_of(" \t");
    const auto word = last == std::string_view::npos ? content : content.substr(last + 1);
    return !word.empty() && (word.front() == '|' || word.front() == '>') &&
           word.find_first_not_of("|>+-0123456789") == std::string_view::npos;
  }

  // Its first line says how far it is indented.
  void skip_block(std::size_t around) {
    std::size_t least = around + 1;
    bool begun = false;
    while (at_ < text_.size()) {
      const std::size_t first = std::min(text_.find_first_not_of(' ', at_), text_.size());
      const bool empty = at(first) == '\n' || at(first) == '\r';
      if (!empty && first - at_ < least) return;
      if (!empty && !std::exchange(begun, true)) least = first - at_;
      at_ = std::min(end_of_line(at_) + 1, text_.size());
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::size_t> open_;
  SyntaxScan scan_;
};

}  // namespace

bool ends_its_quotes(std::string_view text, std::size_t start) {
  if (start >= text.size()) return true;
  if (text[start] == '&' || text[start] == '!') start = text.find_first_of("\"'|>", start);
  if (start == std::string_view::npos) return true;
  const char quote = text[start];
  if (quote != '"' && quote != '\'') return true;  // a block
  std::size_t i = start + 1;
  while (i < text.size()) {
    const bool doubled = quote == '\'' && text.substr(i, 2) == "''";
    if (text[i] == quote && !doubled) return true;
    i += doubled || (quote == '"' && text[i] == '\\') ? 2U : 1U;
  }
  return false;
}

SyntaxScan scan_syntax(std::string_view text) { return Scanner(text).run(); }

}  // namespace tributary::config
