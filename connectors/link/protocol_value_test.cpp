#include "connectors/link/protocol_value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace tributary::connectors {
namespace {

class ProtocolValue : public ::testing::Test {
 protected:
  Value read(std::string_view json) {
    Value whole;
    EXPECT_TRUE(parts.read(text, json, whole)) << json;
    return whole;
  }
  std::string words(std::string_view json) { return words_in(parts, read(json)); }
  JsonText text{64};
  JsonParts parts;
};

TEST_F(ProtocolValue, ANumberMayBeWrittenAsAString) {
  for (const char* json : {"15000", R"("15000")", R"(" 15000 ")", "15000.0", R"("1.5e4")"}) {
    EXPECT_EQ(number_of(read(json)), 15000.0) << json;
    long long whole = 0;
    EXPECT_TRUE(whole_number(read(json), whole)) << json;
    EXPECT_EQ(whole, 15000) << json;
  }
  for (const char* json :
       {R"("")", R"(" ")", R"("15 000")", R"("15s")", R"("0x10")", R"("NaN")", "null", "true", "[15]", "{}"}) {
    EXPECT_FALSE(number_of(read(json))) << json;
  }
  EXPECT_EQ(number_of(read("1e999")), HUGE_VAL);
  EXPECT_EQ(number_of(read("-1e999")), -HUGE_VAL);
  EXPECT_EQ(number_of(read("1e-999")), 0.0);
}

TEST_F(ProtocolValue, AFlagMayBeAWordOrANumber) {
  for (const char* json : {"true", "1", R"("true")", R"("1")", R"("True")"})
    EXPECT_EQ(flag_of(read(json)), true) << json;
  for (const char* json : {"false", "0", R"("false")", R"("0")"}) EXPECT_EQ(flag_of(read(json)), false) << json;
  for (const char* json : {"null", "2", R"("yes")", R"("")", "[]", "{}"}) EXPECT_FALSE(flag_of(read(json))) << json;
  EXPECT_FALSE(flag_of({}));
}

TEST_F(ProtocolValue, AnOddOneIsToldWithWhatIsUsed) {
  const auto remark = odd_value("pingInterval", R"("soon")", "20 to 600000 ms", "25000 ms");
  EXPECT_EQ(remark.code, "odd_value");
  EXPECT_FALSE(remark.needs_person);
  EXPECT_EQ(remark.subject, "pingInterval");
  EXPECT_EQ(remark.detail, R"(found "soon", expected 20 to 600000 ms; 25000 ms is used)");
}

TEST_F(ProtocolValue, ReasonsAreFoundWhereServersPutThem) {
  for (const char* json :
       {R"("no payload")", R"({"message":"no payload"})", R"([{"message":"no payload"}])", R"(["no payload"])",
        R"({"errors":[{"message":"no payload"}]})", R"({"error":"no payload"})",
        R"({"error":{"message":"no payload"}})", R"({"reason":"no payload","code":7})",
        R"({"message":{"error":{"reason":"no payload"}}})", R"([null,{},{"message":""},{"message":"no payload"}])",
        R"({"message":"","error":"no payload"})", R"({"data":{"message":"no payload"}})",
        R"({"extensions":{"code":"no payload"}})", R"({"code":"no payload"})"}) {
    EXPECT_EQ(words(json), "no payload") << json;
  }
  EXPECT_EQ(words(R"({"what":1})"), R"({"what":1})") << "better than nothing";
  EXPECT_EQ(words("401"), "401");
  for (const char* json : {"null", R"("")", "{}", "[]"}) EXPECT_EQ(words(json), "") << json;
  EXPECT_EQ(words_in(parts, {}), "");
  EXPECT_EQ(words('"' + std::string(1000, 'x') + '"').size(), 200U);
}

TEST_F(ProtocolValue, ReasonsMayStandBesideThePayload) {
  EXPECT_EQ(words_beside(parts, parts.members(read(R"({"id":"1","errors":[{"message":"no payload"}]})"))),
            "no payload");
  EXPECT_EQ(words_beside(parts, parts.members(read(R"({"id":"1","message":"no payload"})"))), "no payload");
  EXPECT_EQ(words_beside(parts, parts.members(read(R"({"id":"1","payload":"x"})"))), "");
}

TEST_F(ProtocolValue, NestingWithoutEndIsLeftAlone) {
  std::string deep = R"("no payload")";
  for (int i = 0; i < 30; ++i) deep = R"({"error":)" + deep + "}";
  EXPECT_EQ(words(deep).substr(0, 10), R"({"error":{)");
}

}  // namespace
}  // namespace tributary::connectors
