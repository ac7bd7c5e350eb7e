#include "schema/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>

#include "schema/embedded.hpp"
#include "schema/validator.hpp"

namespace tributary::schema {
namespace {

SchemaError fault(std::string_view text, const std::map<std::string, std::string>& remote = {}) {
  const auto compiled = Schema::compile(text, remote);
  const auto* error = std::get_if<SchemaError>(&compiled);
  EXPECT_NE(error, nullptr) << "compiles: " << text;
  return error == nullptr ? SchemaError() : *error;
}

bool compiles(std::string_view text) {
  const auto compiled = Schema::compile(text);
  const auto* error = std::get_if<SchemaError>(&compiled);
  if (error != nullptr) ADD_FAILURE() << to_string(*error);
  return error == nullptr;
}

bool accepts(std::string_view schema, std::string_view document,
             const std::map<std::string, std::string>& remote = {}) {
  const auto compiled = Schema::compile(schema, remote);
  if (const auto* error = std::get_if<SchemaError>(&compiled)) ADD_FAILURE() << to_string(*error);
  Validator validator;
  EXPECT_TRUE(validator.parse(document)) << document;
  return validator.passes(std::get<Schema>(compiled));
}

TEST(Schema, TellsWhereTextIsNotJson) {
  EXPECT_EQ(to_string(fault("{\n  \"type\": ")),
            "line 2, column 11: not JSON: found the end of the text, expected a value");
  EXPECT_EQ(to_string(fault("")),
            "line 1, column 1: not JSON: the text is empty; expected an object `{…}`, true or false");
}

TEST(Schema, RefusesWhatTheMetaschemaRefusesWithItsPlace) {
  const SchemaError error = fault("{\n  \"properties\": {\n    \"a\": {\"type\": \"strnig\"}\n  }\n}");
  EXPECT_EQ(error.path, "/properties/a/type");
  EXPECT_EQ(error.line, 3U);
  EXPECT_EQ(error.column, 19U);
  EXPECT_EQ(fault(R"({"minLength": -1})").path, "/minLength");
  EXPECT_EQ(fault(R"({"required": ["a", "a"]})").path, "/required");
  EXPECT_EQ(fault(R"({"multipleOf": 0})").path, "/multipleOf");
  EXPECT_EQ(fault(R"({"minLength": 1e-400})").path, "/minLength");
  EXPECT_EQ(fault(R"({"maxItems": 2.0000000000000000001})").path, "/maxItems");
  EXPECT_EQ(fault(R"({"items": [{}, {"type": 5}]})").path, "/items/1/type");
  EXPECT_EQ(fault("5").path, "");
}

TEST(Schema, RefusesOtherDialects) {
  const SchemaError error = fault(R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})");
  EXPECT_EQ(error.path, "/$schema");
  EXPECT_THAT(error.message, testing::HasSubstr("draft-07"));
  EXPECT_TRUE(compiles(R"({"$schema": "http://json-schema.org/draft-07/schema#"})"));
  EXPECT_TRUE(compiles(R"({"$schema": "http://json-schema.org/draft-07/schema"})"));
}

TEST(Schema, RefusesPatternsThatAreNotLinearTimeWithTheirPlace) {
  for (const char* pattern : {"(?=a)b", "(?<!a)b", "(a)\\\\1", "a(?!b)", "(?<n>a)\\\\k<n>"}) {
    const SchemaError error = fault(R"({"properties": {"p": {"pattern": ")" + std::string(pattern) + "\"}}}");
    EXPECT_EQ(error.path, "/properties/p/pattern") << pattern;
    EXPECT_THAT(error.message, testing::HasSubstr("not supported")) << pattern;
  }
  EXPECT_EQ(fault(R"({"pattern": "(a"})").path, "/pattern");
  EXPECT_EQ(fault(R"({"patternProperties": {"ok": {}, "[a/": {}}})").path, "/patternProperties/[a~1");
}

TEST(Schema, SaysWhichRepetitionsAreTooMany) {
  EXPECT_THAT(fault(R"({"pattern": "a{1001}b|c"})").message,
              testing::HasSubstr("more than 1,000 repetitions ({1001}) are not supported"));
  EXPECT_THAT(fault(R"({"pattern": "a{2,1}b|c"})").message, testing::HasSubstr("{2,1} ends before it begins"));
  EXPECT_TRUE(compiles(R"({"pattern": "a{1000}b|c"})"));
}

TEST(Schema, RefusesReferencesThatDoNotResolve) {
  EXPECT_EQ(fault(R"({"properties": {"a": {"$ref": "#/definitions/none"}}})").path, "/properties/a/$ref");
  EXPECT_EQ(fault(R"({"allOf": [{"$ref": "http://elsewhere.test/x.json"}]})").path, "/allOf/0/$ref");
  EXPECT_EQ(fault(R"({"$ref": "#nameless"})").path, "/$ref");
  EXPECT_EQ(fault(R"({"definitions": {"unused": {"$ref": "other.json"}}})").path, "/definitions/unused/$ref");
  EXPECT_EQ(fault(R"({"$ref": "#/title", "title": "no schema"})").path, "/title");
}

TEST(Schema, RefusesReferencesThatLeadNowhere) {
  EXPECT_THAT(fault(R"({"$ref": "#"})").message, testing::HasSubstr("back to itself"));
  EXPECT_THAT(fault(R"({"definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}}})").message,
              testing::HasSubstr("back to itself"));
  EXPECT_THAT(fault(R"({"anyOf": [{"type": "null"}, {"not": {"$ref": "#"}}]})").message,
              testing::HasSubstr("without going down"));
  EXPECT_THAT(fault(R"({"dependencies": {"a": {"$ref": "#"}}})").message, testing::HasSubstr("without going down"));
}

TEST(Schema, AllowsRecursionThatGoesDown) {
  constexpr std::string_view kTree =
      R"({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "v": {"type": "integer"}},
          "required": ["v"]})";
  EXPECT_TRUE(accepts(kTree, R"({"v":1,"left":{"v":2,"right":{"v":3}}})"));
  EXPECT_FALSE(accepts(kTree, R"({"v":1,"left":{"v":2,"right":{"v":"3"}}})"));
}

TEST(Schema, RefusesNamesGivenTwice) {
  EXPECT_THAT(fault(R"({"type": "string", "type": "null"})").message, testing::HasSubstr("\"type\" is given twice"));
  EXPECT_EQ(fault(R"({"properties": {"a": {}, "a": {}}})").path, "/properties");
  EXPECT_THAT(fault(R"({"definitions": {"a": {"$id": "#x"}, "b": {"$id": "#x"}}})").message,
              testing::HasSubstr("given twice"));
}

TEST(Schema, RefusesDivisorsTooLongToBeExact) {
  EXPECT_EQ(fault(R"({"multipleOf": 1234567890123456789012})").path, "/multipleOf");
  EXPECT_TRUE(compiles(R"({"multipleOf": 1e30})"));
}

TEST(Schema, ResolvesIdsAnchorsPointersAndRemoteDocuments) {
  EXPECT_TRUE(accepts(R"({"$id": "http://s.test/root.json", "properties": {"a": {"$ref": "item.json"}},
                         "definitions": {"x": {"$id": "item.json", "type": "integer"}}})",
                      R"({"a": 1})"));
  EXPECT_FALSE(accepts(R"({"$ref": "http://s.test/lib.json#/definitions/text"})", "5",
                       {{"http://s.test/lib.json", R"({"definitions": {"text": {"type": "string"}}})"}}));
  EXPECT_FALSE(accepts(R"({"$ref": "http://json-schema.org/draft-07/schema#"})", R"({"type": "nothing"})"));
}

TEST(Schema, TellsFaultsOfRemoteDocumentsByTheirName) {
  const SchemaError error =
      fault(R"({"$ref": "http://s.test/lib.json"})", {{"http://s.test/lib.json", R"({"type": 5})"}});
  EXPECT_EQ(error.document, "http://s.test/lib.json");
  EXPECT_EQ(error.path, "/type");
  EXPECT_THAT(to_string(error), testing::StartsWith("http://s.test/lib.json: line 1, column 10, at /type: "));
}

TEST(Schema, StandsLongChainsAndDeepNesting) {
  std::string chain = R"({"$ref": "#/definitions/d0", "definitions": {)";
  for (int i = 0; i < 2'000; ++i) {
    chain += "\"d" + std::to_string(i) + R"(": {"$ref": "#/definitions/d)" + std::to_string(i + 1) + "\"},";
  }
  EXPECT_TRUE(accepts(chain + R"("d2000": {"type": "null"}}})", "null"));
  std::string deep = "true";
  for (int i = 0; i < 500; ++i) deep = "{\"not\":" + deep + "}";
  EXPECT_TRUE(accepts(deep, "1"));
  const std::string too_deep(2'000, '[');
  EXPECT_THAT(fault("{\"default\":" + too_deep + "}").message, testing::StartsWith("not JSON"));
}

TEST(Schema, CompilesEveryShippedSchema) {
  for (const char* file : {"event.schema.json", "streamelements.schema.json", "draft-07.schema.json"}) {
    EXPECT_FALSE(embedded(file).empty()) << file;
    EXPECT_TRUE(compiles(embedded(file))) << file;
  }
  EXPECT_TRUE(embedded("none.json").empty());
}

}  // namespace
}  // namespace tributary::schema
