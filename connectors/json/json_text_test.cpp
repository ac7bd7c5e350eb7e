#include "connectors/json/json_text.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "connectors/json/json_lexis.hpp"
#include "text/json.hpp"

namespace tributary::connectors {
namespace {

struct Read {
  bool whole = false;
  std::string text;
  JsonText::Fault fault{};
  std::uint32_t repaired = 0;
};

Read read(std::string_view text, std::size_t nesting = 64) {
  JsonText json(nesting);
  json.load(text);
  Value value;
  Read result;
  result.whole = json.read_value(value) && json.at_end();
  if (result.whole && json.spaced()) {
    json.compact();
    result.whole = json.read_value(value) && json.at_end();
  }
  if (result.whole) result.text = value.text;
  result.fault = json.fault();
  result.repaired = json.repaired();
  return result;
}

TEST(JsonText, AcceptsWhatRfc8259Allows) {
  for (auto text : {"{}", "[]", "\"\"", "0", "-0", "1.5e+9", "1E-7", "true", "false", "null", "[1,2,[3,{\"a\":[]}]]",
                    "\"\\u00e9\\n\\/\\\"\\\\\"", "\"\\ud83d\\ude00\"", "123456789012345678901234567890", "1e999",
                    "{\"\":{\"\":0}}"}) {
    EXPECT_TRUE(read(text).whole) << text;
    EXPECT_EQ(read(text).text, text);
  }
}

TEST(JsonText, RefusesEverythingElse) {
  for (auto text : {"",
                    " ",
                    "{",
                    "[",
                    "}",
                    "[1,]",
                    "[,1]",
                    "{\"a\"}",
                    "{\"a\":}",
                    "{\"a\":1,}",
                    "{a:1}",
                    "01",
                    "-",
                    "+1",
                    ".5",
                    "1.",
                    "1e",
                    "1e+",
                    "0x1",
                    "tru",
                    "nul",
                    "True",
                    "NaN",
                    "Infinity",
                    "'a'",
                    "\"",
                    "\"\\x\"",
                    "\"\\u12g4\"",
                    "\"\\u123",
                    "\"\\",
                    "\"a\tb\"",
                    "\"a\nb\"",
                    "1 2",
                    "[1 2]",
                    "{\"a\":1 \"b\":2}",
                    "[]]",
                    "{\"a\" 1}",
                    "\xEF\xBB\xBF{}",
                    "//x\n1",
                    "[1}",
                    "{]"}) {
    EXPECT_FALSE(read(text).whole) << text;
    EXPECT_EQ(read(text).fault, JsonText::Fault::not_json) << text;
  }
}

TEST(JsonText, RefusesARawNulEverywhere) {
  using namespace std::string_literals;
  for (const auto& text : {"\0"s, "{\"a\0b\":1}"s, "[1,\0 2]"s, "[1]\0"s, "\"abc\0\""s, "1\0"s, "tru\0"s}) {
    EXPECT_FALSE(read(text).whole) << text;
  }
}

TEST(JsonText, FindsTheEndOfStringsOfEveryLength) {
  for (std::size_t length = 0; length < 100; ++length) {
    const std::string plain = "\"" + std::string(length, 'x') + "\"";
    EXPECT_EQ(read(plain).text, plain);
    EXPECT_FALSE(read(plain.substr(0, plain.size() - 1)).whole);
    const std::string escaped = "\"" + std::string(length, 'x') + "\\\"\"";
    EXPECT_EQ(read(escaped).text, escaped);
    const std::string control = "\"" + std::string(length, 'x') + "\x1F\"";
    EXPECT_FALSE(read(control).whole);
    const std::string high = "\"" + std::string(length, 'x') + "\xC3\xA9\"";
    EXPECT_EQ(read(high).text, high);
  }
}

TEST(JsonText, KeepsNumbersAsTheyAreWritten) {
  EXPECT_EQ(read("[4.20,1234567890123456789012,-0.0,1E+5]").text, "[4.20,1234567890123456789012,-0.0,1E+5]");
}

TEST(JsonText, TakesSpaceBetweenTokensAwayAndNowhereElse) {
  EXPECT_EQ(read(" { \"a b\" :\t[ 1 , \"c \\\" d\" ,{ } ]\r\n, \"e\":null } ").text,
            R"({"a b":[1,"c \" d",{}],"e":null})");
}

