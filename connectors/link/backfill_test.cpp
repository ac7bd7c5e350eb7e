#include "connectors/link/backfill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

const event::Now at_noon{event::SteadyTime{1h}, *text::parse_time("2026-11-01T12:00:00.000Z")};

net::HttpAnswer answer_of(int status, const std::string& retry_after = {}) {
  net::HttpAnswer answer;
  answer.status = status;
  if (!retry_after.empty()) answer.headers.emplace_back("Retry-After", retry_after);
  return answer;
}

TEST(Refusal, StatusesAreToldApart) {
  const auto words = [](int status) { return refusal(answer_of(status), "", at_noon).fault; };
  EXPECT_EQ(words(401), "HTTP 401: the API does not accept the token of this connector");
  EXPECT_EQ(words(403), "HTTP 403: the token of this connector may not read what was missed");
  EXPECT_EQ(words(404), "HTTP 404: there is nothing at that address: look at `api_url`");
  EXPECT_EQ(words(429), "HTTP 429: the API was asked too often");
  EXPECT_EQ(words(500), "HTTP 500: the API is out of order");
  EXPECT_EQ(words(302), "HTTP 302: the API is somewhere else: look at `api_url`");
  EXPECT_EQ(words(400), "HTTP 400: the API does not understand the question");
}

TEST(Refusal, OnlyWhatMayPassIsAskedForAgain) {
  for (const int status : {204, 301, 400, 401, 403, 404, 418}) {
    EXPECT_FALSE(refusal(answer_of(status), "", at_noon).again) << status;
  }
  const auto code = [](int status) { return refusal(answer_of(status), "", at_noon).code; };
  EXPECT_EQ(code(401), "refused");
  EXPECT_EQ(code(403), "refused");
  EXPECT_EQ(code(429), "rate_limited");
  EXPECT_EQ(code(503), "unreachable");
  EXPECT_EQ(code(404), "wrong_answer");
  for (const int status : {429, 500, 502, 503, 599}) EXPECT_EQ(refusal(answer_of(status), "", at_noon).again, 0ms);
}

TEST(Refusal, RetryAfterIsObeyed) {
  EXPECT_EQ(refusal(answer_of(429, "17"), "", at_noon).again, 17s);
  EXPECT_EQ(refusal(answer_of(503, "Sun, 01 Nov 2026 12:01:00 GMT"), "", at_noon).again, 1min);
  EXPECT_EQ(refusal(answer_of(429, "soon"), "", at_noon).again, 0s);
  EXPECT_EQ(refusal(answer_of(429, "300"), "", at_noon).again, 300s);
  const auto long_wait = refusal(answer_of(429, "3600"), "", at_noon);
  EXPECT_FALSE(long_wait.again) << "neither waited for nor asked before";
  EXPECT_THAT(long_wait.fault, HasSubstr("wants to be left alone for 3600 s, which is too long"));
}

TEST(Refusal, TheWordsOfTheApiFollow) {
  EXPECT_THAT(refusal(answer_of(403), "no scope", at_noon).fault,
              HasSubstr("may not read what was missed; it says: no scope"));
}

}  // namespace
}  // namespace tributary::connectors
