#include "schema/validator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "schema/embedded.hpp"
#include "schema/schema.hpp"

namespace tributary::schema {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

Schema compiled(std::string_view text) {
  auto result = Schema::compile(text);
  if (const auto* error = std::get_if<SchemaError>(&result)) ADD_FAILURE() << to_string(*error);
  return std::get<Schema>(std::move(result));
}

// Read as an event is, without a copy.
bool passes_padded(const Schema& schema, std::string document) {
  document.reserve(document.size() + simdjson::SIMDJSON_PADDING);
  Validator validator;
  return validator.parse_padded(document) && validator.passes(schema);
}

// What is wrong, as "path keyword"; checks that passes() agrees, however the document is read.
std::vector<std::string> faults(std::string_view schema_text, std::string_view document) {
  Validator validator;
  const Schema schema = compiled(schema_text);
  EXPECT_TRUE(validator.parse(document)) << validator.parse_error();
  std::vector<std::string> result;
  for (const Violation& violation : validator.explain(schema))
    result.push_back(violation.path + ' ' + violation.keyword);
  EXPECT_EQ(result.empty(), validator.passes(schema)) << document;
  EXPECT_EQ(result.empty(), passes_padded(schema, std::string(document))) << document;
  return result;
}

bool passes(std::string_view schema, std::string_view document) { return faults(schema, document).empty(); }

std::string message(std::string_view schema_text, std::string_view document) {
  Validator validator;
  EXPECT_TRUE(validator.parse(document));
  const auto violations = validator.explain(compiled(schema_text));
  return violations.empty() ? "" : violations.front().message;
}

TEST(Violations, NameThePlaceOfEveryFault) {
  constexpr std::string_view kSchema = R"({"type": "object", "required": ["a", "b"], "additionalProperties": false,
      "properties": {"a": {"type": "string", "maxLength": 2}, "list": {"items": {"minimum": 3}}, "t~/": {"const": 1}}})";
  EXPECT_THAT(faults(kSchema, R"({"a": "long", "list": [3, 2, 1], "t~/": 2, "extra": 1})"),
              UnorderedElementsAre("/a maxLength", "/list/1 minimum", "/list/2 minimum", "/t~0~1 const",
                                   "/extra additionalProperties", " required"));
}

TEST(Violations, SpeakInWordsOfTheSchema) {
  EXPECT_EQ(message(R"({"type": ["string", "null"]})", "5"), "must be null or string, is integer");
  EXPECT_EQ(message(R"({"type": "integer"})", "5.5"), "must be integer, is number");
  EXPECT_EQ(message(R"({"enum": ["tip", "cheer", "raid"]})", "\"gift\""), "must be \"tip\", \"cheer\" or \"raid\"");
  EXPECT_EQ(message(R"({"required": ["amount"]})", "{}"), "\"amount\" is missing");
  EXPECT_EQ(message(R"({"maximum": 0.5})", "1"), "is above 0.5");
  EXPECT_EQ(message(R"({"minLength": 1})", "\"\""), "is shorter than 1 character");
}

TEST(Violations, ComeFromTheBranchThatGotFurthest) {
  constexpr std::string_view kSchema = R"({"anyOf": [{"type": "string"},
      {"type": "object", "properties": {"a": {"properties": {"b": {"type": "null"}}}}}]})";
  EXPECT_THAT(faults(kSchema, R"({"a": {"b": 1}})"), ElementsAre(" anyOf", "/a/b type"));
}

