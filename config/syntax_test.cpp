// What is no YAML, and what is said of it: the place of the mistake, not where the library notices it.
#include "config/syntax.hpp"

#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using fixture::faults;
using testing::ElementsAre;

struct Case {
  const char* text;
  const char* fault;
};

class Syntax : public testing::TestWithParam<Case> {};

TEST_P(Syntax, is_explained_where_it_is_wrong) {
  EXPECT_THAT(faults(GetParam().text), ElementsAre(std::string("t.yaml:") + GetParam().fault)) << GetParam().text;
}

constexpr Case tabs[] = {
    {"version: 1\nlimits:\n\tpause: 1s\n",
     "3:1: a tab in the indentation; YAML is indented by blanks alone: put blanks in its place"},
    {"version: 1\r\nlimits:\r\n  pause: 1s\r\n  \tnesting: 64\r\n",
     "4:3: a tab in the indentation; YAML is indented by blanks alone: put blanks in its place"},
    {"version: 1\nlimits:\n  pause: 1s\n\xc2\xa0\xc2\xa0nesting: 64\n bad: 1\n",
     "4:1: a no-break space (U+00A0) in the indentation; put a plain blank in its place"},
};
INSTANTIATE_TEST_SUITE_P(Tabs, Syntax, testing::ValuesIn(tabs));

constexpr Case colons[] = {
    {"version:1\n", "1:1: a blank must follow the colon of `version`"},
    {"version:1\nlimits: {}\n", "1:1: a blank must follow the colon of `version`"},
    {"version: 1\nconnectors:\n  a:\n    type:gauge\n    url: ws://x\n",
     "4:5: a blank must follow the colon of `type`"},
    {"version: 1\nlimits\n  pause: 1s\n",
     "2:1: this line has no colon; expected `key: value`, or `key:` above what is indented"},
    {"version: 1\nlimits:\n  pause 1s\n  nesting: 64\n",
     "3:3: this line has no colon; expected `key: value`, or `key:` above what is indented"},
    {"version=1\nlimits: {}\n", "1:1: this line has no colon; expected `key: value`, with `: ` in place of `=`"},
    {"version: 1\ninstance: a: b\n",
     "2:12: a second `: ` in one value; put the value in quotes, or the key of an inner map on a line of its own"},
    {"version: 1\nconnectors:\n  a: type: gauge\n",
     "3:10: a second `: ` in one value; put the value in quotes, or the key of an inner map on a line of its own"},
};
INSTANTIATE_TEST_SUITE_P(Colons, Syntax, testing::ValuesIn(colons));

constexpr Case quotes_and_brackets[] = {
    {"version: 1\nconnectors: {a: {url: \"ws://x}}\nlog: {level: \"info\"}\n",
     "2:23: the quotes that begin here end on line 3, and text follows; expected them to end on their own line"},
    {"version: 1\ninstance: \"a\" b\n",
     "2:15: text behind the closing quote; expected the end of the line: put all of it, or nothing, in the quotes"},
    {"version: 1\nlimits: {pause: 1s\nlog: {}\n", "2:9: the `{` that begins here is not closed; expected `}`"},
    {"version: 1\nroutes: [{to: [a]}\n", "2:9: the `[` that begins here is not closed; expected `]`"},
    {"version: 1\nroutes: [{to: [a}]\n", "2:17: `}` stands where the `[` of line 2 is open; expected `]`"},
    {"version: 1\nlimits: {}}\n", "2:11: `}` closes nothing; remove it"},
    {"version: 1\n}\n", "2:1: `}` closes nothing; remove it"},
    {"version: 1\nlimits: {pause: 1s nesting: 64}\n", "2:20: a `,` is missing here: expected `,` or `}`"},
    {"version: 1\nroutes: [{to: [a]} {to: [b]}]\n", "2:20: a `,` is missing here: expected `,` or `]`"},
    {"{\"version\": 1 \"limits\": {}}\n", "1:15: a `,` is missing here: expected `,` or `}`"},
};
INSTANTIATE_TEST_SUITE_P(QuotesAndBrackets, Syntax, testing::ValuesIn(quotes_and_brackets));

