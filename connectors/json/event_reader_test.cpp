#include "connectors/json/event_reader.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <variant>

#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

using nlohmann::json;
using Answer = EventReader::Answer;

const event::Now unwrapped_at{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};

/// A tip as a relay publishes it.
constexpr std::string_view tip =
    R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch","flagged":false,)"
    R"("data":{"username":"ann","displayName":"Ann \u2603","amount":4.20,"currency":"USD","message":"hi","items":[],"avatar":"",)"
    R"("tipId":12345678901234567890},"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.789Z",)"
    R"("activityId":"a","relay":{"connector":"theirs","source":"streamelements","upstreamType":"tip",)"
    R"("upstreamId":"5f1c3d6b9a1b2c3d4e5f6a7b","upstreamChannel":"5eb8a1f0c2d3e4f5a6b7c8d9","ts":"t","nonce":"n",)"
    R"("receivedAt":"2026-10-01T12:34:56.912Z","run":"01K9ZB4T","sequence":1204}})";

event::Envelope around(std::string event, std::uint32_t hops = 1) {
  return {{"relay-2", "5f1c3d6b9a1b2c3d4e5f6a7b", hops, "2026-11-01T12:00:00.000Z", unwrapped_at.wall, "", ""},
          std::move(event)};
}

struct Unwrapped {
  Answer answer;
  event::Draft draft;
};
Unwrapped unwrap(const event::Envelope& envelope) {
  EventReader reader("hall", 64);
  Unwrapped unwrapped{Answer::no_event, {}};
  unwrapped.answer = reader.read(envelope, "us", unwrapped_at, unwrapped.draft);
  return unwrapped;
}
Answer answer_to(const json& event) { return unwrap(around(event.dump())).answer; }