TEST(Violations, AreBounded) {
  std::string numbers = "[0";
  for (int i = 0; i < 1'000; ++i) numbers += ",0";
  EXPECT_EQ(faults(R"({"items": {"minimum": 1}})", numbers + "]").size(), Validator::kMaxViolations);
  const std::string document = "{\"" + std::string(5'000, 'k') + "\": 1}";
  Validator validator;
  ASSERT_TRUE(validator.parse(document));
  const auto violations = validator.explain(compiled(R"({"additionalProperties": {"type": "null"}})"));
  ASSERT_EQ(violations.size(), 1U);
  EXPECT_LT(violations[0].path.size(), 600U);
}

TEST(Numbers, AreComparedByValue) {
  EXPECT_TRUE(passes(R"({"type": "integer"})", "1.0"));
  EXPECT_TRUE(passes(R"({"type": "integer"})", "1e300"));
  EXPECT_TRUE(passes(R"({"const": 1})", "1.0"));
  EXPECT_TRUE(passes(R"({"enum": [10000000000000000]})", "1e16"));
  EXPECT_TRUE(passes(R"({"const": 0})", "-0.0"));
  EXPECT_FALSE(passes(R"({"const": 1})", "true"));
  EXPECT_FALSE(passes(R"({"uniqueItems": true})", "[1, 2, 1.0]"));
  EXPECT_FALSE(passes(R"({"uniqueItems": true})", R"([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1e0}])"));
  EXPECT_TRUE(passes(R"({"uniqueItems": true})", R"([1, true, "1", null, [1], {"1": 1}, 0, false])"));
}

TEST(Numbers, AreExactAtTheEdgesOf64Bits) {
  EXPECT_FALSE(passes(R"({"maximum": 9007199254740992})", "9007199254740993"));
  EXPECT_FALSE(passes(R"({"exclusiveMinimum": 9007199254740992.0})", "9007199254740992"));
  EXPECT_TRUE(passes(R"({"exclusiveMinimum": 9007199254740992.0})", "9007199254740993"));
  EXPECT_FALSE(passes(R"({"maximum": 18446744073709551614})", "18446744073709551615"));
  EXPECT_TRUE(passes(R"({"minimum": -9223372036854775808})", "-9223372036854775808"));
  EXPECT_FALSE(passes(R"({"const": 9223372036854775807})", "9223372036854775808"));
}

TEST(Numbers, OfAnyLengthStayExact) {
  constexpr std::string_view kLong = "123456789012345678901234567890";
  EXPECT_TRUE(passes(R"({"type": "integer"})", kLong));
  EXPECT_TRUE(passes(R"({"const": 123456789012345678901234567890})", kLong));
  EXPECT_FALSE(passes(R"({"const": 123456789012345678901234567891})", kLong));
  EXPECT_TRUE(passes(R"({"uniqueItems": true})", "[123456789012345678901234567890, 123456789012345678901234567891]"));
  EXPECT_FALSE(
      passes(R"({"uniqueItems": true})", "[123456789012345678901234567890, 1, 123456789012345678901234567890]"));
  EXPECT_TRUE(passes(R"({"multipleOf": 10})", kLong));
  EXPECT_FALSE(passes(R"({"multipleOf": 11})", kLong));
  EXPECT_FALSE(passes(R"({"maximum": 123456789012345678901234567889})", kLong));
  EXPECT_TRUE(passes(R"({"type": "integer", "multipleOf": 0.5, "minimum": 1e399})", "1e400"));
  EXPECT_FALSE(passes(R"({"minimum": -1e400})", "-2e400"));
  EXPECT_FALSE(passes(R"({"type": "string"})", kLong));
  // Beside an extreme number, the smallest ones of the same text are exact as well.
  EXPECT_TRUE(passes(R"({"items": [{}, {"const": 5e-324}, {"exclusiveMinimum": 0, "type": "number"}]})",
                     "[1e999, 5e-324, 1e-999]"));
}

TEST(Numbers, ThatADoubleCannotHoldAreRightWhereTheyAreRight) {
  EXPECT_TRUE(passes(R"({"maximum": 9999999999999999})", "9999999999999999.0"));
  EXPECT_TRUE(passes(R"({"enum": [9007199254740993]})", "9007199254740993.0"));
  EXPECT_TRUE(passes(R"({"exclusiveMaximum": 100000000000000000000})", "99999999999999999999.9"));
  EXPECT_TRUE(passes(R"({"exclusiveMinimum": 0})", "1e-400"));
  EXPECT_TRUE(passes(R"({"uniqueItems": true})", "[0.1,0.10000000000000000001]"));
  EXPECT_TRUE(passes(R"({"const": 0.30000000000000001})", "0.30000000000000001"));
  EXPECT_TRUE(passes(R"({"const": {"a": [1, 0.30000000000000001]}})", R"({"a": [1.0, 3000000000000000.1e-16]})"));
  EXPECT_TRUE(passes(R"({"minimum": 0.1000000000000000056})", "0.1000000000000000057"));
  EXPECT_TRUE(passes(R"({"multipleOf": 0.1})", "1234567890123456.7"));
  EXPECT_TRUE(passes(R"({"multipleOf": 1e-400})", "1e-399"));
  EXPECT_TRUE(passes(R"({"type": "integer"})", "9007199254740993.0"));
  EXPECT_TRUE(passes(R"({"type": "integer", "const": 0})", "0e-999999999999"));
}

TEST(Numbers, ThatADoubleCannotHoldAreWrongWhereTheyAreWrong) {
  EXPECT_FALSE(passes(R"({"const": 0.3})", "0.30000000000000001"));
  EXPECT_FALSE(passes(R"({"maximum": 0.1})", "0.1000000000000000056"));
  EXPECT_FALSE(passes(R"({"maximum": 9007199254740992})", "9007199254740992.5"));
  EXPECT_FALSE(passes(R"({"type": "integer"})", "1e-400"));
  EXPECT_FALSE(passes(R"({"type": "integer"})", "5.00000000000000000000000001"));
  EXPECT_FALSE(passes(R"({"enum": [9007199254740992, 1]})", "9007199254740993.0"));
  EXPECT_FALSE(passes(R"({"const": {"a": [0.3]}})", R"({"a": [0.30000000000000001]})"));
  EXPECT_FALSE(passes(R"({"minimum": 0.1000000000000000056})", "0.1"));
  EXPECT_FALSE(passes(R"({"exclusiveMinimum": 1e-400})", "1e-400"));
  EXPECT_FALSE(passes(R"({"multipleOf": 0.1})", "0.30000000000000001"));
  EXPECT_FALSE(passes(R"({"items": {"maximum": -0.1}})", "[-0.1, -0.09999999999999999999]"));
  EXPECT_FALSE(passes(R"({"const": 0})", "1e-400"));
  EXPECT_FALSE(passes(R"({"not": {"const": 0}})", "0.0e-400"));
}

TEST(Numbers, AreEqualHoweverTheyAreWritten) {
  constexpr std::string_view kUnique = R"({"uniqueItems": true})";
  for (const char* items :
       {"[1234567890123456, 1234567890123456.0]", "[9007199254740993.0, 9007199254740993]", "[1e-400, 10e-401]",
        "[18446744073709551615, 1.8446744073709551615e19]", "[0.12345678901234567890, 1234567890123456789e-19]",
        "[0, 0e400]", "[-0.0, 0e-400]", "[9223372036854775808, 9223372036854775808.0]", "[1e400, 0.1e401]",
        "[[0.30000000000000001], [0.300000000000000010]]"}) {
    EXPECT_FALSE(passes(kUnique, items)) << items;
  }
  EXPECT_TRUE(passes(kUnique, "[1234567890123456, 1234567890123456.5, 1e-400, 1e-401, 0, 5e-324, 1e400, 1e401]"));
}

// Where the numbers stand in the text, so that the search for long ones meets each at another of its digits.
TEST(Numbers, AreFoundWhereverTheyStand) {
  for (std::size_t before = 0; before < 40; ++before) {
    for (const char* number : {"0.3000000000000001", "3000000000000001e-16", "0.03E1", "0.3"}) {
      const bool same = std::string_view(number).size() < 10;
      const std::string text =
          "[\"" + std::string(before, 'x') + "e-\", 0.0, 5, " + std::string(before, ' ') + number + "]";
      EXPECT_EQ(passes(R"({"items": [{}, {}, {}, {"const": 0.3}]})", text), same) << text;
    }
  }
}

TEST(Numbers, OfAbsurdSizeCostLittle) {
  const std::string digits(200'000, '7');
  constexpr std::string_view kSchema =
      R"({"items": {"type": "number", "minimum": -1e999999999999, "multipleOf": 1e-999999999999, "not": {"enum": [5, 0.1, 1e300]}},
          "uniqueItems": true})";
  EXPECT_TRUE(passes(kSchema, "[1e999999999999, -1e-999999999999, 1e99999999999999999999999999999999, " + digits + "e" +
                                  digits + ", 0." + digits + "]"));
  EXPECT_FALSE(passes(R"({"maximum": 1e999999999999})", "1.0000000000000000001e999999999999"));
  EXPECT_EQ(message(R"({"maximum": 1e999999999999})", "2e999999999999"), "is above 1e999999999999");
}

TEST(Numbers, CountWithoutBeingRounded) {
  EXPECT_TRUE(passes(R"({"maxLength": 1e400})", "\"text\""));
  EXPECT_TRUE(passes(R"({"maxItems": 99999999999999999999999})", "[1]"));
  EXPECT_FALSE(passes(R"({"minProperties": 18446744073709551616})", "{}"));
  EXPECT_FALSE(passes(R"({"maxLength": 20e-1})", "\"abc\""));
}

TEST(Numbers, HaveDecimalMultiples) {
  EXPECT_TRUE(passes(R"({"multipleOf": 0.1})", "0.3"));
  EXPECT_TRUE(passes(R"({"multipleOf": 0.01})", "19.99"));
  EXPECT_FALSE(passes(R"({"multipleOf": 0.01})", "19.999"));
  EXPECT_TRUE(passes(R"({"multipleOf": 0.01})", "4"));
  EXPECT_FALSE(passes(R"({"multipleOf": 7})", "9223372036854775806"));
  EXPECT_TRUE(passes(R"({"multipleOf": 7})", "9223372036854775807"));
  EXPECT_TRUE(passes(R"({"multipleOf": 3})", "-9"));
  EXPECT_TRUE(passes(R"({"multipleOf": 1e-10})", "1e10"));
}

TEST(Parse, TakesNothingThatIsNotJson) {
  Validator validator;
  for (const char* text : {"", "{", "01", "123456789012345678901234567890a", "0123456789012345678901234567890",
                           "[1e400,]", "1e", "-", "\"\\ud800\"", "\"\xff\"", "nul", "{} {}", "1e400 1", "\"1e400"}) {
    EXPECT_FALSE(validator.parse(text)) << text;
    EXPECT_FALSE(validator.parse_error().empty()) << text;
  }
  EXPECT_TRUE(validator.parse(R"({"not a number": "123456789012345678901234567890 \" 1e999", "n": 1e999})"));
}

TEST(Parse, LeavesNothingOfTheDocumentBefore) {
  Validator validator;
  const Schema schema = compiled(R"({"const": 4.9406564584124654e-324})");
  ASSERT_TRUE(validator.parse("1e999"));
  EXPECT_FALSE(validator.passes(schema));
  ASSERT_TRUE(validator.parse("4.9406564584124654e-324"));
  EXPECT_TRUE(validator.passes(schema));
}

TEST(Parse, TakesPaddedBytesAsTheyAre) {
  const std::string padded = R"({"a": 1})" + std::string(simdjson::SIMDJSON_PADDING, '\0');
  Validator validator;
  ASSERT_TRUE(validator.parse_padded({padded.data(), 8}));
  EXPECT_TRUE(validator.passes(compiled(R"({"required": ["a"]})")));
}

TEST(Strings, AreCountedInCodePoints) {
  EXPECT_TRUE(passes(R"({"maxLength": 2, "minLength": 2})", "\"\U0001F432\U0001F432\""));
  EXPECT_FALSE(passes(R"({"maxLength": 1})", "\"\U0001F432\U0001F432\""));
  EXPECT_FALSE(passes(R"({"minLength": 3})", "\"\U0001F432\U0001F432\""));
  EXPECT_TRUE(passes(R"({"maxLength": 2.0})", "\"ab\""));
}

TEST(Objects, AreLookedAtThroughEveryMemberEvenWhenGivenTwice) {
  constexpr std::string_view kSchema = R"({"properties": {"a": {"type": "string"}}})";
  EXPECT_FALSE(passes(kSchema, R"({"a": 1, "a": "x"})"));
  EXPECT_FALSE(passes(kSchema, R"({"a": "x", "a": 1})"));
}

TEST(Objects, MayRequireAnyNumberOfNamesOfAnyLength) {
  std::string names;
  std::string members;
  for (int i = 0; i < 150; ++i) {
    const std::string name = '"' + std::string(static_cast<std::size_t>(i), 'n') + std::to_string(i) + '"';
    names += (i == 0 ? "" : ",") + name;
    members += (i == 0 ? "" : ",") + name + ":1";
  }
  const std::string schema = R"({"required": [)" + names + "]}";
  EXPECT_TRUE(passes(schema, "{" + members + "}"));
  EXPECT_FALSE(passes(schema, "{" + members.substr(0, members.rfind(',')) + "}"));
  EXPECT_FALSE(passes(schema, "{" + members.substr(members.find(',') + 1) + "}"));
}

TEST(Objects, AreFoundByNameInAnyOrder) {
  constexpr std::string_view kSchema =
      R"({"additionalProperties": false, "properties": {"": true, "a": true, "ab": true,
      "abcdefgh": true, "abcdefghijklmnop": true, "abcdefghijklmnopq": true, "abcdefghijklmnopr": {"type": "null"}}})";
  EXPECT_TRUE(passes(kSchema, R"({"abcdefghijklmnopr": null, "abcdefghijklmnopq": 1, "abcdefghijklmnop": 1, "": 1})"));
  EXPECT_FALSE(passes(kSchema, R"({"abcdefghijklmnopr": 1})"));
  for (const char* other : {"b", "ac", "abcdefgi", "abcdefghijklmnoq", "abcdefghijklmnops", "a\\u0000", "\\u0000"}) {
    EXPECT_FALSE(passes(kSchema, "{\"" + std::string(other) + "\": 1}")) << other;
  }
}

