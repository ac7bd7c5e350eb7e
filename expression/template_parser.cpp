#include "expression/template_parser.hpp"

#include "text/ascii.hpp"

namespace tributary::expression {
namespace {

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view text) : in_(text) {}

  std::variant<std::vector<Part>, Fault> parse() {
    while (!in_.at_end() && !in_.failed()) {
      if (in_.take("{{")) {
        own_ += '{';
      } else if (in_.take("}}")) {
        own_ += '}';
      } else if (in_.peek() == '}') {
        in_.fail("found a `}` without its `{`; a brace of the text's own is written `}}`");
      } else if (in_.peek() == '{') {
        end_own();
        gap();
      } else {
        own_ += in_.peek();
        in_.skip(1);
      }
    }
    end_own();
    if (in_.failed()) return in_.fault();
    return std::move(parts_);
  }

 private:
  void end_own() {
    if (!own_.empty()) parts_.emplace_back(std::move(own_));
    own_.clear();
  }

  bool gap() {
    const std::size_t begin = in_.offset();
    in_.skip(1);
    in_.skip_blanks();
    if (in_.at_end()) return unclosed(begin);
    if (in_.name().empty()) {
      return in_.fail(in_.found() +
                      ", expected a field such as {data.displayName}; a brace of the text's own is written `{{`");
    }
    auto field = take_path(in_);
    if (!field) return false;
    in_.skip_blanks();
    Gap gap{std::move(*field)};
    if (in_.take("|")) {
      const std::size_t from = in_.offset();
      while (!in_.at_end() && in_.peek() != '}' && in_.peek() != '{') in_.skip(1);
      if (in_.peek() == '{')
        return in_.fail("found `{`, expected the `}` that ends the default: a default has no braces");
      gap.otherwise = in_.from(from);
    }
    if (in_.at_end()) return unclosed(begin);
    if (!in_.take("}")) return in_.fail(in_.found() + ", expected `}`, or `|` and a default");
    parts_.emplace_back(std::move(gap));
    return true;
  }

  bool unclosed(std::size_t begin) {
    return in_.fail(begin, "the `{` here is not closed, expected a `}`; a brace of the text's own is written `{{`");
  }

  Scanner in_;
  std::string own_;
  std::vector<Part> parts_;
};

}  // namespace

std::variant<std::vector<Part>, Fault> parse_template(std::string_view text) {
  if (auto fault = fault_of_text(text, "template")) return *std::move(fault);
  if (text::trimmed(text).empty()) {
    return Fault{
        1, "found an empty template, which would say nothing; expected words and fields such as {data.displayName}"};
  }
  return TemplateParser(text).parse();
}

}  // namespace tributary::expression
