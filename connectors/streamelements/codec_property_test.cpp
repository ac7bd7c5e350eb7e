#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "connectors/streamelements/codec.hpp"
#include "connectors/streamelements/socket_io.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the upstream sends, what goes out is an event: 20,000 messages, mutated from sound ones by a fixed seed.

namespace tributary::connectors::streamelements {
namespace {

constexpr int mutated_messages = 20'000;

schema::Schema schema(std::string_view file) {
  auto compiled = schema::Schema::compile(schema::embedded(file));
  return std::get<schema::Schema>(std::move(compiled));
}

std::string finished(const event::Draft& draft) {
  return draft.text + (draft.test ? ",\"test\":true" : "") + ",\"run\":\"01TEST\",\"sequence\":1}}";
}

const std::vector<std::string>& sound_messages() {
  static const std::vector<std::string> messages = {
      R"(42["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":"tip","provider":"twitch","flagged":false,"data":{"amount":4.20,"currency":"USD","tipId":"5f1c3d6b9a1b2c3d4e5f6a7c","username":"Some Body","message":"hi \u2603 \ud83d\ude00","avatar":"https://cdn.example.org/a.png"},"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.790Z","activityId":"5f1c3d6b9a1b2c3d4e5f6a7b","sessionEventsCount":3},{"ts":1790858096789,"nonce":"11111111-2222-4333-8444-555555555555"}])",
      R"(42["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a70","type":"superchat","data":{"amount":"12.50","details":{"a":[1,{"b":null}]},"username":"é☃😀"},"extra":{"x":[true,false]},"createdAt":"2026-10-01T12:34:56+02:00"}])",
      R"(42["event",{"type":"subscriber","data":{"username":12,"amount":3,"tier":"prime","items":{},"message":null},"isMock":true}])",
      R"(4217["event:test",{"listener":"tip-latest","event":{"type":"tip","name":"Ann","amount":"gift","isTest":true}}])",
      R"(42["event:update",{"name":"tip-latest","data":{"name":"Ann","amount":5},"provider":"youtube","activityId":"a1"},{"ts":1}])",
      R"(42["event:reset",{"reason":"session"},"2026-10-01T12:34:56.789Z"])",
      R"(42["event",{"data":{"upstream":1},"flagged":"no","relay":{},"_id":7,"channel":null}])",
      R"(42["event:test",{"listener":"event","event":{"type":"tip","createdAt":"2026-10-31T20:15:00.123Z","data":{"amount":3}}}])",
      R"(42["event",{"isMock":true,"channel":"c1","data":{"provider":"kick","event":{"type":"raid","createdAt":1790858096789,"data":{"username":"a","displayName":""}}}}])",
      R"(42["event:test",{"listener":"tip-latest","event":{"flagged":true,"data":{"name":"Ann","amount":5}}}])",
      R"(42["event:update",{"listener":"event:update","event":{"name":"tip-latest","data":{"amount":5},"channel":"c2"}}])",
  };
  return messages;
}

/// Splices, flips, cuts and repeats; half of the time only inside one place, so that much stays JSON.
class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutated() {
    std::string text = pick(sound_messages());
    for (auto times = 1 + below(3); times > 0; --times) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }
  const std::string& pick(const std::vector<std::string>& list) { return list[below(list.size())]; }

  void mutate(std::string& text) {
    static const std::vector<std::string> pieces = {"null",
                                                    "true",
                                                    "0",
                                                    "-1.50",
                                                    "1e999",
                                                    "123456789012345678901234567890",
                                                    "\"\"",
                                                    "\"4.20\"",
                                                    "\"gift\"",
                                                    "[]",
                                                    "{}",
                                                    "[[[[[[]]]]]]",
                                                    "\"\\ud800\"",
                                                    "\"\\u0000\"",
                                                    "\"a\\\"b\"",
                                                    "\"\xFF\"",
                                                    "\"\xE2\x98\"",
                                                    "{\"a\":1,\"a\":2}",
                                                    "\"2026-02-30T00:00:00Z\"",
                                                    "\"0001-01-01 00:00:00,5+02\"",
                                                    "1564059282",
                                                    "\"1564059282000.5\"",
                                                    "\"2026-10-01T12:34:56Z\"",
                                                    "\"event\"",
                                                    "\"event:test\"",
                                                    " ",
                                                    "\n",
                                                    "\"tip\"",
                                                    "\"raid\""};
    static const std::vector<std::string> keys = {
        "_id",        "channel", "type",  "provider", "flagged", "data",         "createdAt", "updatedAt",
        "username",   "amount",  "items", "message",  "details", "event",        "listener",  "isMock",
        "activityId", "tipId",   "name",  "ts",       "nonce",   "am\\u006funt", "relay",     "x\\/y"};
    switch (below(6)) {
      case 0:
        text[below(text.size())] = static_cast<char>(random_());
        break;
      case 1:
        text.erase(below(text.size()), 1 + below(4));
        break;
      case 2: {  // another value behind a colon
        const auto colon = text.find(':', below(text.size()));
        if (colon != std::string::npos) text.replace(colon + 1, value_size(text, colon + 1), pick(pieces));
        break;
      }
      case 3: {  // one more member
        const auto brace = text.find('{', below(text.size()));
        if (brace != std::string::npos) text.insert(brace + 1, "\"" + pick(keys) + "\":" + pick(pieces) + ",");
        break;
      }
      case 4:
        text.insert(below(text.size() + 1), pick(pieces));
        break;
      default: {
        const auto from = below(text.size());
        text.insert(below(text.size()), text.substr(from, below(40)));
      }
    }
    if (text.empty()) text = "4";
  }