constexpr Case indentations[] = {
    {"version: 1\n  limits: {}\n",
     "2:3: indented deeper than the line above, which has its value already; expected 0 blanks"},
    {"version: 1\nlimits:\n   pause: 1s\n  nesting: 64\n",
     "4:3: indented by 2 blanks, as no line above; expected 0 or 3 blanks"},
    {"version: 1\nroutes:\n  - to: [a]\n   types: [x]\n",
     "4:4: indented by 3 blanks, as no line above; expected 0, 2 or 4 blanks"},
    {"version: 1\ninstance: |\n  a: b\n limits: {}\n", "4:2: indented by 1 blank, as no line above; expected 0 blanks"},
    {"version: 1\nroutes:\n  - to: [a]\n  types: [x]\n",
     "4:3: a key among the items of a list; expected `- `, or deeper indentation for a key of the item above"},
    {"version: 1\nroutes:\n  to: [a]\n  - to: [b]\n",
     "4:3: an item of a list (`- `) among keys; expected `key: value`"},
};
INSTANTIATE_TEST_SUITE_P(Indentations, Syntax, testing::ValuesIn(indentations));

constexpr Case beginnings[] = {
    {"version: 1\ninstance: @home\n", "2:11: a text cannot begin with `@`; put it in quotes"},
    {"version: 1\ninstance: %home\n", "2:11: a text cannot begin with `%`; put it in quotes"},
    {"version: 1\ninstance: `home`\n", "2:11: a text cannot begin with a backquote; put it in quotes"},
    {"version: 1\nroutes: [{types: [*], to: [a]}]\n", "2:19: a text cannot begin with `*`; put it in quotes"},
    {"version: 1\ninstance: &x &y 1\n", "2:14: a second `&` on one value; expected one"},
    {"version: 1\ninstance: !!str !!int 1\n", "2:17: a second `!` on one value; expected one"},
    {"version: 1\ninstance: !<tag:x 1\n", "2:18: a `!<` that is not closed; expected `>`"},
    {"%YAML 3.0\n---\nversion: 1\n",
     "1:1: a line that begins with `%` speaks to YAML itself, and nothing here needs it; remove it"},
    {"%TAG\n---\nversion: 1\n",
     "1:1: a line that begins with `%` speaks to YAML itself, and nothing here needs it; remove it"},
    {"version: 1\ninstance: & b\n", "2:11: a text cannot begin with `&`; put it in quotes"},
    {"version: *nobody\n",
     "1:10: `*` and a name repeat a value that is marked with `&` and that name, and none above is; put a text that "
     "begins with `*` in quotes"},
    {"version: 1\ninstance: - x\n",
     "2:11: `- ` cannot begin a value here; put the text in quotes, or the list's items on lines of their own"},
    {"version: 1\ninstance: > x\n",
     "2:13: text behind `|` or `>`; expected it on the next line, indented; put a text that begins with one of them "
     "in quotes"},
    {"version: 1\ninstance: \"C:\\data\"\n",
     "2:14: `\\d` means no character; within \"…\" a `\\` is written `\\\\`, within '…' it stands for itself"},
};
INSTANTIATE_TEST_SUITE_P(Beginnings, Syntax, testing::ValuesIn(beginnings));

TEST(Diagnose, shows_nothing_of_a_value) {
  for (const auto* text :
       {"a: {value: *hush}", "value\nhush hush: 1: 2", "a: \"hush\" hush", "value: hush: hush", "hush"}) {
    for (const auto* words : {"illegal map value", "end of map not found", "the referenced anchor is not defined",
                              "unknown token", "end of map flow not found", "unknown escape character: h"}) {
      for (std::size_t at = 0; at <= 20; ++at) {
        EXPECT_EQ(diagnose(text, at, words).message.find("hush"), std::string::npos) << text << words << at;
      }
    }
  }
}

TEST(ColonHint, is_for_a_name_and_its_value_in_one_word) {
  EXPECT_EQ(colon_hint("type:dlive"), "a blank must follow the colon of `type`");
  for (const auto* other : {"type", "type:", "wss://x", "", ":x", "a b:c", "localhost/x:80"}) {
    EXPECT_EQ(colon_hint(other), "") << other;
  }
}

}  // namespace
}  // namespace tributary::config