TEST(EventReader, EveryValueStaysAsItIsWrittenButRelay) {
  const auto [answer, draft] = unwrap(around(std::string(tip), 3));
  ASSERT_EQ(answer, Answer::event);
  EXPECT_EQ(draft.text,
            std::string(tip.substr(0, tip.find("\"relay\""))) +
                R"("relay":{"connector":"hall","source":"streamelements","upstreamType":"tip",)"
                R"("upstreamId":"5f1c3d6b9a1b2c3d4e5f6a7b","upstreamChannel":"5eb8a1f0c2d3e4f5a6b7c8d9","ts":"t",)"
                R"("nonce":"n","origin":"relay-2","hops":3,"receivedAt":"2026-11-01T12:00:00.000Z")");
  EXPECT_TRUE(draft.identified);
  EXPECT_EQ(draft.id.of(draft.text), "5f1c3d6b9a1b2c3d4e5f6a7b");
  EXPECT_EQ(draft.type.of(draft.text), "tip");
  EXPECT_EQ(draft.provider.of(draft.text), "twitch");
  EXPECT_EQ(draft.created_at.of(draft.text), "2026-10-01T12:34:56.789Z");
  EXPECT_EQ(draft.source, "streamelements");
  EXPECT_EQ(draft.upstream_channel, "5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(draft.hops, 3U);
  EXPECT_FALSE(draft.foreign_mark);
}

TEST(EventReader, TheFirstOriginStaysAndOurOwnHasComeHome) {
  json event = json::parse(tip);
  event["relay"]["origin"] = "first";
  event["relay"]["hops"] = 1;
  const auto [answer, draft] = unwrap(around(event.dump(), 2));
  ASSERT_EQ(answer, Answer::event);
  const auto relay = json::parse(draft.text + "}}")["relay"];
  EXPECT_EQ(relay["origin"], "first");
  EXPECT_EQ(relay["hops"], 2);
  event["relay"]["origin"] = "us";
  EXPECT_EQ(answer_to(event), Answer::came_home);
}

TEST(EventReader, ATestStaysATestAndABackfilledEventIsOne) {
  json event = json::parse(tip);
  event["relay"]["test"] = event["relay"]["backfilled"] = event["relay"]["update"] = true;
  event["relay"]["added_later"] = {1.5, "x"};
  const auto draft = unwrap(around(event.dump())).draft;
  EXPECT_TRUE(draft.test);
  EXPECT_TRUE(draft.backfilled);
  const auto relay = json::parse(draft.text + "}}")["relay"];
  for (const char* key : {"test", "update", "backfilled", "run", "sequence"}) EXPECT_FALSE(relay.contains(key)) << key;
  EXPECT_EQ(relay["added_later"], event["relay"]["added_later"]);
}

/// Two relays that heard one event each made up a time where the upstream sent none.
TEST(EventReader, OnlyATimeOfTheUpstreamsTellsAnUpdateFromARepeat) {
  json event = json::parse(tip);
  EXPECT_EQ(unwrap(around(event.dump())).draft.updated, text::parse_time("2026-10-01T12:34:56.789Z"));
  event["updatedAt"] = event["relay"]["receivedAt"];
  EXPECT_FALSE(unwrap(around(event.dump())).draft.updated);
  EXPECT_FALSE(unwrap(around(std::string(tip), 2)).draft.updated) << "who received it first is not known any more";
  event["relay"]["update"] = true;
  EXPECT_TRUE(unwrap(around(event.dump(), 2)).draft.updated);
}

TEST(EventReader, WhatIsNoEventIsLeftAlone) {
  const json event = json::parse(tip);
  ASSERT_EQ(answer_to(event), Answer::event);
  for (const std::string text : {"", "{", "[]", "1", "\"x\"", "{}", "null"}) {
    EXPECT_EQ(unwrap(around(text)).answer, Answer::no_event) << text;
  }
  EXPECT_EQ(unwrap(around(std::string(tip) + "x")).answer, Answer::no_event);
  EXPECT_EQ(unwrap(around(std::string(100'000, '['))).answer, Answer::no_event);
  for (const auto& [key, value] : event.items()) {
    if (key == "activityId") continue;
    json without = event;
    without.erase(key);
    EXPECT_EQ(answer_to(without), Answer::no_event) << key;
    for (const json& odd : {json(nullptr), json(7), json(""), json::array(), json::object()}) {
      if (key == "channel" && odd == "") continue;
      json changed = event;
      changed[key] = odd;
      EXPECT_EQ(answer_to(changed), Answer::no_event) << key << " " << odd;
    }
  }
  for (const char* key : {"username", "displayName", "amount", "message", "items", "avatar"}) {
    json changed = event;
    changed["data"].erase(key);
    EXPECT_EQ(answer_to(changed), Answer::no_event) << key;
    changed["type"] = "superHug";
    EXPECT_EQ(answer_to(changed), Answer::event) << "only the six promise it";
  }
  for (const char* key : {"source", "upstreamType", "upstreamChannel"}) {
    json changed = event;
    changed["relay"].erase(key);
    EXPECT_EQ(answer_to(changed), Answer::no_event) << key;
  }
  for (const char* source : {"tributary", "Dlive", "a\nb", "", "a-source-with-a-name-beyond-32-bytes"}) {
    json changed = event;
    changed["relay"]["source"] = source;
    EXPECT_EQ(answer_to(changed), Answer::no_event) << source;
  }
  json chosen = event;
  chosen["_id"] = "another than the mark names";
  EXPECT_EQ(answer_to(chosen), Answer::no_event);
}

TEST(EventReader, AMarkInsideAnEventIsNotVerified) {
  json event = json::parse(tip);
  event["type"] = "broadcast";
  EXPECT_FALSE(unwrap(around(event.dump())).draft.foreign_mark);
  event["data"]["payload"] = {{"tributary", 1}};
  EXPECT_TRUE(unwrap(around(event.dump())).draft.foreign_mark);
  event["data"]["payload"] = R"({"tributary":{}})";
  EXPECT_TRUE(unwrap(around(event.dump())).draft.foreign_mark);
  event["data"].erase("payload");
  event["data"]["message"] = R"( {"tributary":{}})";
  EXPECT_TRUE(unwrap(around(event.dump())).draft.foreign_mark);
}

TEST(EventReader, WhateverIsTakenPassesTheCanonicalSchema) {
  const auto canonical = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
  EventReader reader("hall", 64);
  std::minstd_rand random(7);
  const auto below = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  static constexpr std::array<std::string_view, 20> pieces = {"null",
                                                              "true",
                                                              "-1.50",
                                                              "\"\"",
                                                              "[]",
                                                              "{}",
                                                              "\"\\ud800\"",
                                                              "\"\\u0000\"",
                                                              "\xFF",
                                                              " ",
                                                              "\n",
                                                              "\"_id\":1,",
                                                              "\"test\":true,",
                                                              "\"update\":false,",
                                                              "\"origin\":\"x\",",
                                                              "\"hops\":-1,",
                                                              "\"t\\u0079pe\":\"raid\",",
                                                              "\"data\":{},",
                                                              "\"2026-10-01T12:34:56.789+01:00\"",
                                                              "\"run\":5,"};
  int taken = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text(tip);
    for (auto times = below(4); times > 0; --times) {
      const auto at = below(text.size());
      if (below(3) == 0) {
        text[at] = static_cast<char>(random());
      } else if (below(2) == 0) {
        text.insert(at, pieces.at(below(pieces.size())));
      } else {
        text.erase(at, below(12));
      }
    }
    event::Draft draft;
    if (reader.read(around(text), "us", unwrapped_at, draft) != Answer::event) continue;
    ++taken;
    const std::string whole = draft.text + ",\"run\":\"01TEST\",\"sequence\":1}}";
    ASSERT_TRUE(text::valid_utf8(whole)) << text;
    ASSERT_EQ(whole.find('\n'), std::string::npos) << text;
    ASSERT_TRUE(validator.parse(whole)) << text << "\n" << whole;
    ASSERT_TRUE(validator.passes(canonical)) << text << "\n" << whole;
    ASSERT_EQ(text::parse_time(draft.created_at.of(draft.text)), draft.created);
  }
  EXPECT_GT(taken, 4'000);
}

}  // namespace
}  // namespace tributary::connectors
