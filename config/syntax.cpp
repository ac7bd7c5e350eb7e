#include "config/syntax.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "config/spelling.hpp"
#include "config/syntax_scan.hpp"

namespace tributary::config {
namespace {

constexpr std::size_t none = SyntaxScan::none;
constexpr std::string_view no_break_space = "\xc2\xa0";
using Line = SyntaxScan::Line;
using Answer = std::optional<Diagnosis>;

std::size_t line_number(std::string_view text, std::size_t offset) {
  return static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n')) +
         1;
}

std::string at_line(std::string_view text, std::size_t offset) {
  return "line " + std::to_string(line_number(text, offset));
}

bool holds_value(std::string_view content) {
  const auto colon = content.find(": ");
  return colon != std::string_view::npos && content.find_first_not_of(' ', colon + 1) != std::string_view::npos;
}

bool has_colon(std::string_view content) {
  return content.ends_with(':') || content.find(": ") != std::string_view::npos;
}

std::string_view without_dashes(std::string_view content) {
  while (content.starts_with("- "))
    content = content.substr(std::min(content.find_first_not_of(' ', 1), content.size()));
  return content;
}

// All that is looked at, and the looks; the first that finds something explains it.
class Look {
 public:
  Look(std::string_view text, std::size_t noticed, std::string_view words)
      : text_(text), noticed_(std::min(noticed, text.size())), words_(words), scan_(scan_syntax(text)) {
    while (here_ < scan_.lines.size() && scan_.lines[here_].start <= noticed_) ++here_;
  }

  Diagnosis answer() const {
    for (const auto look :
         {&Look::indentation_by_other_than_spaces, &Look::quotes, &Look::brackets, &Look::comma, &Look::first_character,
          &Look::directive, &Look::twice, &Look::alias, &Look::escape, &Look::block_header, &Look::colon,
          &Look::second_colon, &Look::deeper, &Look::indicator, &Look::indentation}) {
      if (auto found = (this->*look)()) return *std::move(found);
    }
    return {noticed_, "not valid YAML: " + std::string(words_)};
  }

 private:
  [[nodiscard]] bool said(std::string_view part) const { return words_.find(part) != std::string_view::npos; }
  [[nodiscard]] const Line* line() const { return here_ == 0 ? nullptr : &scan_.lines[here_ - 1]; }
  [[nodiscard]] const Line* line_before() const { return here_ < 2 ? nullptr : &scan_.lines[here_ - 2]; }
  [[nodiscard]] char character() const { return noticed_ < text_.size() ? text_[noticed_] : '\n'; }

  Answer indentation_by_other_than_spaces() const {
    for (std::size_t i = 0; i < here_; ++i) {
      const auto& [start, indentation, content] = scan_.lines[i];
      const auto tab = text_.substr(start, indentation).find('\t');
      if (tab != none)
        return Diagnosis{start + tab,
                         "a tab in the indentation; YAML is indented by blanks alone: put blanks in its place"};
      if (content.starts_with(no_break_space)) {
        return Diagnosis{start + indentation,
                         "a no-break space (U+00A0) in the indentation; put a plain blank in its place"};
      }
    }
    return {};
  }

  Answer quotes() const {
    if (scan_.open_quote != none) {
      const std::string quote(1, text_[scan_.open_quote]);
      return Diagnosis{scan_.open_quote, "the quotes that begin here do not end; expected another " + quote};
    }
    if (scan_.after_quote == none || scan_.after_quote > noticed_) return {};
    const auto begin = line_number(text_, scan_.after_quote_begin);
    if (const auto end = line_number(text_, scan_.after_quote); end != begin) {
      return Diagnosis{scan_.after_quote_begin, "the quotes that begin here end on line " + std::to_string(end) +
                                                    ", and text follows; expected them to end on their own line"};
    }
    return Diagnosis{
        scan_.after_quote,
        "text behind the closing quote; expected the end of the line: put all of it, or nothing, in the quotes"};
  }

