#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "connectors/users/codec.hpp"
#include "connectors/users/config.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the server sends, what goes out is an event and nothing is lost: frames mutated from sound ones by a fixed
// seed.

namespace tributary::connectors::users {
namespace {

using nlohmann::json;

constexpr int mutated_frames = 12'000;

class Mutator {
 public:
  std::string mutated() {
    static const std::vector<std::string> sound = {
        R"({"eventType":1,"username":"Some Body \u2603"})",
        R"({"type":"Logout","username":"ann","error":"no mail"})",
        R"({"eventType":5,"username":"ann","files":[{"_id":"f1","user":"bob","created":1790858096789,"size":12345678901234567890},{"_id":"f2","meta":{"r":4.50}}]})",
        R"({"eventType":"6","file":{"_id":"f1","user":"bob","created":1790858096789,"parentFile":null}})",
        R"({"eventType":7,"username":"ann","bucket":{"_id":"b1","user":"ann","created":"1790858096789","memoryUsed":0.5}})",
        R"({"type":"BucketRemoved","bucket":{"_id":7,"user":"bob"}})",
        R"({"eventType":10,"message":"{\"tributary\":{}}","broadcast":true})",
        R"({"eventType":9,"val":{"a":1}})",
        R"({"eventType":77,"x":[true,false,null]})"};
    std::string text = sound[below(sound.size())];
    for (auto times = below(4); times > 0; --times) mutate(text);
    return text;
  }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }
  void mutate(std::string& text) {
    static const std::vector<std::string> pieces = {"null",
                                                    "true",
                                                    "-1.50",
                                                    "\"\"",
                                                    "[]",
                                                    "{}",
                                                    "[{},{\"_id\":\"x\"}]",
                                                    "\"\\ud800\"",
                                                    "\"\\u0000\"",
                                                    "\xFF",
                                                    "\xE2\x98",
                                                    "\"10\"",
                                                    "5",
                                                    "8",
                                                    "9223372036854775808",
                                                    " ",
                                                    "\n",
                                                    "\"username\":1,",
                                                    "\"message\":[2],",
                                                    "\"file\":{\"_id\":\"z\"},",
                                                    "\"files\":[1,2],",
                                                    "\"bucket\":[],",
                                                    "\"created\":253402300799999,",
                                                    "\"details\":1,",
                                                    "\"upstream.file\":1,",
                                                    "\"user\":3,",
                                                    "\"us\\u0065rname\":\"twin\",",
                                                    "\"eventType\":4,"};
    const auto at = below(text.size() + 1);
    switch (below(5)) {
      case 0:
        if (!text.empty()) text[below(text.size())] = static_cast<char>(random_());
        break;
      case 1:
        text.erase(std::min(at, text.size()), 1 + below(4));
        break;
      case 2: {  // another value behind a colon
        const auto colon = text.find(':', at);
        if (colon == std::string::npos) break;
        const auto end = text.find_first_of(",}", colon);
        text.replace(colon + 1, (end == std::string::npos ? text.size() : end) - colon - 1,
                     pieces[below(pieces.size())]);
        break;
      }
      case 3: {
        const auto brace = text.find('{', at);
        text.insert(brace == std::string::npos ? at : brace + 1, pieces[below(pieces.size())]);
        break;
      }
      default:
        text.insert(at, pieces[below(pieces.size())]);
    }
  }
  std::mt19937_64 random_{20'261'123};
};

bool holds(const json& value, const json& wanted) {
  if (value == wanted) return true;
  return value.is_structured() &&
         std::any_of(value.begin(), value.end(), [&](const json& v) { return holds(v, wanted); });
}

/// Every member of the frame is somewhere in the events' data, but for what says the type.
void check_nothing_lost(const json& sent, const json& events) {
  for (const auto& [key, value] : sent.items()) {
    if (key == "eventType" || (key == "type" && !sent.contains("eventType"))) continue;
    const bool text_of_number = value.is_number() && (key == "username" || key == "message");
    if (text_of_number || holds(events, value)) continue;
    ASSERT_TRUE(key == "files" && value.is_array()) << key << " of " << sent.dump() << " in " << events.dump();
    for (const auto& file : value) ASSERT_TRUE(holds(events, file)) << file << " in " << events.dump();
  }
}

TEST(CodecProperty, WhateverIsSentTheEventIsSoundAndPassesTheCanonicalSchema) {
  const auto canonical = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  const event::Now now{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};
  Mutator mutator;
  Codec codec("accounts", "main", Config());
  schema::Validator validator;
  Outcome outcome;
  int drafts = 0, malformed = 0, compared = 0;
  for (int i = 0; i < mutated_frames; ++i) {
    const std::string frame = mutator.mutated();
    outcome.clear();
    auto said = codec.read(frame, now, outcome);
    if (said == Codec::Said::echo) {
      codec.tell_echo(now, outcome);
      said = Codec::Said::event;
    }
    malformed += said == Codec::Said::malformed;
    ASSERT_EQ(said == Codec::Said::malformed, outcome.kind == event::FrameKind::malformed) << frame;
    ASSERT_EQ(said == Codec::Said::malformed, !outcome.malformed_reason.empty()) << frame;
    ASSERT_EQ(said == Codec::Said::event, outcome.kind == event::FrameKind::carrying) << frame;
    ASSERT_EQ(said == Codec::Said::event, !outcome.drafts.empty()) << frame;
    json events = json::array();
    for (const auto& draft : outcome.drafts) {
      ++drafts;
      const std::string text = draft.text + ",\"run\":\"01TEST\",\"sequence\":1}}";
      ASSERT_TRUE(text::valid_utf8(text)) << frame;
      ASSERT_EQ(text.find('\n'), std::string::npos) << frame;
      ASSERT_TRUE(validator.parse(text)) << frame << "\n" << text;
      ASSERT_TRUE(validator.passes(canonical)) << frame << "\n" << text;
      events.push_back(json::parse(text)["data"]);
    }
    if (said != Codec::Said::event || !text::valid_utf8(frame) || frame.find("\\ud") != std::string::npos) continue;
    const auto sent = json::parse(frame, nullptr, false);
    if (!sent.is_object()) continue;
    check_nothing_lost(sent, events);
    if (HasFatalFailure()) return;
    ++compared;
  }
  EXPECT_GT(drafts, mutated_frames / 3);
  EXPECT_GT(malformed, mutated_frames / 10);
  EXPECT_GT(compared, mutated_frames / 4);
}

}  // namespace
}  // namespace tributary::connectors::users
