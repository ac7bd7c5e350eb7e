#include "connectors/dlive/lookup.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tributary::connectors::dlive {
namespace {

Lookup::Meaning found(int status, const std::string& body) { return judge({status, {}, body}, "dbl-lee"); }

TEST(Lookup, AsksForTheNameWithTheToken) {
  const auto lookup = lookup_of("https://api.example.org", "dbl-lee", "fake-token");
  EXPECT_EQ(lookup.subject, "streamer dbl-lee");
  EXPECT_EQ(lookup.request.method, "POST");
  EXPECT_EQ(lookup.request.url, "https://api.example.org");
  EXPECT_EQ(net::header_value(lookup.request.headers, "authorization"), "fake-token");
  const auto body = nlohmann::json::parse(lookup.request.body);
  EXPECT_EQ(body["variables"]["n"], "dbl-lee");
  EXPECT_NE(body["query"].get<std::string>().find("userByDisplayName"), std::string::npos);
  EXPECT_EQ(net::header_value(lookup_of("https://h", "x", "").request.headers, "authorization"), "");
}

TEST(Lookup, FindsAUsername) {
  const auto finding = found(200, R"({"data":{"userByDisplayName":{"username":"dbl-lee","displayname":"DBL-Lee"}}})");
  EXPECT_TRUE(finding.good);
}

TEST(Lookup, SaysWhichUsernameADisplayNameHas) {
  const auto finding = found(200, R"({"data":{"userByDisplayName":{"username":"dblee99"}}})");
  EXPECT_FALSE(finding.good);
  EXPECT_NE(finding.words.find("dblee99"), std::string::npos);
}

TEST(Lookup, NobodyIsAFault) {
  const auto finding = found(200, R"({"data":{"userByDisplayName":null}})");
  EXPECT_FALSE(finding.good);
  EXPECT_NE(finding.words.find("dbl-lee"), std::string::npos);
}

TEST(Lookup, EachLayerOfFailureIsTold) {
  EXPECT_NE(found(502, "").words.find("502"), std::string::npos);
  EXPECT_NE(found(200, R"({"errors":[{"message":"rate limited"}],"data":null})").words.find("rate limited"),
            std::string::npos);
  for (const char* body : {"", "no json", "[]", "{}", R"({"data":{}})", R"({"data":{"userByDisplayName":{}}})",
                           R"({"data":{"userByDisplayName":{"username":7}}})", R"({"errors":[7]})"}) {
    const auto finding = found(200, body);
    EXPECT_FALSE(finding.good) << body;
    EXPECT_FALSE(finding.words.empty()) << body;
  }
}

}  // namespace
}  // namespace tributary::connectors::dlive
