#include "schema/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace tributary::schema {
namespace {

constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

using ByteTable = std::array<bool, 256>;

void add_range(ByteTable& bytes, unsigned first, unsigned last) {
  for (unsigned c = first; c <= last; ++c) bytes[c] = true;
}

bool holds(const ByteTable& bytes, char c) { return bytes[static_cast<unsigned char>(c)]; }

// How many bytes at the begin of `text` are of this class.
std::size_t span_of(const ByteTable& bytes, std::string_view text) {
  std::size_t length = 0;
  for (; length + 4 <= text.size(); length += 4) {
    const char* const next = text.data() + length;
    int held = 0;  // counted, not asked one by one: a branch for four bytes
    for (int i = 0; i < 4; ++i) held += holds(bytes, next[i]) ? 1 : 0;
    if (held != 4) break;
  }
  while (length < text.size() && holds(bytes, text[length])) ++length;
  return length;
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) < 0x80 && c >= ' ' &&
         std::string_view("\\^$.*+?()[]{}|/").find(c) == std::string_view::npos;
}

// What follows a backslash and is one byte class: \d \w or escaped punctuation.
bool simple_escape(char c, ByteTable& bytes) {
  if (c == 'd' || c == 'w') add_range(bytes, '0', '9');
  if (c == 'w') {
    add_range(bytes, 'a', 'z');
    add_range(bytes, 'A', 'Z');
    add_range(bytes, '_', '_');
  }
  if (c == 'd' || c == 'w') return true;
  if (std::string_view("\\^$.*+?()[]{}|/-").find(c) == std::string_view::npos) return false;
  add_range(bytes, static_cast<unsigned char>(c), static_cast<unsigned char>(c));
  return true;
}

// Why RE2 does not take an expression. What ECMA-262 would take is "not supported".
std::string refusal(const RE2& expression) {
  const std::string is = "`" + expression.error_arg() + "`";
  switch (expression.error_code()) {
    case RE2::ErrorPatternTooLarge:
      return "a pattern that takes so much memory is not supported";
    case RE2::ErrorBadEscape:
      return is + " means no character; a backslash itself is `\\\\`";
    case RE2::ErrorBadCharClass:
      return is + " is no class of characters";
    case RE2::ErrorBadCharRange:
      return "the range " + is + " ends before it begins";
    case RE2::ErrorMissingBracket:
      return "a `[` is not closed; expected `]`";
    case RE2::ErrorMissingParen:
      return "a `(` is not closed; expected `)`";
    case RE2::ErrorUnexpectedParen:
      return "a `)` closes nothing; put `\\` before it, or remove it";
    case RE2::ErrorTrailingBackslash:
      return "a `\\` with nothing behind it; a backslash itself is `\\\\`";
    case RE2::ErrorRepeatArgument:
      return is + " repeats nothing; put `\\` before it where the character is meant";
    case RE2::ErrorRepeatOp:
      return is + " repeats a repetition; put brackets around the first";
    case RE2::ErrorRepeatSize:
      break;
    default:
      return expression.error();
  }
  const std::string& repetition = expression.error_arg();
  int first = 0, last = 0;
  const char* const end = repetition.data() + repetition.size();
  const auto read = std::from_chars(repetition.data() + std::min<std::size_t>(1, repetition.size()), end, first);
  const bool range = read.ec == std::errc() && read.ptr != end && *read.ptr == ',' &&
                     std::from_chars(read.ptr + 1, end, last).ec == std::errc();
  if (range && last < first) return "the repetition " + repetition + " ends before it begins";
  return "more than 1,000 repetitions (" + repetition + ") are not supported";
}

}  // namespace

Pattern::Pattern() = default;
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

std::variant<Pattern, std::string> Pattern::compile(std::string_view ecma) {
  Pattern pattern;
  if (simple(ecma, pattern)) return pattern;
  pattern = Pattern();
  const TranslatedPattern translated = translate_pattern(ecma);
  if (!translated.error.empty()) return translated.error;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  pattern.expression_ = std::make_unique<RE2>(translated.re2, options);
  if (!pattern.expression_->ok()) return refusal(*pattern.expression_);
  return pattern;
}