  Answer brackets() const {
    if (scan_.wrong_bracket <= noticed_) {
      const std::string is = "`" + std::string(1, text_[scan_.wrong_bracket]) + "`";
      if (scan_.wrongly_closed == none) return Diagnosis{scan_.wrong_bracket, is + " closes nothing; remove it"};
      const bool list = text_[scan_.wrongly_closed] == '[';
      return Diagnosis{scan_.wrong_bracket, is + " stands where the `" + std::string(list ? "[" : "{") + "` of " +
                                                at_line(text_, scan_.wrongly_closed) + " is open; expected `" +
                                                (list ? "]" : "}") + "`"};
    }
    if (scan_.open_brackets.empty()) return {};
    const auto open = scan_.open_brackets.back();
    const bool list = text_[open] == '[';
    return Diagnosis{open, "the `" + std::string(list ? "[" : "{") + "` that begins here is not closed; expected `" +
                               (list ? "]" : "}") + "`"};
  }

  Answer comma() const {
    if (!said("flow not found")) return {};
    std::size_t begin = noticed_;
    const bool inner = (character() == '{' || character() == '[') && begin > 0 && text_[begin - 1] == ':';
    if (character() == ':' || inner) {
      while (begin > 0 && std::string_view(" \t\r\n,[{").find(text_[begin - 1]) == none) --begin;
    }
    if (const auto hint = inner ? colon_hint(text_.substr(begin, noticed_ + 1 - begin)) : ""; !hint.empty()) {
      return Diagnosis{begin, hint};
    }
    return Diagnosis{begin, std::string("a `,` is missing here: expected `,` or `") + (said("map") ? "}" : "]") + "`"};
  }

  Answer first_character() const {
    if (!said("unknown token") || noticed_ == text_.size()) return {};
    const auto is = character() == '`' ? std::string("a backquote") : quote({&text_[noticed_], 1});
    return Diagnosis{noticed_, "a text cannot begin with " + is + "; put it in quotes"};
  }

  Answer directive() const {
    if (!said("directive") && !said("YAML version") && !said("YAML major version")) return {};
    return Diagnosis{noticed_,
                     "a line that begins with `%` speaks to YAML itself, and nothing here needs it; remove it"};
  }

  Answer twice() const {
    const bool anchor = said("multiple anchors");
    if (said("verbatim tag")) return Diagnosis{noticed_, "a `!<` that is not closed; expected `>`"};
    if (!anchor && !said("multiple tags")) return {};
    return Diagnosis{noticed_, std::string("a second `") + (anchor ? "&" : "!") + "` on one value; expected one"};
  }

  Answer alias() const {
    const auto begin = text_.substr(0, std::min(noticed_ + 1, text_.size())).find_last_of("*&");
    if (begin == none) return {};
    if (said("referenced anchor")) {
      return Diagnosis{begin,
                       "`*` and a name repeat a value that is marked with `&` and that name, and none above is; put a "
                       "text that begins with `*` in quotes"};
    }
    if (said("after *") || said("after &") || said("scanning alias") || said("scanning anchor")) {
      return Diagnosis{begin, "a text cannot begin with `" + std::string(1, text_[begin]) + "`; put it in quotes"};
    }
    return {};
  }

  Answer escape() const {
    const bool number = said("hex") || said("unicode");
    if (!said("escape") && !number) return {};
    const auto before = text_.substr(0, noticed_);
    const auto begin = number
                           ? std::max({before.rfind("\\x") + 1, before.rfind("\\u") + 1, before.rfind("\\U") + 1}) - 1
                           : before.rfind('\\');
    if (begin == none) return {};
    const std::string is = quote(text_.substr(begin, 2));
    const std::string remedy = "; within \"…\" a `\\` is written `\\\\`, within '…' it stands for itself";
    return Diagnosis{begin, is + (number ? " without the digits of a character" : " means no character") + remedy};
  }

  Answer block_header() const {
    if (!said("block scalar")) return {};
    return Diagnosis{noticed_,
                     "text behind `|` or `>`; expected it on the next line, indented; put a text that begins with one "
                     "of them in quotes"};
  }

