#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "expression/event_fixture.hpp"

namespace tributary::expression {
namespace {

using Faults = std::vector<std::pair<std::string, std::string>>;

void expect(const Faults& faults) {
  for (const auto& [text, fault] : faults) EXPECT_EQ(condition_fault(text), fault) << text;
}

TEST(ConditionFault, NamesTheSignThatWasMeant) {
  const std::string signs = ", expected one of == != < <= > >=";
  expect({{"data.amount = 5", "at character 13: found `=`" + signs + "; did you mean `==`?"},
          {"data.amount === 5", "at character 13: found `===`" + signs + "; did you mean `==`?"},
          {"data.amount => 5", "at character 13: found `=>`" + signs + "; did you mean `>=`?"},
          {"data.amount =< 5", "at character 13: found `=<`" + signs + "; did you mean `<=`?"},
          {"data.amount <> 5", "at character 13: found `<>`" + signs + "; did you mean `!=`?"},
          {"type =~ 'a.*'", "at character 6: found `=~`" + signs},
          {"type is 'tip'", "at character 6: found `is`" + signs + "; did you mean `==`?"},
          {"type contains 't'", "at character 6: found `contains`" + signs},
          {"data.amount 5", "at character 13: found `5`" + signs}});
}

TEST(ConditionFault, NamesTheWordThatWasMeant) {
  expect(
      {{"type == 'a' && type == 'b'",
        "at character 13: found `&&`, expected `and`, `or` or the end; did you mean `and`?"},
       {"type == 'a' || type == 'b'",
        "at character 13: found `||`, expected `and`, `or` or the end; did you mean `or`?"},
       {"type == 'a' AND type == 'b'",
        "at character 13: found `AND`, expected `and`, `or` or the end; did you mean `and`?"},
       {"(type == 'a' oor type == 'b')",
        "at character 14: found `oor`, expected `and`, `or` or the `)` for the `(` at character 1; did you mean `or`?"},
       {"!(type == 'a')",
        "at character 1: found `!`, expected a field or a value: a text in quotes, a number, true, false or null; did "
        "you mean `not`?"},
       {"type == 'a')", "at character 12: found `)`, expected `and`, `or` or the end"}});
}

TEST(ConditionFault, NamesTheFieldThatWasMeant) {
  expect(
      {{"typ == 'tip'", "at character 1: no event has a field `typ`; did you mean `type`?"},
       {"type == 'a' and amount >= 5", "at character 17: no event has a field `amount`; did you mean `data.amount`?"},
       {"relay.conector == 'a'", "at character 1: `relay` has no field `conector`; did you mean `connector`?"},
       {"data.currency == USD",
        "at character 18: no event has a field `USD`; fields of its data are data.NAME, and a text stands in quotes"},
       {"data == 5", "at character 1: `data` is an object; expected one of its fields, data.NAME"},
       {"type.name == 'a'", "at character 1: `type` is a single value without fields of its own"},
       {"test.x == true", "at character 1: `test` is a single value without fields of its own"},
       {"relay.run.x == 'a'", "at character 1: `relay.run` is a single value without fields of its own"},
       {"data. == 5", "at character 6: found ` `, expected a name, a number or a name in quotes after the dot"}});
}

TEST(ConditionFault, TellsWhatCanNeverHold) {
  expect(
      {{"test", "at character 1: `relay.test` stands alone, expected a comparison such as relay.test == true"},
       {"data.gifted and type == 'a'",
        "at character 1: `data.gifted` stands alone, expected a comparison such as data.gifted == true"},
       {"not (data.gifted)",
        "at character 6: `data.gifted` stands alone, expected a comparison such as data.gifted == true"},
       {"5 == 5", "at character 1: both sides are values, expected a field on one of them"},
       {"data.a < null", "at character 1: true, false and null are in no order, expected == or != instead of <"},
       {"test == \"false\"", "at character 1: `relay.test` is compared with \"false\", expected true or false"},
       {"relay.sequence > '5'", "at character 1: `relay.sequence` is compared with \"5\", expected a number"},
       {"type == 5", "at character 1: `type` is compared with 5, expected a text, in quotes"},
       {"1 < data.amount < 5",
        "at character 17: found `<`, expected `and`, `or` or the end: a comparison has two sides; join two of them by "
        "`and`"}});
}

TEST(ConditionFault, TellsWhereATextOrNumberIsBroken) {
  const std::string number = ", expected a number such as 5, -0.5 or 1e3";
  expect(
      {{"data.a == \"USD", "at character 11: the text that begins here has no end; expected another \""},
       {"data.a == '\\x'",
        "at character 12: found `\\x`, expected one of the escapes \\\" \\' \\\\ \\/ \\b \\f \\n \\r \\t \\u0000"},
       {"data.a == '\\ud800'",
        "at character 12: expected \\u and four hexadecimal digits, or two of them for one character beyond \\uffff"},
       {"data.a == '\\u12'",
        "at character 12: expected \\u and four hexadecimal digits, or two of them for one character beyond \\uffff"},
       {"data.a == 'a\nb'",
        "at character 13: found a control character in a text; expected an escape such as \\n or \\u0009"},
       {"data.a == 5USD", "at character 11: found `5USD`" + number},
       {"data.a == 05", "at character 11: found `05`" + number},
       {"data.a == 5.", "at character 11: found `5.`" + number},
       {"data.a == -", "at character 11: found `-`" + number},
       {"data.a == 1e", "at character 11: found `1e`" + number},
       {"data.\xc3\xa4 == 1.5.2", "at character 11: found `1.5.2`" + number}});
}

TEST(ConditionFault, TellsWhatIsMissing) {
  const std::string operand = ", expected a field or a value: a text in quotes, a number, true, false or null";
  expect(
      {{"", "at character 1: found nothing, expected a comparison such as data.amount >= 5"},
       {" \t", "at character 3: found nothing, expected a comparison such as data.amount >= 5"},
       {"data.a ==", "at character 10: found the end" + operand},
       {"type == 'a' and", "at character 16: found the end" + operand},
       {"type == 'a' or or", "at character 16: found `or`" + operand},
       {"(type == 'a'", "at character 13: found the end, expected `and`, `or` or the `)` for the `(` at character 1"},
       {"()", "at character 2: found `)`" + operand}});
}

TEST(ConditionFault, KeepsToItsBounds) {
  const auto nested = [](std::size_t depth, const std::string& open, const std::string& close) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += open;
    text += "type == 'a'";
    for (std::size_t i = 0; i < depth; ++i) text += close;
    return text;
  };
  EXPECT_EQ(condition_fault(nested(64, "(", ")")), "");
  EXPECT_EQ(condition_fault(nested(65, "(", ")")), "at character 65: parentheses and `not` nest at most 64 deep");
  EXPECT_EQ(condition_fault(nested(64, "not ", "")), "");
  EXPECT_EQ(condition_fault(nested(65, "not ", "")), "at character 257: parentheses and `not` nest at most 64 deep");
  EXPECT_EQ(condition_fault(std::string(4'096, '(')), "at character 65: parentheses and `not` nest at most 64 deep");
  EXPECT_EQ(condition_fault(std::string(4'097, ' ')), "at character 1: a condition has at most 4096 bytes, found 4097");
  EXPECT_EQ(condition_fault("type == '\xff'"), "at character 10: found a byte that is not UTF-8");
  std::string wide = "type == 'a'";
  while (wide.size() < 4'000) wide += " or type == 'tip'";
  EXPECT_TRUE(holds(wide));
}

TEST(ConditionFault, WhatIsAllowedIsWrittenSoThatItIsAllowedAgain) {
  std::string text = "type == 'a'";
  for (int i = 0; i < 32; ++i) text = "not (" + text + (i % 2 == 0 ? " or data.b == 1)" : " and data.b == 1)");
  const auto written = condition(text).text();
  EXPECT_EQ(condition(written).text(), written);
}

}  // namespace
}  // namespace tributary::expression