TEST(Limits, StopASchemaThatTakesExponentialTime) {
  constexpr std::string_view kSchema =
      R"({"anyOf": [{"items": {"$ref": "#"}, "minItems": 1}, {"items": {"$ref": "#"}, "minItems": 1}], "type": "array"})";
  std::string document = "1";
  for (int i = 0; i < 60; ++i) document = "[" + document + "]";
  EXPECT_THAT(faults(kSchema, document), testing::Contains(" limit"));
}

TEST(Limits, HoldUnderNegation) {
  constexpr std::string_view kSchema = R"({"not": {"$ref": "#/definitions/slow"}, "definitions": {"slow": {
      "anyOf": [{"items": {"$ref": "#/definitions/slow"}, "minItems": 1},
                {"items": {"$ref": "#/definitions/slow"}, "minItems": 1}], "type": "array"}}})";
  std::string document = "1";
  for (int i = 0; i < 60; ++i) document = "[" + document + "]";
  EXPECT_THAT(faults(kSchema, document), testing::Contains(" limit"));
}

TEST(Limits, KeepTheDeepestDocumentOffTheStack) {
  std::string document = "0";
  for (int i = 0; i < 1'000; ++i) document = i % 2 == 0 ? "[" + document + "]" : "{\"a\":" + document + "}";
  constexpr std::string_view kSchema =
      R"({"allOf": [{"allOf": [{"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}}]}]})";
  EXPECT_TRUE(passes(kSchema, document));
  std::string nested = R"({"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}})";
  for (int i = 0; i < 50; ++i) nested = R"({"allOf": [)" + nested + "]}";
  EXPECT_THAT(faults(nested, document), testing::Contains(" limit"));
  Validator validator;
  EXPECT_FALSE(validator.parse(std::string(100'000, '[')));
}

TEST(Threads, ShareOneSchema) {
  const Schema schema = compiled(embedded("event.schema.json"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&schema, i] {
      Validator validator;
      for (int round = 0; round < 200; ++round) {
        ASSERT_TRUE(validator.parse(i % 2 == 0 ? "{}" : R"({"type": "tip", "data": {"amount": "5"}})"));
        ASSERT_FALSE(validator.passes(schema));
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace tributary::schema