TEST(JsonText, HoldsTheNestingLimitExactly) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(read(nested(64)).whole);
  EXPECT_FALSE(read(nested(65)).whole);
  EXPECT_EQ(read(nested(65)).fault, JsonText::Fault::too_deep);
  EXPECT_EQ(read(std::string(100'000, '[')).fault, JsonText::Fault::too_deep);
  EXPECT_EQ(read(R"({"a":{"b":{}}})", 2).fault, JsonText::Fault::too_deep);
}

TEST(JsonText, MendsInvalidUtf8AndCountsIt) {
  const auto mended = read("[\"a\xFF\xFE z\"]");
  EXPECT_TRUE(mended.whole);
  EXPECT_EQ(mended.text, "[\"a\xEF\xBF\xBD\xEF\xBF\xBD z\"]");
  EXPECT_EQ(mended.repaired, 2u);
}

TEST(JsonText, MendsHalfSurrogatePairsAndLeavesWholeOnes) {
  const auto mended = read(R"(["\ud800","\uDC00x","\ud83d\ud83d\ude00","\ud83d\u0041"])");
  EXPECT_EQ(mended.text, R"(["\ufffd","\ufffdx","\ufffd\ud83d\ude00","\ufffd\u0041"])");
  EXPECT_EQ(mended.repaired, 4u);
}

TEST(JsonText, ASecondValueOfAKeyReplacesTheFirstInItsPlace) {
  JsonText json(64);
  json.load(R"({"a":1,"b":2,"\u0061":3,"":4,"":5})");
  Value value;
  Object object;
  ASSERT_TRUE(json.read_object(value, object));
  ASSERT_EQ(object.members.size(), 3u);
  EXPECT_TRUE(object.respelled);
  EXPECT_EQ(object.members[0].key, "a");
  EXPECT_EQ(object.members[0].value.text, "3");
  EXPECT_EQ(object.members[2].value.text, "5");
}

TEST(JsonText, FindsTwinsAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 500; ++i) text += "\"k" + std::to_string(i % 400) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  JsonText json(64);
  json.load(text);
  Value value;
  Object object;
  ASSERT_TRUE(json.read_object(value, object));
  ASSERT_EQ(object.members.size(), 400u);
  EXPECT_EQ(object.members[99].key, "k99");
  EXPECT_EQ(object.members[99].value.text, "499");
  EXPECT_EQ(object.members[100].value.text, "100");
}

TEST(JsonText, AnInnerObjectIsThatOfTheLastTwin) {
  JsonText json(64);
  json.load(R"({"data":{"x":1},"data":{"y":2}})");
  Value value;
  Object outer, inner;
  ASSERT_TRUE(json.read_object(value, outer, "data", inner));
  ASSERT_EQ(inner.members.size(), 1u);
  EXPECT_EQ(inner.members[0].key, "y");
}

TEST(JsonText, SaysWhatItFoundAndWhatItExpected) {
  JsonText json(2);
  Value value;
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::string>>{
           {"[1 x]", "found `x`, expected a comma or the end of an array or object at byte 3"},
           {"{\"a\" 1}", "found `1`, expected a colon at byte 5"},
           {"\x01", "found the byte 0x01, expected a value at byte 0"},
           {"\"a\nb\"", "found the byte 0x0A, expected the rest of a string at byte 2"},
           {"", "found the end of the text, expected a value at byte 0"},
           {"[[[1]]]", "nested deeper than 2 at byte 2"}}) {
    json.load(text);
    EXPECT_FALSE(json.read_value(value)) << text;
    EXPECT_EQ(json.explain(), words);
  }
}

TEST(JsonText, CanBeUsedAgainAfterAFaultAndAfterAHugeText) {
  JsonText json(64);
  Value value;
  json.load("[1,");
  EXPECT_FALSE(json.read_value(value));
  EXPECT_EQ(json.explain(), "found the end of the text, expected a value at byte 3");
  const std::string huge = "\"" + std::string(1u << 20, 'x') + "\"";
  json.load(huge);
  EXPECT_TRUE(json.read_value(value) && json.at_end());
  EXPECT_EQ(value.text.size(), huge.size());
  json.load("7");
  EXPECT_TRUE(json.read_value(value) && json.at_end());
  EXPECT_EQ(value.text, "7");
}

TEST(Unescaped, GivesPlainText) {
  EXPECT_EQ(unescaped(R"(a\"\\\/\b\f\n\r\t\u0041\u00e9\u2603\ud83d\ude00\ud800)"),
            "a\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x98\x83\xF0\x9F\x98\x80\xEF\xBF\xBD");
}

TEST(IsNumber, MeansOneWholeJsonNumber) {
  for (auto text : {"0", "-1", "4.20", "1e5", "12345678901234567890123"}) EXPECT_TRUE(is_number(text)) << text;
  for (auto text : {"", "-", "gift", "1,5", "$5", " 5", "5 ", "+5", ".5", "5.", "05", "0x5", "1e", "NaN"}) {
    EXPECT_FALSE(is_number(text)) << text;
  }
}

}  // namespace
}  // namespace tributary::connectors
