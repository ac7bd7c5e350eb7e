#include "connectors/streamelements/codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "event/id.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

using nlohmann::json;

constexpr std::string_view channel = "5eb8a1f0c2d3e4f5a6b7c8d9";

event::Now at_noon() { return {event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")}; }

Outcome read(std::string_view body, std::string_view authenticated = channel, bool tests = true, bool states = true) {
  Codec codec({"main-stage", tests, states, 64});
  Outcome outcome;
  codec.read(body, authenticated, at_noon(), outcome);
  return outcome;
}

std::string closed(const event::Draft& draft) {
  return draft.text + (draft.test ? ",\"test\":true" : "") + ",\"run\":\"01TEST\",\"sequence\":1}}";
}

/// The event a body becomes; fails the test when it becomes none.
json event_of(std::string_view body) {
  const auto outcome = read(body);
  EXPECT_EQ(outcome.drafts.size(), 1u) << body << " " << outcome.malformed_detail;
  return outcome.drafts.empty() ? json{} : json::parse(closed(outcome.drafts.front()));
}

/// The same for one activity, given without its array.
json activity(std::string_view object) { return event_of("[\"event\"," + std::string(object) + "]"); }

json data_of(std::string_view type, std::string_view data) {
  return activity(R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a70","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":")" +
                  std::string(type) + R"(","data":)" + std::string(data) + "}")["data"];
}

TEST(Codec, WritesTheCanonicalRecordByteForByte) {
  const auto outcome = read(
      R"(["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch",)"
      R"("data":{"amount":4.20,"currency":"USD","tipId":"5f1c3d6b9a1b2c3d4e5f6a7c","username":"Some Body",)"
      R"("message":"hi \u2603","avatar":"https://cdn.example.org/a.png"},"createdAt":"2026-10-01T12:34:56.789Z",)"
      R"("updatedAt":"2026-10-01T12:34:56.790Z","activityId":"5f1c3d6b9a1b2c3d4e5f6a7b","sessionEventsCount":3},)"
      R"({"ts":1790858096789,"nonce":"11111111-2222-4333-8444-555555555555"}])");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  const auto& draft = outcome.drafts.front();
  EXPECT_EQ(
      draft.text,
      R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch",)"
      R"("flagged":false,"data":{"amount":4.20,"currency":"USD","tipId":"5f1c3d6b9a1b2c3d4e5f6a7c","username":"Some Body",)"
      R"("message":"hi \u2603","avatar":"https://cdn.example.org/a.png","displayName":"Some Body","items":[]},)"
      R"("createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.790Z",)"
      R"("activityId":"5f1c3d6b9a1b2c3d4e5f6a7b","sessionEventsCount":3,)"
      R"("relay":{"connector":"main-stage","source":"streamelements","upstreamType":"tip",)"
      R"("upstreamId":"5f1c3d6b9a1b2c3d4e5f6a7b","upstreamChannel":"5eb8a1f0c2d3e4f5a6b7c8d9","ts":1790858096789,)"
      R"("nonce":"11111111-2222-4333-8444-555555555555","receivedAt":"2026-11-01T12:00:00.000Z")");
  EXPECT_EQ(draft.id.of(draft.text), "5f1c3d6b9a1b2c3d4e5f6a7b");
  EXPECT_EQ(draft.type.of(draft.text), "tip");
  EXPECT_EQ(draft.provider.of(draft.text), "twitch");
  EXPECT_EQ(draft.created_at.of(draft.text), "2026-10-01T12:34:56.789Z");
  EXPECT_EQ(draft.upstream_channel, channel);
  EXPECT_EQ(draft.updated, draft.created + std::chrono::milliseconds(1));
  EXPECT_FALSE(draft.flagged_said);
  EXPECT_TRUE(draft.identified);
  EXPECT_FALSE(draft.test);
  EXPECT_EQ(outcome.kind, event::FrameKind::carrying);
}

TEST(Codec, FillsWhatTheSixTypesPromise) {
  for (std::string_view type : {"tip", "cheer", "follow", "host", "raid", "subscriber"}) {
    EXPECT_EQ(data_of(type, R"({"username":"ann"})"),
              json::parse(R"({"username":"ann","displayName":"ann","amount":0,"message":"","items":[],"avatar":""})"));
    EXPECT_EQ(data_of(type, "{}"),
              json::parse(R"({"username":"","displayName":"","amount":0,"message":"","items":[],"avatar":""})"));
  }
  EXPECT_EQ(data_of("redemption", R"({"redemption":"Dance"})"), json::parse(R"({"redemption":"Dance"})"));
}

