#include "schema/pattern.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

namespace tributary::schema {
namespace {

struct Case {
  const char* pattern;
  bool tables;
  std::vector<std::string> yes;
  std::vector<std::string> no;
};

class Patterns : public testing::TestWithParam<Case> {};

TEST_P(Patterns, MatchAsEcma262Says) {
  const Case& test = GetParam();
  const auto compiled = Pattern::compile(test.pattern);
  if (const auto* error = std::get_if<std::string>(&compiled)) FAIL() << *error;
  const auto& pattern = std::get<Pattern>(compiled);
  EXPECT_EQ(pattern.runs_on_tables(), test.tables);
  for (const auto& text : test.yes) EXPECT_TRUE(pattern.matches(text)) << test.pattern << " on " << text;
  for (const auto& text : test.no) EXPECT_FALSE(pattern.matches(text)) << test.pattern << " on " << text;
}

INSTANTIATE_TEST_SUITE_P(
    All, Patterns,
    testing::Values(Case{"^[a-f0-9]{24}$",
                         true,
                         {"0123456789abcdef01234567"},
                         {"", "0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789abcdef0123456G"}},
                    Case{"^[a-z][a-z0-9_]{3,15}$",
                         true,
                         {"abcd", "a___", "abcdefghijklmnop"},
                         {"abc", "Abcd", "abcdefghijklmnopq", "abcd\n"}},
                    Case{"[A-Z]{3}", true, {"USD", "xxUSDxx", "USDX"}, {"US", "USd", "UxSxD", ""}},
                    Case{"^x-", true, {"x-", "x-\u00e4"}, {"x", "ax-"}}, Case{"^a*$", true, {"", "aaa"}, {"ab", "a\n"}},
                    Case{"^ab?$", true, {"a", "ab"}, {"abb", ""}}, Case{"a+", true, {"xa"}, {"", "x"}},
                    Case{"^[\\d.-]{1,3}$", true, {"1.-"}, {"", "1234", "a"}}, Case{"^\\$[0-9]$", true, {"$1"}, {"1"}},
                    Case{"b$", false, {"ab"}, {"ba", "b\n"}}, Case{"^a?b", false, {"b", "ab"}, {"cb"}},
                    Case{"^[^a]$", false, {"\u00e4"}, {"a", "bb"}},
                    Case{"^.$", false, {"\U0001F432", "a"}, {"\n", "\r", "\u2028", "ab"}},
                    Case{"^\\s$", false, {" ", "\u00a0", "\ufeff", "\v", "\u2029"}, {"a", "\u200b"}},
                    Case{"^[\\S]$", false, {"a", "\u200b"}, {" ", "\u3000"}},
                    Case{"^\\u{1F432}\\ud83d\\udc32\\x41\\u0042\\cJ$", false, {"\U0001F432\U0001F432AB\n"}, {"AB"}},
                    Case{"^\\p{Letter}+$", false, {"\u00e4b"}, {"1"}}, Case{"^\\P{Lu}$", false, {"a"}, {"A"}},
                    Case{"^\\p{Script=Greek}$", false, {"\u03b1"}, {"a"}}, Case{"[]", false, {}, {"", "a", "]"}},
                    Case{"^[^]$", false, {"a", "\n", "]"}, {""}}, Case{"^[[:x]$", false, {"[", ":", "x"}, {"a"}},
                    Case{"^(?<year>\\d{4})-(?:0|1)$", false, {"2026-1"}, {"2026-2"}},
                    Case{"^[\\b]$", false, {"\b"}, {"b"}}, Case{"\\/\\-\\.", false, {"/-."}, {"/x."}},
                    Case{"^(a|b)*?c{2,}$", false, {"abcc", "cc"}, {"abc"}}, Case{"", false, {"", "a"}, {}}));

TEST(Patterns, ThatAreNoneAreToldInWords) {
  for (const char* text :
       {"(",  "[",     "a**",     "(?=a)", "(?!a)", "(?<=a)", "(?<!a)",        "\\1", "\\k<a>", "\\Z", "\\a",
        "\\", "(?i)a", "\\ud83d", "\\u12", "\\x1",  "\\c1",   "\\p{Nonsense}", "\\p", "[b-a]",  "\\01"}) {
    const auto compiled = Pattern::compile(text);
    const auto* error = std::get_if<std::string>(&compiled);
    EXPECT_TRUE(error != nullptr && !error->empty()) << text;
  }
}

TEST(Patterns, ThatAreNoneAreToldWithWhatWasExpected) {
  const auto error = [](const char* text) { return std::get<std::string>(Pattern::compile(text)); };
  EXPECT_EQ(error("x|[a"), "a `[` is not closed; expected `]`");
  EXPECT_EQ(error("x|(a"), "a `(` is not closed; expected `)`");
  EXPECT_EQ(error("x|a)"), "a `)` closes nothing; put `\\` before it, or remove it");
  EXPECT_EQ(error("x|*"), "`*` repeats nothing; put `\\` before it where the character is meant");
  EXPECT_EQ(error("x|a**"), "`**` repeats a repetition; put brackets around the first");
  EXPECT_EQ(error("x|[b-a]"), "the range `b-a` ends before it begins");
}

}  // namespace
}  // namespace tributary::schema
