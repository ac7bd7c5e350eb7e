#include "connectors/dlive/mutation.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tributary::connectors::dlive {
namespace {

using namespace std::chrono_literals;
using event::MessageResult;

const text::WallTime answered_at = *text::parse_time("2026-11-01T12:00:00.000Z");

MutationAnswer judged(int status, std::string body, net::Headers headers = {}) {
  return judge_mutation({status, std::move(headers), std::move(body)}, answered_at);
}

TEST(Mutation, WhatIsSaidStandsInVariables) {
  const std::string words = "\"}}) {id}} mutation{streamDelete} \\ \x01 # ${input}";
  const auto request = mutation_of("https://api.example.org", "dbl-lee\"", words);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://api.example.org");
  const auto body = nlohmann::json::parse(request.body);
  EXPECT_EQ(body.size(), 2u);
  EXPECT_EQ(
      body["variables"]["input"],
      (nlohmann::json{{"streamer", "dbl-lee\""}, {"message", words}, {"roomRole", "Member"}, {"subscribing", false}}));
  EXPECT_EQ(body["query"], nlohmann::json::parse(mutation_of("https://b", "a", "b").body)["query"])
      << "the text of the query is always the same";
  for (const auto& [name, value] : request.headers) EXPECT_NE(name, "authorization") << "it is added where it is sent";
}

TEST(Mutation, WhoSaidItAndAsWhatIsTold) {
  const auto answer = judged(200, R"({"data":{"sendStreamchatMessage":{"err":null,"message":{"type":"Message",)"
                                  R"("id":"80364c42","content":"hola","sender":{"username":"relaybot"}}}}})");
  EXPECT_EQ(answer.result, MessageResult::sent);
  EXPECT_EQ(answer.id, "80364c42");
  EXPECT_EQ(answer.username, "relaybot");
  EXPECT_EQ(answer.reason, "");
  EXPECT_EQ(judged(200, R"({"data":{"sendStreamchatMessage":{"message":null}}})").result, MessageResult::sent)
      << "no err is no failure";
  EXPECT_EQ(judged(200, R"({"errors":[{"message":"emojis"}],"data":{"sendStreamchatMessage":{"message":{"id":"1"}}}})")
                .result,
            MessageResult::sent)
      << "the message is there: something beside it failed";
}

TEST(Mutation, TheThreeLayersAreToldApart) {
  struct Case {
    int status;
    const char* body;
    MessageResult result;
    const char* reason;
    const char* detail;
  };
  const std::vector<Case> cases = {
      {401, "", MessageResult::refused, "credential_refused", "HTTP 401"},
      {403, R"({"errors":[{"message":"no"}]})", MessageResult::refused, "credential_refused", "HTTP 403: no"},
      {400, R"({"errors":[{"message":"bad query"}]})", MessageResult::refused, "http_error", "HTTP 400: bad query"},
      {422, R"({"message":"odd"})", MessageResult::refused, "http_error", "HTTP 422: odd"},
      {302, "", MessageResult::refused, "http_error", "HTTP 302"},
      {500, "<html>", MessageResult::unconfirmed, "server_error", "HTTP 500"},
      {503, R"({"errors":[{"message":"busy"}]})", MessageResult::unconfirmed, "server_error", "HTTP 503: busy"},
      {200, R"({"errors":[{"message":"internal system error"}],"data":null})", MessageResult::refused, "graphql_error",
       "internal system error"},
      {200, R"({"errors":[7]})", MessageResult::refused, "graphql_error", "an error without words"},
      {200, R"({"data":{"sendStreamchatMessage":{"err":{"code":10048,"message":"banned"},"message":null}}})",
       MessageResult::refused, "upstream_error", "10048: banned"},
      {200, R"({"data":{"sendStreamchatMessage":{"err":{"message":"banned"}}}})", MessageResult::refused,
       "upstream_error", "banned"},
      {200, R"({"data":{"sendStreamchatMessage":{"err":"banned"}}})", MessageResult::refused, "upstream_error", ""},
      {200, "<html>sign in</html>", MessageResult::refused, "not_json",
       "the answer is no JSON object; is api_url right?"},
      {200, "", MessageResult::refused, "not_json", "the answer is no JSON object; is api_url right?"},
      {200, "[1]", MessageResult::refused, "not_json", "the answer is no JSON object; is api_url right?"},
      {200, R"({"data":{"another":{}}})", MessageResult::refused, "wrong_shape",
       "the answer has no sendStreamchatMessage"},
      {200, R"({"data":[]})", MessageResult::refused, "wrong_shape", "the answer has no sendStreamchatMessage"},
  };
  for (const auto& [status, body, result, reason, detail] : cases) {
    const auto answer = judged(status, body);
    EXPECT_EQ(answer.result, result) << status << body;
    EXPECT_EQ(answer.reason, reason) << status << body;
    EXPECT_EQ(answer.detail, detail) << status << body;
    EXPECT_EQ(answer.id, "");
  }
}

TEST(Mutation, TooManyRequestsWaitAsLongAsTheyAreTold) {
  EXPECT_EQ(judged(429, "").result, MessageResult::returned);
  EXPECT_EQ(judged(429, "").reason, "rate_limited");
  EXPECT_EQ(judged(429, "").wait, 10s);
  EXPECT_EQ(judged(429, "", {{"retry-after", "7"}}).wait, 7s);
  EXPECT_EQ(judged(429, "", {{"Retry-After", "Sun, 01 Nov 2026 12:00:30 GMT"}}).wait, 30s);
  EXPECT_EQ(judged(429, "", {{"Retry-After", "86400"}}).wait, 300s);
  EXPECT_EQ(judged(429, "", {{"Retry-After", "soon"}}).wait, 10s);
}

TEST(Mutation, WordsOfTheServerAreClippedAndRepaired) {
  EXPECT_LE(judged(200, R"({"errors":[{"message":")" + std::string(5000, 'y') + "\"}]}").detail.size(), 200u);
  EXPECT_EQ(judged(200, "{\"errors\":[{\"message\":\"a\xFF\"}]}").detail, "a\xEF\xBF\xBD");
}

}  // namespace
}  // namespace tributary::connectors::dlive