  static std::size_t value_size(std::string_view text, std::size_t at) {
    const auto end = text.find_first_of(",}", at);
    return (end == std::string_view::npos ? text.size() : end) - at;
  }

  std::mt19937_64 random_;
};

TEST(CodecProperty, WhateverIsSentTheEventIsSoundAndPassesTheCanonicalSchema) {
  const auto canonical = schema("event.schema.json");
  const event::Now now{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};
  Mutator mutator(20'261'121);
  Codec codec({"main-stage", true, true, 64});
  schema::Validator validator;
  Outcome outcome;
  int drafts = 0, malformed = 0, beyond_double = 0;
  for (int i = 0; i < mutated_messages; ++i) {
    const std::string message = mutator.mutated();
    const auto packet = Packet::read(message);
    if (packet.kind != Packet::Kind::event) continue;
    outcome.clear();
    const auto said = codec.read(packet.body, "5eb8a1f0c2d3e4f5a6b7c8d9", now, outcome);
    malformed += said == Codec::Said::malformed;
    ASSERT_EQ(said == Codec::Said::malformed, outcome.kind == event::FrameKind::malformed) << message;
    ASSERT_EQ(said == Codec::Said::malformed, !outcome.malformed_reason.empty()) << message;
    for (const auto& draft : outcome.drafts) {
      ++drafts;
      const std::string text = finished(draft);
      ASSERT_TRUE(text::valid_utf8(text)) << message;
      ASSERT_TRUE(validator.parse(text)) << message << "\n" << text << "\n" << validator.parse_error();
      const auto violations = validator.explain(canonical);
      ASSERT_TRUE(violations.empty()) << message << "\n" << text << "\n" << violations[0].path << violations[0].message;
      try {
        const auto event = nlohmann::json::parse(text);
        ASSERT_EQ(event["_id"].dump(), nlohmann::json::parse('"' + std::string(draft.id.of(draft.text)) + '"').dump());
        ASSERT_EQ(event["relay"]["upstreamChannel"], draft.upstream_channel) << message;
        ASSERT_EQ(event["createdAt"], draft.created_at.of(draft.text)) << message;
        ASSERT_EQ(text::to_text(draft.created), draft.created_at.of(draft.text)) << message;
        ASSERT_EQ(text.find('\n'), std::string::npos) << message;
      } catch (const nlohmann::json::out_of_range&) {
        ++beyond_double;  // 1e999 is JSON, only not for a reader of doubles
      }
    }
  }
  EXPECT_GT(drafts, mutated_messages / 4);
  EXPECT_GT(malformed, mutated_messages / 10);
  EXPECT_LT(beyond_double, drafts / 4);
}

TEST(CodecProperty, JsonThatAnotherReaderTakesIsNeverCalledNoJson) {
  const event::Now now{event::SteadyTime{}, event::WallTime{}};
  Mutator mutator(7);
  Codec codec({"main-stage", true, true, 1000});
  Outcome outcome;
  int both = 0;
  for (int i = 0; i < mutated_messages; ++i) {
    const std::string message = mutator.mutated();
    const auto packet = Packet::read(message);
    if (packet.kind != Packet::Kind::event) continue;
    const std::string body(packet.body);
    if (!text::valid_utf8(body) || body.find("\\ud") != std::string::npos) continue;  // ours are mended first
    outcome.clear();
    codec.read(body, "c", now, outcome);
    const bool theirs = nlohmann::json::accept(body);
    const bool ours = outcome.malformed_reason != "not_json";
    both += theirs;
    if (theirs) {
      ASSERT_TRUE(ours) << body;
    } else if (ours) {
      ASSERT_NE(body.find("1e999"), std::string::npos) << body;
    }
  }
  EXPECT_GT(both, 1000);
}

TEST(CodecProperty, TheSixTypesPassStreamElementsOwnSchemaWhereTheirFactsAllow) {
  const auto original = schema("streamelements.schema.json");
  const event::Now now{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};
  Codec codec({"main-stage", false, false, 64});
  schema::Validator validator;
  const auto passes = [&](std::string_view type, std::string_view data) {
    Outcome outcome;
    codec.read(R"(["event",{"_id":"5f1c3d6b9a1b2c3d4e5f6a70","channel":"5eb8a1f0c2d3e4f5a6b7c8d9","type":")" +
                   std::string(type) + R"(","provider":"twitch","data":)" + std::string(data) +
                   R"(,"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.789Z"}])",
               "", now, outcome);
    return validator.parse(finished(outcome.drafts.at(0))) && validator.passes(original);
  };
  const std::string_view fact = R"({"username":"viewer_1","avatar":"https://cdn.example.org/a.png"})";
  for (std::string_view type : {"tip", "cheer", "follow", "host", "raid", "subscriber"})
    EXPECT_TRUE(passes(type, fact)) << type;
  EXPECT_TRUE(passes("tip", R"({"username":"viewer_1","avatar":"https://cdn.example.org/a.png","amount":"5"})"));
  // Facts that it does not allow: a fraction, a free name, no picture, another type.
  EXPECT_FALSE(passes("tip", R"({"username":"viewer_1","avatar":"https://cdn.example.org/a.png","amount":4.2})"));
  EXPECT_FALSE(passes("tip", R"({"username":"Some Body","avatar":"https://cdn.example.org/a.png"})"));
  EXPECT_FALSE(passes("follow", R"({"username":"viewer_1"})"));
  EXPECT_FALSE(passes("redemption", fact));
}

}  // namespace
}  // namespace tributary::connectors::streamelements
