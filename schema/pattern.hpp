#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace re2 {
class RE2;
}

namespace tributary::schema {

// A JSON Schema pattern (ECMA-262, unicode mode) that runs in time linear in the text, whatever the pattern. Simple
// ones (`^[a-f0-9]{24}$`) become a table of byte classes, all others RE2.
//
// Owner: the compiled Schema; immutable. Thread: any.
// Failure: compile() gives a sentence for what is no pattern, and for lookaround and backreferences, which no
// linear-time engine has.
class Pattern {
 public:
  static std::variant<Pattern, std::string> compile(std::string_view ecma);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Somewhere in `text` (valid UTF-8), as JSON Schema wants it: patterns are not anchored.
  bool matches(std::string_view text) const;
  bool runs_on_tables() const { return expression_ == nullptr; }

 private:
  using ByteSet = std::array<bool, 256>;
  struct Run {  // `minimum` to `maximum` bytes of one class
    ByteSet bytes;
    std::size_t minimum;
    std::size_t maximum;
  };

  Pattern();
  static bool simple(std::string_view ecma, Pattern& result);
  static bool simple_class(std::string_view ecma, std::size_t& at, ByteSet& bytes);
  static bool simple_count(std::string_view ecma, std::size_t& at, Run& run);
  bool matches_runs(std::string_view text) const;

  bool anywhere_ = false;  // one run, found anywhere in the text
  std::vector<Run> runs_;  // otherwise the whole text; all but the last are of fixed length
  std::unique_ptr<re2::RE2> expression_;
};

// The same pattern in RE2's syntax, or why there is none.
struct TranslatedPattern {
  std::string re2;
  std::string error;
};
TranslatedPattern translate_pattern(std::string_view ecma);

}  // namespace tributary::schema
