#include "connectors/streamelements/backfill.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "connectors/streamelements/protocol.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

event::WallTime at_time(const std::string& time) { return *text::parse_time("2026-11-01T" + time + "Z"); }
const event::Now asked_at{event::SteadyTime{1h}, at_time("12:00:00.000")};

const std::string asked_channel = "5eb8a1f0c2d3e4f5a6b7c8d9";

Activities asked_activities(std::uint32_t limit = 500) {
  Activities asked;
  asked.api_url = "https://api.example/";
  asked.channel = asked_channel;
  asked.limit = limit;
  asked.token = "fake-token";
  asked.codec.connector = "main-stage";
  return asked;
}

std::string id_of(int number) {
  const std::string digits = std::to_string(number);
  return std::string(24 - digits.size(), 'a') + digits;
}

/// Activity `number` of that second after 11:50.
std::string activity_row(int number, int second, const std::string& more = {}) {
  return R"({"_id":")" + id_of(number) + R"(","channel":")" + asked_channel +
         R"(","type":"tip","provider":"twitch","data":{"username":"ann","amount":4.20,"currency":"USD"},"createdAt":")" +
         text::to_text(at_time("11:50:00.000") + std::chrono::seconds(second)) + "\"" + more + "}";
}

std::string page_of(const std::vector<std::string>& rows) {
  std::string all = "[";
  for (const auto& row : rows) all += (all.size() > 1 ? "," : "") + row;
  return all + "]";
}

/// The pages of one search, answered by hand.
class ActivitiesSearch : public ::testing::Test {
 protected:
  explicit ActivitiesSearch(std::uint32_t limit = 500)
      : question_(missed_activities(asked_activities(limit), at_time("11:50:00.000"), at_time("11:59:00.000"))) {}

  const BackfillAnswer& answer(const std::string& body, int status = 200) {
    net::HttpAnswer given;
    given.status = status;
    given.body = body;
    auto judge = question_.judge;
    answer_ = judge(given, asked_at);
    if (!answer_.next.empty()) question_ = std::move(answer_.next.front());
    return answer_;
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const auto& draft : answer_.drafts) all.emplace_back(draft.id.of(draft.text));
    return all;
  }
  bool goes_on() const { return !answer_.next.empty(); }

  Backfill question_;
  BackfillAnswer answer_;
};

TEST_F(ActivitiesSearch, AsksForTheTimeAndSaysWhoAsks) {
  EXPECT_EQ(question_.request.method, "GET");
  EXPECT_EQ(question_.request.url,
            "https://api.example/kappa/v2/activities/" + asked_channel +
                "?after=2026-11-01T11%3A50%3A00.000Z&before=2026-11-01T11%3A59%3A00.000Z&limit=500");
  EXPECT_EQ(net::header_value(question_.request.headers, "Authorization"), "Bearer fake-token");
  EXPECT_THAT(question_.request.url, Not(HasSubstr("fake-token")));
}

TEST(ActivitiesHeader, EachKindOfTokenHasItsOwn) {
  EXPECT_EQ(authorization(Method::jwt, "t"), "Bearer t");
  EXPECT_EQ(authorization(Method::oauth2, "t"), "oAuth t");
  EXPECT_EQ(authorization(Method::apikey, "t"), "apikey t");
}

TEST_F(ActivitiesSearch, NothingWasMissed) {
  answer("[]");
  EXPECT_THAT(answer_.drafts, IsEmpty());
  EXPECT_EQ(answer_.fault, "");
  EXPECT_FALSE(goes_on());
}