  Answer colon() const {
    const bool value = said("illegal map value");
    if (!value && !said("end of map")) return {};
    const Line* const before = value ? line_before() : line();
    if (before == nullptr) return {};
    const auto content = without_dashes(before->content);
    const std::size_t offset = static_cast<std::size_t>(content.data() - text_.data());
    if (const auto hint = colon_hint(content); !hint.empty()) return Diagnosis{offset, hint};
    if (has_colon(content)) return {};
    const bool equals = content.find('=') != none;
    if (!value && !content.starts_with('-'))
      return Diagnosis{offset, "no `key: value`; is the colon missing, or is it indented wrongly?"};
    if (!value) return {};
    return Diagnosis{offset, std::string("this line has no colon; expected `key: value`") +
                                 (equals ? ", with `: ` in place of `=`" : ", or `key:` above what is indented")};
  }

  Answer second_colon() const {
    const Line* const is = line();
    if (is == nullptr || !said("illegal map value")) return {};
    const auto before = text_.substr(is->start, noticed_ - is->start);
    const auto first = before.find(": ");
    if (first == none) return {};
    return Diagnosis{
        noticed_,
        "a second `: ` in one value; put the value in quotes, or the key of an inner map on a line of its own"};
  }

  Answer deeper() const {
    const Line* const is = line();
    const Line* const before = line_before();
    if (is == nullptr || before == nullptr || !said("illegal map value")) return {};
    if (is->indentation <= before->indentation || !holds_value(before->content)) return {};
    return Diagnosis{
        is->start + is->indentation,
        "indented deeper than the line above, which has its value already; expected " + blanks_of({inner(*before)})};
  }

  Answer indicator() const {
    const bool item = said("block entry");
    if (!item && !said("illegal map key")) return {};
    return Diagnosis{noticed_, std::string("`") + (item ? "-" : "?") +
                                   " ` cannot begin a value here; put the text in quotes" +
                                   (item ? ", or the list's items on lines of their own" : "")};
  }

  Answer indentation() const {
    const Line* const is = line();
    if (is == nullptr || (!said("end of map not") && !said("end of sequence not"))) return {};
    const std::size_t offset = is->start + is->indentation;
    std::set<std::size_t> fitting;
    std::size_t below = is->indentation + 1'000;
    bool item_there = false;
    for (std::size_t i = here_ - 1; i-- > 0;) {
      const Line& other = scan_.lines[i];
      if (other.indentation >= below) continue;
      below = other.indentation;
      fitting.insert(other.indentation);
      if (const auto deep = inner(other); deep != other.indentation) fitting.insert(deep);
      if (other.indentation == is->indentation) item_there = other.content.starts_with("- ");
      if (below == 0) break;
    }
    const bool item = is->content.starts_with("- ") || is->content == "-";
    if (!fitting.contains(is->indentation)) {
      return Diagnosis{
          offset, "indented by " + blanks_of({is->indentation}) + ", as no line above; expected " + blanks_of(fitting)};
    }
    if (item && !item_there) return Diagnosis{offset, "an item of a list (`- `) among keys; expected `key: value`"};
    if (!item && item_there)
      return Diagnosis{
          offset, "a key among the items of a list; expected `- `, or deeper indentation for a key of the item above"};
    return {};
  }

  // Where the keys of a line begin: behind its dashes.
  static std::size_t inner(const Line& line) {
    return line.indentation + (line.content.size() - without_dashes(line.content).size());
  }

  static std::string blanks_of(const std::set<std::size_t>& counts) {
    std::string text;
    std::size_t left = counts.size();
    for (const auto count : counts) {
      text += std::to_string(count);
      if (--left > 0) text += left == 1 ? " or " : ", ";
    }
    return text + (counts.size() == 1 && counts.contains(1) ? " blank" : " blanks");
  }

  std::string_view text_;
  std::size_t noticed_;
  std::string_view words_;
  SyntaxScan scan_;
  std::size_t here_ = 0;  // how many lines begin before what was noticed
};

}  // namespace

Diagnosis diagnose(std::string_view text, std::size_t noticed, std::string_view words) {
  return Look(text, noticed, words).answer();
}

std::string colon_hint(std::string_view text) {
  const auto colon = text.find_first_of(": =/?#\"'");
  if (colon == std::string_view::npos || colon == 0 || text[colon] != ':') return {};
  const auto value = text.substr(colon + 1);
  if (value.empty() || value.starts_with("//") || value.front() == ' ') return {};
  return "a blank must follow the colon of " + quote(text.substr(0, colon));
}

}  // namespace tributary::config
