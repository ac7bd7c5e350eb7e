#include "connectors/json/json_parts.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tributary::connectors {
namespace {

class JsonPartsTest : public ::testing::Test {
 protected:
  Value read(std::string_view text) {
    Value whole;
    EXPECT_TRUE(parts.read(json, text, whole)) << json.explain();
    return whole;
  }
  JsonText json{64};
  JsonParts parts;
};

TEST_F(JsonPartsTest, TakesNestedValuesApartAsTheyAreWritten) {
  const Value whole =
      read(R"( { "a" : [ 1 , {"b":"x,]}"} , "\"" , true , null , 4.20 ] , "n" : 12345678901234567890 } )");
  const Object& top = parts.members(whole);
  ASSERT_EQ(top.members.size(), 2u);
  EXPECT_EQ(top["n"].text, "12345678901234567890");
  const auto& list = parts.elements(top["a"]);
  ASSERT_EQ(list.size(), 6u);
  EXPECT_EQ(parts.members(list[1])["b"].text, R"("x,]}")");
  EXPECT_EQ(list[2].text, R"("\"")");
  EXPECT_TRUE(list[3].is_true());
  EXPECT_EQ(list[4].kind, Value::Kind::null);
  EXPECT_EQ(list[5].text, "4.20");
}

TEST_F(JsonPartsTest, WhatIsNoObjectHasNoMembers) {
  EXPECT_TRUE(parts.members(read("[1]")).members.empty());
  EXPECT_TRUE(parts.elements(read("{}")).empty());
  EXPECT_TRUE(parts.members(read("{}")).members.empty());
  EXPECT_TRUE(parts.elements(read("[]")).empty());
  EXPECT_TRUE(parts.members(Value{}).members.empty());
  EXPECT_FALSE(parts.members(read("{}"))["x"]);
}

TEST_F(JsonPartsTest, KeysAreComparedByWhatTheySpellAndTheLastTwinWins) {
  const Object& top = parts.members(read(R"({"type":1,"\u0074ype":2,"q\"":3})"));
  ASSERT_EQ(top.members.size(), 2u);
  EXPECT_EQ(top["type"].text, "2");
  EXPECT_EQ(top["q\\\""].text, "3");
  EXPECT_TRUE(top.respelled);
}

TEST_F(JsonPartsTest, ManyTwinsAreSettledInReasonableTime) {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += "\"k" + std::to_string(i % 150'000) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const auto begin = std::chrono::steady_clock::now();
  const Object& top = parts.members(read(text));
  EXPECT_EQ(top.members.size(), 150'000u);
  EXPECT_EQ(top["k7"].text, "150007");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(JsonPartsTest, RefusesWhatIsNoJsonAndWhatIsTooDeep) {
  Value whole;
  EXPECT_FALSE(parts.read(json, R"({"a":)", whole));
  EXPECT_EQ(json.fault(), JsonText::Fault::not_json);
  EXPECT_FALSE(parts.read(json, "{} x", whole));
  EXPECT_FALSE(parts.read(json, std::string(65, '[') + std::string(65, ']'), whole));
  EXPECT_EQ(json.fault(), JsonText::Fault::too_deep);
}

TEST_F(JsonPartsTest, PlainTextsAndWholeNumbers) {
  EXPECT_EQ(plain_text(read(R"("a\nbé")")), "a\nbé");
  EXPECT_EQ(plain_text(read("1")), "");
  long long number = 0;
  EXPECT_TRUE(whole_number(read(R"("1560812097380375004")"), number));
  EXPECT_EQ(number, 1560812097380375004);
  EXPECT_TRUE(whole_number(read("-3"), number));
  EXPECT_EQ(number, -3);
  for (const char* text : {"1.5", R"("")", R"("12a")", "null", R"("99999999999999999999")"}) {
    EXPECT_FALSE(whole_number(read(text), number)) << text;
  }
}

}  // namespace
}  // namespace tributary::connectors