TEST(Codec, AnEmptyNameToShowIsAsGoodAsNone) {
  EXPECT_EQ(data_of("tip", R"({"displayName":"","username":"ann"})")["displayName"], "ann");
  EXPECT_EQ(data_of("tip", R"({"username":7,"displayName":""})")["displayName"], "7");
  EXPECT_EQ(data_of("tip", R"({"displayName":""})")["displayName"], "");
  EXPECT_FALSE(data_of("tip", R"({"displayName":"","username":"ann"})").contains("details"));
  EXPECT_EQ(data_of("redemption", R"({"displayName":"","username":"ann"})")["displayName"], "") << "not one of the six";
}

TEST(Codec, OnlyTheUpstreamsOwnWordsTellAnUpdateFromARepeat) {
  const auto draft_of = [](std::string_view rest) {
    const auto outcome =
        read(R"(["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","type":"tip","data":{})" + std::string(rest) + "}]");
    return outcome.drafts.at(0);
  };
  for (auto none : {"", R"(,"createdAt":7,"updatedAt":null)", R"(,"createdAt":"soon")", R"(,"flagged":"yes")"}) {
    EXPECT_FALSE(draft_of(none).updated) << none;
    EXPECT_FALSE(draft_of(none).flagged_said) << none;
  }
  const auto time = text::parse_time("2026-10-01T12:34:56.789Z");
  for (auto same :
       {R"("2026-10-01T12:34:56.789Z")", R"("2026-10-01T12:34:56.7890Z")", R"("2026-10-01T14:34:56.789+02:00")",
        R"(1790858096789)", R"("1790858096789")", R"("2026-10-01 12:34:56,789Z")"}) {
    EXPECT_EQ(draft_of(std::string(R"(,"updatedAt":)") + same).updated, time) << same;
    EXPECT_EQ(draft_of(std::string(R"(,"createdAt":)") + same).updated, time) << same;
  }
  // A time that is not believed is the upstream's all the same, of two such one is newer; but not one that lies ahead:
  // everything that comes later would be older.
  EXPECT_EQ(draft_of(R"(,"updatedAt":"1999-10-01T12:34:56Z")").updated, text::parse_time("1999-10-01T12:34:56Z"));
  for (auto ahead : {R"("2126-10-01T12:34:56Z")", R"("2126-10-01 12:34:56,5Z")", R"("9999-12-31T23:59:59.999Z")"}) {
    EXPECT_FALSE(draft_of(std::string(R"(,"updatedAt":)") + ahead).updated) << ahead;
    EXPECT_EQ(draft_of(std::string(R"(,"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":)") + ahead).updated, time);
  }
  EXPECT_TRUE(draft_of(R"(,"flagged":false)").flagged_said);
}

