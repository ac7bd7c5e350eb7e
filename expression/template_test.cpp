#include "expression/template.hpp"

#include <gtest/gtest.h>

#include "expression/event_fixture.hpp"

namespace tributary::expression {
namespace {

std::string one(std::string_view value) { return event_with("{\"a\":" + std::string(value) + "}"); }

TEST(Template, SaysAnEventsFields) {
  EXPECT_EQ(made("{data.displayName} tipped {data.amount} {data.currency}"), "Viewer 123 tipped 5.00 USD");
  EXPECT_EQ(made("{ type } on {relay.connector}: {data.items.0.name}, {data.\"a b\".0}"), "tip on stage: cup, zero");
  EXPECT_EQ(made("thanks"), "thanks");
  EXPECT_EQ(made("{{{type}}} }}{{"), "{tip} }{");
}

TEST(Template, SaysANumberAsItIsWritten) {
  for (const auto* number :
       {"4.20", "0", "-0", "1e3", "1.0E+2", "12345678901234567890123", "1e400", "0.30000000000000001"}) {
    EXPECT_EQ(made("{data.a}", one(number)), number);
  }
  EXPECT_EQ(made("{data.items.0.price}"), "4.20");
}

TEST(Template, SaysTrueAndFalseAndNothingOfWhatHasNoText) {
  EXPECT_EQ(made("{data.a}", one("true")), "true");
  EXPECT_EQ(made("{flagged} {test} {relay.backfilled}"), "false false false");
  for (const auto* nothing : {"null", "[1]", "{\"b\":1}", "\"\""}) EXPECT_EQ(made("x{data.a}x", one(nothing)), "xx");
  EXPECT_EQ(made("x{data.gone}{data.a.b}x", one("1")), "xx");
}

TEST(Template, HasADefaultForWhatCannotBeSeen) {
  EXPECT_EQ(made("{data.message|nothing said}"), "nothing said") << "an event has its message, empty";
  EXPECT_EQ(made("{data.gone| a | b }x"), " a | b x");
  EXPECT_EQ(made("{data.displayName|nobody}"), "Viewer 123");
  EXPECT_EQ(made("{data.gone|}"), "");
  for (const auto* nothing : {"null", "[]", "{}", R"(" \t")", R"("\u200b\u202e")", R"("\u3000")"}) {
    EXPECT_EQ(made("{data.a|none}", one(nothing)), "none") << nothing;
  }
}

TEST(Template, AValueIsOneLineInWhichNothingIsHidden) {
  EXPECT_EQ(made("<{data.a}>", one(R"("a\r\nb\u0000c\td\u2028e\u0085f")")), "<a b c d e f>");
  EXPECT_EQ(made("<{data.a}>", one(R"("\u202egpj\u202c\u2066x\u200f\ufeff")")), "<gpjx>");
  EXPECT_EQ(made("<{data.a}>", one(R"("\u001b[31mred")")), "< [31mred>");
  EXPECT_EQ(made("a\nb {data.a}", one("\"c\"")), "a\nb c") << "the template's own lines are its writer's";
}

TEST(Template, AValueBeginsNoCommand) {
  for (const auto* value : {R"("/ban me")", R"("!ban me")", R"(" \t/ban me")", R"("//!.ban me")", R"("\u00a0/ ban me")",
                            R"("\u200b/ban me")", R"("\n/ban me")", R"("\u200d!ban me")"}) {
    EXPECT_EQ(made("{data.a}", one(value)), "ban me") << value;
    EXPECT_EQ(made(" {data.gone}{data.a}", one(value)), " ban me") << value;
    EXPECT_EQ(made("hello\n{data.a}", one(value)), "hello\nban me") << value;
  }
  EXPECT_EQ(made("{data.a|a.b}", one(R"("/!.")")), "a.b");
  EXPECT_EQ(made("says {data.a}", one(R"("/ban me")")), "says /ban me") << "not at the begin";
  EXPECT_EQ(made("{type}{data.a}", one(R"("/ban me")")), "tip/ban me");
  EXPECT_EQ(made("!so {data.a}", one(R"("x")")), "!so x") << "the template's own command";
  EXPECT_EQ(made("{data.a}", one("-5")), "-5");
}

TEST(Template, EndsAtItsLimitBetweenCharacters) {
  const std::string value = "\"" + std::string(made_limit - 1, 'x') + "\xc3\xa4\"";
  EXPECT_EQ(made("{data.a}", one(value)), std::string(made_limit - 1, 'x'));
  EXPECT_EQ(made("{data.a}{data.a}", one(value)).size(), made_limit);
}

TEST(Template, OfWhatIsNoEventHasItsDefaults) {
  for (const auto* event : {"", "no json", "[]", "5", "{\"type\":"}) {
    EXPECT_EQ(made("{type|none} {data.a.0}x", event), "none x") << event;
  }
}

TEST(Template, HasOneWayOfWriting) {
  for (const auto* text : {"{ test }", "{{x}} {data.'a b'|c | d}", "{data.gone|}x", "a {type}{type} b"}) {
    const auto written = std::get<Template>(Template::parse(text)).text();
    EXPECT_EQ(std::get<Template>(Template::parse(written)).text(), written) << text;
    EXPECT_EQ(made(written), made(text)) << text;
  }
  EXPECT_EQ(std::get<Template>(Template::parse("{ test|no }{{")).text(), "{relay.test|no }{{");
}

TEST(TemplateFault, IsToldAtItsPlace) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"",
       "at character 1: found an empty template, which would say nothing; expected words and fields such as "
       "{data.displayName}"},
      {" \n",
       "at character 1: found an empty template, which would say nothing; expected words and fields such as "
       "{data.displayName}"},
      {"a {data.x",
       "at character 3: the `{` here is not closed, expected a `}`; a brace of the text's own is written `{{`"},
      {"a {", "at character 3: the `{` here is not closed, expected a `}`; a brace of the text's own is written `{{`"},
      {"a {data.x|b",
       "at character 3: the `{` here is not closed, expected a `}`; a brace of the text's own is written `{{`"},
      {"a } b", "at character 3: found a `}` without its `{`; a brace of the text's own is written `}}`"},
      {"{}",
       "at character 2: found `}`, expected a field such as {data.displayName}; a brace of the text's own is written "
       "`{{`"},
      {"{|x}",
       "at character 2: found `|`, expected a field such as {data.displayName}; a brace of the text's own is "
       "written `{{`"},
      {"{data.x y}", "at character 9: found `y`, expected `}`, or `|` and a default"},
      {"{data.x|a{b}", "at character 10: found `{`, expected the `}` that ends the default: a default has no braces"},
      {"\xc3\xa4 {displayName}",
       "at character 4: no event has a field `displayName`; did you mean `data.displayName`?"},
      {"{creatdAt}", "at character 2: no event has a field `creatdAt`; did you mean `createdAt`?"},
      {"{data}", "at character 2: `data` is an object; expected one of its fields, data.NAME"},
      {"{data.}", "at character 7: found `}`, expected a name, a number or a name in quotes after the dot"},
      {"{data.\"x}", "at character 7: the text that begins here has no end; expected another \""},
      {"\xff", "at character 1: found a byte that is not UTF-8"}};
  for (const auto& [text, fault] : faults) EXPECT_EQ(template_fault(text), fault) << text;
  EXPECT_EQ(template_fault(std::string(4'097, 'x')), "at character 1: a template has at most 4096 bytes, found 4097");
}

}  // namespace
}  // namespace tributary::expression
