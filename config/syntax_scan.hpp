// A text that should be YAML, as far as it takes to explain why it is not: where lines, quotes and brackets stand. It
// follows the rules of YAML only so far as people's errors need it. Pure; views into the text. Thread: any.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace tributary::config {

struct SyntaxScan {
  static constexpr std::size_t none = std::string_view::npos;

  // A line outside quotes, brackets and blocks of text.
  struct Line {
    std::size_t start = 0;        // offset of its first byte
    std::size_t indentation = 0;  // in bytes
    std::string_view content;     // without indentation, comment and blanks at the end; never empty
  };

  std::vector<Line> lines;
  std::size_t open_quote = none;           // the quote that is never closed
  std::vector<std::size_t> open_brackets;  // those never closed, outermost first
  std::size_t wrong_bracket = none;        // the first that closes nothing, or something else
  std::size_t wrongly_closed = none;       // what `wrong_bracket` stands against, if anything
  std::size_t after_quote = none;          // the first text that follows a closing quote
  std::size_t after_quote_begin = none;    // where those quotes begin
};

SyntaxScan scan_syntax(std::string_view text);

// yaml-cpp 0.7 takes a quoted text that the file breaks off behind a line end. It can only be the last one: at `start`,
// perhaps behind an anchor or a tag. True for what is in no quotes.
bool ends_its_quotes(std::string_view text, std::size_t start);

}  // namespace tributary::config
