#include "schema/json_fault.hpp"

#include <gtest/gtest.h>

namespace tributary::schema {
namespace {

struct BrokenText {
  std::string_view text;
  std::size_t offset;
  std::string_view message;
};
class NotJson : public testing::TestWithParam<BrokenText> {};

TEST_P(NotJson, IsToldAtItsPlaceWithWhatWasExpected) {
  const auto fault = json_fault(GetParam().text);
  EXPECT_EQ(fault.message, GetParam().message) << GetParam().text;
  EXPECT_EQ(fault.offset, GetParam().offset) << GetParam().text;
}

constexpr BrokenText cases[] = {
    {"", 0, "the text is empty; expected an object `{…}`, true or false"},
    {" \n", 2, "the text is empty; expected an object `{…}`, true or false"},
    {R"({"type": )", 9, "found the end of the text, expected a value"},
    {R"({"a": 1)", 7, "found the end of the text, expected `,` or `}`"},
    {R"({"a": 1 "b": 2})", 8, "found `\"`, expected `,` or `}`"},
    {R"({"a": [1 2]})", 9, "found `2`, expected `,` or `]`"},
    {R"({"a": 1,})", 7, "a `,` with nothing behind it before `}`; remove it"},
    {R"([1, ])", 2, "a `,` with nothing behind it before `]`; remove it"},
    {R"({a: 1})", 1, "found `a`, expected a name in \"…\""},
    {R"({'a': 1})", 1, "found `'`, expected a name in \"…\"; JSON puts texts in \"…\""},
    {R"({"a" 1})", 5, "found `1`, expected `:` and the value of that name"},
    {"{\n// why\n\"a\": 1}", 2, "found `/`, expected a name in \"…\"; JSON has no comments"},
    {R"({"a": yes})", 6, "found `yes`, expected a value"},
    {R"({"a": "b)", 6, "the text that begins here does not end; expected another `\"`"},
    {"{\"a\": \"b\n\"}", 8, "a text that does not end on its line; expected another `\"`, or `\\n` for a line break"},
    {"\"a\tb\"", 2, "a control character in a text; expected it as \\u00.."},
    {R"({"pattern": "\d"})", 13, "a `\\` that means no character here; a `\\` itself is written `\\\\`"},
    {R"("\u12g4")", 1, "`\\u` without the four hexadecimal digits of a character"},
    {R"({"a": 01})", 6, "a number may not begin with a zero before other digits"},
    {R"({"a": 1.})", 6, "this is no number of JSON"},
    {R"({"a": -})", 6, "this is no number of JSON"},
    {R"({} {})", 3, "text behind the end of the value: `{`; expected nothing more"},
    {R"({"a": [1, 2, {"b": null}], "c": -1.5e-3, "d": "\u00e9\"\\", "e": true})", 0, ""},
};
INSTANTIATE_TEST_SUITE_P(Texts, NotJson, testing::ValuesIn(cases));

TEST(JsonFault, NestingIsBounded) {
  EXPECT_EQ(json_fault(std::string(1'025, '[')).message, "nested deeper than 1024 levels");
  EXPECT_EQ(json_fault(std::string(1'000'000, '[')).message, "nested deeper than 1024 levels");
  EXPECT_EQ(json_fault(std::string(1'024, '[') + std::string(1'024, ']')).message, "");
}

}  // namespace
}  // namespace tributary::schema