TEST_F(ActivitiesSearch, AnActivityIsTheSameEventAsOnTheSocket) {
  answer(page_of({activity_row(1, 5)}));
  ASSERT_EQ(answer_.drafts.size(), 1U);
  Codec codec({"main-stage"});
  Outcome socket;
  codec.read("[\"event\"," + activity_row(1, 5) + ",{\"ts\":1,\"nonce\":\"n\"}]", asked_channel, asked_at, socket);
  const std::string& heard = socket.drafts.front().text;
  EXPECT_EQ(answer_.drafts.front().text.substr(0, answer_.drafts.front().text.find(",\"relay\"")),
            heard.substr(0, heard.find(",\"relay\"")));
  EXPECT_TRUE(answer_.drafts.front().identified);
  EXPECT_EQ(answer_.drafts.front().upstream_channel, asked_channel);
}

TEST_F(ActivitiesSearch, PagesGoOnUntilNothingNewComes) {
  answer(page_of({activity_row(3, 30), activity_row(2, 20)}));
  EXPECT_THAT(ids(), ElementsAre(id_of(2), id_of(3))) << "oldest first";
  EXPECT_TRUE(answer_.backwards);
  ASSERT_TRUE(goes_on()) << "fewer than asked for, but nobody knows how many it gives at most";
  EXPECT_THAT(question_.request.url, HasSubstr("before=2026-11-01T11%3A50%3A20.001Z")) << "that moment once more";
  answer(page_of({activity_row(2, 20), activity_row(1, 10)}));
  EXPECT_THAT(ids(), ElementsAre(id_of(1)));
  ASSERT_TRUE(goes_on());
  answer(page_of({activity_row(1, 10)}));
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_FALSE(goes_on());
  EXPECT_EQ(answer_.fault, "");
}

TEST_F(ActivitiesSearch, AListThatBeginsWithTheOldestIsFollowedTheOtherWay) {
  answer(page_of({activity_row(1, 10), activity_row(2, 20)}));
  EXPECT_THAT(ids(), ElementsAre(id_of(1), id_of(2)));
  EXPECT_FALSE(answer_.backwards);
  ASSERT_TRUE(goes_on());
  EXPECT_THAT(question_.request.url,
              HasSubstr("after=2026-11-01T11%3A50%3A19.999Z&before=2026-11-01T11%3A59%3A00.000Z"));
  answer(page_of({activity_row(2, 20)}));
  EXPECT_FALSE(goes_on());
}

TEST_F(ActivitiesSearch, ActivitiesOfOneMomentOnTwoPagesAreAllThere) {
  answer(page_of({activity_row(4, 20), activity_row(3, 20)}));
  answer(page_of({activity_row(3, 20), activity_row(2, 20), activity_row(1, 19)}));
  EXPECT_THAT(ids(), ElementsAre(id_of(1), id_of(2)));
}

struct SmallPages : ActivitiesSearch {
  SmallPages() : ActivitiesSearch(2) {}
};

TEST_F(SmallPages, MoreOfOneMomentThanAPageHoldsIsAFault) {
  answer(page_of({activity_row(2, 20), activity_row(1, 20)}));
  answer(page_of({activity_row(2, 20), activity_row(1, 20)}));
  EXPECT_FALSE(goes_on());
  EXPECT_THAT(answer_.fault, HasSubstr("more than 2 activities are of one moment"));
}

TEST_F(SmallPages, AnApiThatDoesNotLookAtBeforeIsAFaultAndNoLoop) {
  const std::string page = page_of({activity_row(2, 30), activity_row(1, 20)});
  answer(page);
  answer(page);
  EXPECT_FALSE(goes_on());
  EXPECT_THAT(answer_.fault, HasSubstr("or the API does not look at `before`"));
}

TEST_F(ActivitiesSearch, ActivitiesOfBeforeTheTimeEndTheSearch) {
  answer(page_of({activity_row(2, 20), activity_row(1, -60)}));
  EXPECT_FALSE(goes_on());
}

TEST_F(ActivitiesSearch, MocksAreNoEventsAndNoReasonToStop) {
  answer(page_of({activity_row(2, 20, R"(,"isMock":true)")}));
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_TRUE(goes_on());
}

