#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "expression/fault.hpp"

namespace tributary::expression {

/// A letter, a digit, `_`, `-`, or any character beyond ASCII: what a name is made of.
bool is_of_name(char c);

/// Reads one text from front to back and keeps the first fault found in it. Lives for one parse. Thread: any.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t offset() const { return at_; }
  bool at_end() const { return at_ >= text_.size(); }
  /// The next byte; 0 at the end.
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::string_view rest() const { return text_.substr(at_); }
  std::string_view from(std::size_t begin) const { return text_.substr(begin, at_ - begin); }
  void skip(std::size_t bytes) { at_ += bytes; }
  void skip_blanks();
  /// Past `sign` when it stands here.
  bool take(std::string_view sign);
  /// The name that stands here, which may be empty; it is not taken.
  std::string_view name() const;
  /// Takes a text in quotes of either kind, with the escapes of JSON; a fault: nothing.
  std::optional<std::string> take_quoted();
  /// Takes a number as JSON writes it; a fault: nothing.
  std::optional<std::string_view> take_number();

  /// What stands here, for people: "found `=`", "found the end".
  std::string found() const;
  std::size_t character(std::size_t offset) const;
  /// Keeps it unless there is one already. Always false.
  bool fail(std::size_t offset, std::string message);
  bool fail(std::string message) { return fail(at_, std::move(message)); }
  bool failed() const { return fault_.has_value(); }
  Fault fault() const { return fault_.value_or(Fault{}); }

 private:
  bool take_escape(std::string& content);
  std::optional<char32_t> take_code_unit();

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<Fault> fault_;
};

/// Why this text cannot be a condition or template at all: too long, or not UTF-8.
std::optional<Fault> fault_of_text(std::string_view text, std::string_view noun);

}  // namespace tributary::expression