TEST(Codec, AFrameOfVeryManyStrangersCostsNoMoreThanItsLength) {
  std::string many;
  for (int i = 0; i < 30'000; ++i) many += ",\"k" + std::to_string(i) + "\":1";
  const auto event = activity(R"({"type":"tip","data":{})" + many + "}");
  EXPECT_EQ(event["data"]["details"].size(), 30'000U);
  const auto around = event_of(R"(["event",{"event":{"type":"tip","data":{}})" + many + "}]");
  EXPECT_EQ(around["data"]["details"].size(), 30'000U);
}

TEST(Codec, FillsTheEnvelopeAndInventsNothingElse) {
  const auto event = activity(R"({"type":"follow","data":{"username":"ann"}})");
  EXPECT_EQ(event["channel"], channel);
  EXPECT_EQ(event["provider"], "twitch");
  EXPECT_EQ(event["flagged"], false);
  EXPECT_EQ(event["createdAt"], "2026-11-01T12:00:00.000Z");
  EXPECT_EQ(event["updatedAt"], "2026-11-01T12:00:00.000Z");
  EXPECT_EQ(event["_id"], "000000000000000000000000");
  EXPECT_FALSE(event["relay"].contains("upstreamId"));
  EXPECT_EQ(event.size(), 9u);
}

TEST(Codec, DerivesAMissingIdFromActivityIdThenFromTipId) {
  auto outcome = read(R"(["event",{"type":"tip","activityId":"a1","data":{"tipId":"t1"}}])");
  EXPECT_TRUE(outcome.drafts[0].identified);
  EXPECT_EQ(outcome.drafts[0].id.of(outcome.drafts[0].text),
            event::derived_id({"streamelements", channel, "tip", "a1"}));
  outcome = read(R"(["event",{"type":"tip","data":{"tipId":"t\u0031"}}])");
  EXPECT_TRUE(outcome.drafts[0].identified);
  EXPECT_EQ(outcome.drafts[0].id.of(outcome.drafts[0].text),
            event::derived_id({"streamelements", channel, "tip", "t1"}));
  EXPECT_FALSE(read(R"(["event",{"type":"tip","data":{}}])").drafts[0].identified);
}

TEST(Codec, AWholeValueOfUnknownTypeIsKept) {
  const auto event = activity(R"({"_id":"x1","data":{"a":1},"provider":"youtube","extra":[1]})");
  EXPECT_EQ(event["type"], "unknown");
  EXPECT_EQ(event["_id"], "x1");
  EXPECT_EQ(event["provider"], "youtube");
  EXPECT_EQ(event["data"], json::parse(R"({"upstream":{"_id":"x1","data":{"a":1},"provider":"youtube","extra":[1]}})"));
  EXPECT_EQ(event["relay"]["upstreamType"], "event");
  EXPECT_EQ(activity(R"({"type":7})")["data"], json::parse(R"({"upstream":{"type":7}})"));
}

TEST(Codec, AmountsKeepEveryDigit) {
  const auto text_of = [](std::string_view amount) {
    const auto outcome = read(R"(["event",{"type":"superchat","data":{"amount":)" + std::string(amount) + "}}]");
    const auto& text = outcome.drafts.at(0).text;
    const auto at = text.find("\"data\":") + 7;
    return text.substr(at, text.find("},\"createdAt") - at + 1);
  };
  EXPECT_EQ(text_of("4.20"), R"({"amount":4.20})");
  EXPECT_EQ(text_of("1234567890123456789"), R"({"amount":1234567890123456789})");
  EXPECT_EQ(text_of(R"("4.20")"), R"({"amount":4.20})");
  EXPECT_EQ(text_of(R"("12345678901234567890123")"), R"({"amount":12345678901234567890123})");
  EXPECT_EQ(text_of(R"("gift")"), R"({"amount":0,"details":{"amount":"gift"}})");
  EXPECT_EQ(text_of(R"("")"), R"({"amount":0,"details":{"amount":""}})");
}

TEST(Codec, WhatDoesNotFitItsPlaceStaysInDetails) {
  EXPECT_EQ(
      data_of("tip",
              R"({"username":null,"displayName":7,"amount":{"v":1},"message":["x"],"items":"none","avatar":true})"),
      json::parse(R"({"displayName":"7","amount":0,"username":"","message":"","items":[],"avatar":"",
              "details":{"username":null,"amount":{"v":1},"message":["x"],"items":"none","avatar":true}})"));
  EXPECT_EQ(data_of("tip", R"({"username":12345678901234567890})")["displayName"], "12345678901234567890");
  EXPECT_EQ(data_of("cheer", "[1]")["details"], json::parse(R"({"data":[1]})"));
  EXPECT_EQ(data_of("merch", "null"), json::parse(R"({"details":{"data":null}})"));
}

TEST(Codec, OtherTypesKeepTheirDataAsSent) {
  const std::string_view data = R"({"username":null,"items":"none","message":5,"amount":null,"details":[1]})";
  EXPECT_EQ(data_of("hypetrain", data), json::parse(data));
}

TEST(Codec, ExtraTopLevelFieldsGoToDetails) {
  const auto event = activity(
      R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a70","type":"merch","data":{"amount":"x","details":{"own":1}},"relay":{"run":"forged"},)"
      R"("amount":9,"ts":5,"flagged":"yes","isMock":false,"expiresAt":"2027-01-01T00:00:00.000Z"})");
  EXPECT_EQ(event["data"], json::parse(R"({"amount":0,"details":{"amount":"x","flagged":"yes","relay":{"run":"forged"},
    "activity.amount":9,"ts":5,"details":{"own":1}}})"));
  EXPECT_EQ(event["relay"]["run"], "01TEST");
  EXPECT_EQ(event["isMock"], false);
  EXPECT_EQ(event["expiresAt"], "2027-01-01T00:00:00.000Z");
}

TEST(Codec, TimesAreBroughtToOneFormAndBadOnesKept) {
  const auto times = [](std::string_view created, std::string_view updated) {
    return activity(R"({"type":"merch","data":{},"createdAt":)" + std::string(created) + R"(,"updatedAt":)" +
                    std::string(updated) + "}");
  };
  auto event = times(R"("2026-10-01T12:34:56+02:00")", R"("2026-10-01T12:34:56.1239Z")");
  EXPECT_EQ(event["createdAt"], "2026-10-01T10:34:56.000Z");
  EXPECT_EQ(event["updatedAt"], "2026-10-01T12:34:56.123Z");
  EXPECT_EQ(event["data"], json::object());
  event = times(R"("yesterday")", "1790858096789");
  EXPECT_EQ(event["createdAt"], "2026-11-01T12:00:00.000Z");
  EXPECT_EQ(event["updatedAt"], "2026-10-01T12:34:56.789Z");
  EXPECT_EQ(event["data"], json::parse(R"({"details":{"createdAt":"yesterday","updatedAt":1790858096789}})"));
  event = times(R"("2016-12-31T23:59:60.000Z")", R"("2016-12-31T23:59:60.000Z")");
  EXPECT_EQ(event["createdAt"], "2016-12-31T23:59:59.999Z");
}

TEST(Codec, TestEventsBecomeActivitiesMarkedTest) {
  const auto outcome = read(
      R"(["event:test",{"listener":"tip-latest","event":{"type":"tip","name":"Ann","amount":"gift","isTest":true}}])");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  EXPECT_TRUE(outcome.drafts[0].test);
  EXPECT_FALSE(outcome.drafts[0].identified);
  const auto event = json::parse(closed(outcome.drafts[0]));
  EXPECT_EQ(event["type"], "tip");
  EXPECT_EQ(event["data"], json::parse(R"({"type":"tip","username":"Ann","amount":0,"isTest":true,"displayName":"Ann",
    "message":"","items":[],"avatar":"","details":{"amount":"gift"}})"));
  EXPECT_EQ(event["relay"]["upstreamType"], "tip-latest");
  EXPECT_EQ(event["relay"]["test"], true);
}

TEST(Codec, TestEventsOfOtherShapesAreUnderstood) {
  auto event =
      event_of(R"(["event:test",{"listener":"widget-button","event":{"field":"x","name":"Ann","username":"ann"}}])");
  EXPECT_EQ(event["type"], "widget-button");
  EXPECT_EQ(event["data"], json::parse(R"({"field":"x","name":"Ann","username":"ann"})"));
  event = event_of(R"(["event:test",{"type":"tip","_id":"t1","data":{"username":"ann"}}])");
  EXPECT_EQ(event["type"], "tip");
  EXPECT_EQ(event["data"]["username"], "ann");
  EXPECT_EQ(event["data"]["amount"], 0);
  event = event_of(R"(["event:test",{"event":{"type":"cheer","_id":"c1"}}])");
  EXPECT_EQ(event["type"], "cheer");
  EXPECT_EQ(event["_id"], "c1");
  event = event_of(R"(["event:test",{}])");
  EXPECT_EQ(event["type"], "unknown");
}

TEST(Codec, MocksAreTests) {
  const std::string_view mock = R"(["event",{"_id":"m1","type":"tip","isMock":true,"data":{}}])";
  EXPECT_TRUE(read(mock).drafts.at(0).test);
  EXPECT_EQ(event_of(mock)["isMock"], true);
  const auto ignored = read(mock, channel, false);
  EXPECT_TRUE(ignored.drafts.empty());
  EXPECT_EQ(ignored.ignored, std::vector{event::Ignored::test});
  EXPECT_EQ(ignored.kind, event::FrameKind::carrying);
  EXPECT_FALSE(read(R"(["event",{"_id":"m1","type":"tip","isMock":"true","data":{}}])").drafts.at(0).test);
}

TEST(Codec, SessionStateIsStateAndNotActivity) {
  const auto outcome = read(
      R"(["event:update",{"name":"tip-latest","data":{"name":"Ann","amount":5},"provider":"youtube","activityId":"a1"}])");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  const auto& draft = outcome.drafts[0];
  EXPECT_EQ(draft.kind, event::Kind::state);
  EXPECT_EQ(draft.key_suffix, "tip-latest");
  EXPECT_FALSE(draft.identified);
  const auto event = json::parse(closed(draft));
  EXPECT_EQ(event["type"], "stateUpdate");
  EXPECT_EQ(event["provider"], "youtube");
  EXPECT_EQ(event["activityId"], "a1");
  EXPECT_EQ(event["channel"], channel);
  EXPECT_EQ(event["data"], json::parse(R"({"name":"tip-latest","data":{"name":"Ann","amount":5}})"));
  EXPECT_EQ(event["relay"]["upstreamType"], "event:update");
}

TEST(Codec, AResetIsOpaque) {
  EXPECT_EQ(event_of(R"(["event:reset",{"name":"all","channel":"c"}])")["data"],
            json::parse(R"({"upstream":{"name":"all","channel":"c"}})"));
  EXPECT_EQ(event_of(R"(["event:reset"])")["data"], json::object());
  EXPECT_EQ(event_of(R"(["event:reset",5])")["data"], json::parse(R"({"upstream":5})"));
  EXPECT_EQ(event_of(R"(["event:update","x"])")["data"], json::parse(R"({"upstream":"x"})"));
  const auto ignored = read(R"(["event:reset",{}])", channel, true, false);
  EXPECT_EQ(ignored.ignored, std::vector{event::Ignored::state});
}

TEST(Codec, TheSecondArgumentMayBeAnything) {
  const auto relay = [](std::string_view second) {
    return event_of(R"(["event",{"type":"x"},)" + std::string(second) + "]")["relay"];
  };
  EXPECT_FALSE(relay(R"("000000000000000000000000")").contains("nonce"));
  EXPECT_EQ(relay(R"({"nonce":"n","ts":1.5,"other":2},3,[4])")["ts"], 1.5);
  EXPECT_FALSE(relay(R"({"nonce":"n","other":2})").contains("other"));
}

TEST(Codec, KeysSpelledWithEscapesAreKnown) {
  const auto outcome =
      read(R"(["\u0065vent",{"\u005fid":"i1","ty\u0070e":"tip","data":{"am\u006funt":"4","amount":"5"}}])");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  const auto event = json::parse(closed(outcome.drafts[0]));
  EXPECT_EQ(event["_id"], "i1");
  EXPECT_EQ(event["type"], "tip");
  EXPECT_EQ(event["data"]["amount"], 5);
  EXPECT_EQ(outcome.drafts[0].text.find("am\\u006funt"), std::string::npos);
  EXPECT_EQ(outcome.drafts[0].text.find("\"amount\""), outcome.drafts[0].text.rfind("\"amount\""));
}

TEST(Codec, NoLineEndLeavesInsideAnEvent) {
  const auto outcome = read("[ \"event\" , { \"type\" : \"tip\" ,\n \"data\" : { \"a\" : [ 1 ,\r\n 2 ] } } ]");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  EXPECT_EQ(outcome.drafts[0].text.find_first_of(" \r\n\t"), std::string::npos);
}

TEST(Codec, BadTextIsMendedAndCounted) {
  const auto outcome = read("[\"event\",{\"type\":\"tip\",\"data\":{\"username\":\"a\xFF\",\"message\":\"\\ud800\"}}]");
  ASSERT_EQ(outcome.drafts.size(), 1u);
  EXPECT_EQ(outcome.drafts[0].repaired, 2u);
  const auto event = json::parse(closed(outcome.drafts[0]));
  EXPECT_EQ(event["data"]["username"], "a\xEF\xBF\xBD");
  EXPECT_EQ(event["data"]["message"], "\xEF\xBF\xBD");
}

TEST(Codec, WhatIsNoEventIsMalformedWithItsReason) {
  const auto reason = [](std::string_view body) { return read(body).malformed_reason; };
  EXPECT_EQ(reason(""), "not_json");
  EXPECT_EQ(reason("[\"event\",{}"), "not_json");
  EXPECT_EQ(reason("[\"event\",{}]x"), "not_json");
  EXPECT_EQ(reason("[\"event\",{\"a\":01}]"), "not_json");
  EXPECT_EQ(reason("{\"event\":1}"), "wrong_shape");
  EXPECT_EQ(reason("[]"), "wrong_shape");
  EXPECT_EQ(reason("[7]"), "wrong_shape");
  EXPECT_EQ(reason("[\"event\"]"), "wrong_shape");
  EXPECT_EQ(reason("[\"event\",[]]"), "wrong_shape");
  EXPECT_EQ(reason("[\"event\",null]"), "wrong_shape");
  EXPECT_EQ(reason("[\"event:test\",1]"), "wrong_shape");
  EXPECT_EQ(reason("[\"event\",{\"a\":" + std::string(70, '[') + std::string(70, ']') + "}]"), "too_deep");
  EXPECT_EQ(read("[\"event\",{}").kind, event::FrameKind::malformed);
}

TEST(Codec, AnEventWithoutAChannelBeforeAuthenticatedIsNobodys) {
  EXPECT_EQ(read(R"(["event",{"type":"tip"}])", "").malformed_reason, "wrong_shape");
  EXPECT_EQ(read(R"(["event",{"type":"tip","channel":"c"}])", "").drafts.size(), 1u);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