TEST_F(ActivitiesSearch, RowsThatAreNoActivitiesAreToldAtTheEnd) {
  answer(page_of({activity_row(2, 20), "7", "null"}));
  EXPECT_THAT(ids(), ElementsAre(id_of(2)));
  EXPECT_EQ(answer_.fault, "");
  answer(page_of({activity_row(2, 20)}));
  EXPECT_EQ(answer_.fault, "2 activities cannot be understood");
}

TEST_F(ActivitiesSearch, AnotherWrappingOfTheListIsUnderstood) {
  answer(R"({"docs":)" + page_of({activity_row(1, 1)}) + R"(,"total":1})");
  EXPECT_THAT(ids(), ElementsAre(id_of(1)));
}

TEST_F(ActivitiesSearch, WhatIsNoListOfActivitiesIsAFault) {
  for (const auto& [body, words] : std::map<std::string, std::string>{{"<html>sign in</html>", "the answer is no JSON"},
                                                                      {"", "the answer is no JSON"},
                                                                      {"7", "the answer is no list of activities"},
                                                                      {"{}", "the answer is no list of activities"}}) {
    answer(body);
    EXPECT_THAT(answer_.fault, HasSubstr(words)) << body;
    EXPECT_FALSE(answer_.again);
    EXPECT_FALSE(goes_on());
  }
}

TEST_F(ActivitiesSearch, ARefusalSaysWhatTheApiSays) {
  answer(R"({"statusCode":401,"error":"Unauthorized","message":"No authorization token was found"})", 401);
  EXPECT_THAT(answer_.fault, HasSubstr("HTTP 401"));
  EXPECT_THAT(answer_.fault, HasSubstr("No authorization token was found"));
  EXPECT_FALSE(answer_.again);
  answer("slowly", 429);
  EXPECT_TRUE(answer_.again);
}

Config with_backfill() {
  Config config;
  config.backfill.enabled = true;
  config.backfill.api_url = "https://api.example";
  return config;
}

TEST(ActivitiesOfASession, AreAskedForWithTheTokenOfTheDial) {
  const StreamElementsProtocol session("main-stage", with_backfill());
  const auto asked =
      session.backfill(asked_channel, at_time("11:50:00.000"), at_time("11:59:00.000"), {" fake-token\n"});
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_THAT(asked[0].request.url, HasSubstr("https://api.example/kappa/v2/activities/" + asked_channel + "?"));
  EXPECT_EQ(net::header_value(asked[0].request.headers, "Authorization"), "Bearer fake-token");
}

TEST(ActivitiesOfASession, AreNotAskedForWhereThatIsOffOrNobodyKnowsTheChannel) {
  const StreamElementsProtocol session("main-stage", with_backfill());
  EXPECT_THAT(session.backfill("", at_time("11:50:00.000"), at_time("11:59:00.000"), {"fake-token"}), IsEmpty());
  EXPECT_THAT(session.backfill(asked_channel, at_time("11:50:00.000"), at_time("11:59:00.000"), {}), IsEmpty());
  const StreamElementsProtocol off("main-stage", Config{});
  EXPECT_THAT(off.backfill(asked_channel, at_time("11:50:00.000"), at_time("11:59:00.000"), {"fake-token"}), IsEmpty());
  EXPECT_THAT(off.lookups({"fake-token"}), IsEmpty());
}

TEST(ActivitiesOfASession, ACheckAsksWhetherTheyCanBeRead) {
  Config with_channel = with_backfill();
  with_channel.channel = asked_channel;
  const StreamElementsProtocol session("main-stage", with_channel);
  const auto lookups = session.lookups({"fake-token"});
  ASSERT_EQ(lookups.size(), 1U);
  EXPECT_THAT(lookups[0].request.url, HasSubstr("&limit=1"));
  EXPECT_TRUE(lookups[0].judge({200, {}, "[]"}).good);
  const auto refused = lookups[0].judge({403, {}, "{}"});
  EXPECT_FALSE(refused.good);
  EXPECT_THAT(refused.words, HasSubstr("may not read"));
}

}  // namespace
}  // namespace tributary::connectors::streamelements