bool Pattern::simple_class(std::string_view ecma, std::size_t& at, ByteSet& bytes) {
  if (at >= ecma.size()) return false;
  const char first = ecma[at++];
  if (first == '\\') return at < ecma.size() && simple_escape(ecma[at++], bytes);
  if (first != '[') {
    add_range(bytes, static_cast<unsigned char>(first), static_cast<unsigned char>(first));
    return is_plain(first);
  }
  const std::size_t begin = at;
  while (at < ecma.size() && ecma[at] != ']') {
    const char low = ecma[at++];
    if (low == '\\') {
      // An escape that is followed by a range is left to RE2.
      if (at >= ecma.size() || !simple_escape(ecma[at++], bytes)) return false;
      if (at < ecma.size() && ecma[at] == '-' && at + 1 < ecma.size() && ecma[at + 1] != ']') return false;
      continue;
    }
    if (static_cast<unsigned char>(low) >= 0x80 || low == '[' || (low == '^' && at == begin + 1)) return false;
    char high = low;
    if (at + 1 < ecma.size() && ecma[at] == '-' && ecma[at + 1] != ']') {
      high = ecma[at + 1];
      at += 2;
      if (high < low || high == '\\' || high == '[' || static_cast<unsigned char>(high) >= 0x80) return false;
    }
    add_range(bytes, static_cast<unsigned char>(low), static_cast<unsigned char>(high));
  }
  if (at == begin || at >= ecma.size()) return false;
  ++at;
  return true;
}

bool Pattern::simple_count(std::string_view ecma, std::size_t& at, Run& run) {
  run.minimum = run.maximum = 1;
  if (at >= ecma.size()) return true;
  const char c = ecma[at];
  if (c == '*' || c == '+' || c == '?') {
    run.minimum = c == '+' ? 1 : 0;
    run.maximum = c == '?' ? 1 : kUnbounded;
    ++at;
  } else if (c == '{') {
    const char* const end = ecma.data() + ecma.size();
    auto read = std::from_chars(ecma.data() + at + 1, end, run.minimum);
    if (read.ec != std::errc() || read.ptr == end) return false;
    run.maximum = run.minimum;
    if (*read.ptr == ',') {
      run.maximum = kUnbounded;
      if (++read.ptr != end && *read.ptr != '}') {
        read = std::from_chars(read.ptr, end, run.maximum);
        if (read.ec != std::errc()) return false;
      }
    }
    if (read.ptr == end || *read.ptr != '}' || run.maximum < run.minimum) return false;
    at = static_cast<std::size_t>(read.ptr - ecma.data()) + 1;
  }
  return at >= ecma.size() || std::string_view("*+?{").find(ecma[at]) == std::string_view::npos;
}

bool Pattern::simple(std::string_view ecma, Pattern& result) {
  std::size_t at = 0;
  const bool from_start = ecma.starts_with('^');
  bool to_end = false;
  if (from_start) ++at;
  while (at < ecma.size()) {
    if (ecma[at] == '$' && at + 1 == ecma.size()) {
      to_end = true;
      break;
    }
    Run run{};
    if (!simple_class(ecma, at, run.bytes) || !simple_count(ecma, at, run)) return false;
    result.runs_.push_back(run);
  }
  if (result.runs_.empty() || result.runs_.size() > 16) return false;
  for (std::size_t i = 0; i + 1 < result.runs_.size(); ++i) {
    if (result.runs_[i].minimum != result.runs_[i].maximum) return false;
  }
  // Not anchored at the end: reaching the last run's minimum is enough.
  if (!to_end) {
    if (!from_start && result.runs_.size() != 1) return false;
    result.runs_.back().maximum = result.runs_.back().minimum;
  }
  result.anywhere_ = !from_start && !to_end;
  if (from_start && !to_end) {
    result.runs_.push_back({{}, 0, kUnbounded});
    result.runs_.back().bytes.fill(true);
  }
  return from_start || result.anywhere_;
}

bool Pattern::matches_runs(std::string_view text) const {
  if (anywhere_) {
    std::size_t length = 0;
    if (runs_[0].minimum == 0) return true;
    for (const char c : text) {
      length = holds(runs_[0].bytes, c) ? length + 1 : 0;
      if (length == runs_[0].minimum) return true;
    }
    return false;
  }
  for (const Run& run : runs_) {
    const std::size_t length = span_of(run.bytes, text.substr(0, run.maximum));
    if (length < run.minimum) return false;
    text.remove_prefix(length);
  }
  return text.empty();
}

bool Pattern::matches(std::string_view text) const {
  if (expression_ == nullptr) return matches_runs(text);
  const re2::StringPiece piece(text.data(), text.size());
  return expression_->Match(piece, 0, text.size(), RE2::UNANCHORED, nullptr, 0);
}

}  // namespace tributary::schema
