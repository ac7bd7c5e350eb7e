#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "connectors/stagecast/codec.hpp"
#include "connectors/stagecast/config.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever a member sends, what goes out is an event: frames mutated from sound ones by a fixed seed.

namespace tributary::connectors::stagecast {
namespace {

constexpr int mutated_frames = 12'000;

class Mutator {
 public:
  std::string mutated() {
    static const std::vector<std::string> sound = {
        R"({"from":"203.0.113.7","msg":{"a":[1,2.50,"x"],"b":null}})",
        R"({"from":"203.0.113.7","msg":"hi \u2603 \ud83d\ude00"})",
        R"({"type":"start","id":"m-17","event":"hall-3","title":"Vote","name":"poll","message":"go","duration":15000,"created":1790858096789})",
        R"({"type":"stop","id":17,"event":"hall-3","details":{"x":1},"details":2,"created":"1790858096789"})",
        R"([1,"two",{"three":[true,false,null]},12345678901234567890])",
        "hello world!",
        R"("a string")",
        "4.20"};
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
                                                    "1e999",
                                                    "\"\"",
                                                    "[]",
                                                    "{}",
                                                    "\"\\ud800\"",
                                                    "\"\\u0000\"",
                                                    "\xFF",
                                                    "\xE2\x98",
                                                    "\"start\"",
                                                    "9223372036854775808",
                                                    "{\"a\":1,\"a\":2}",
                                                    " ",
                                                    "\n",
                                                    "\"from\":1,",
                                                    "\"msg\":2,",
                                                    "\"message\":3,",
                                                    "\"id\":{},",
                                                    "\"created\":253402300799999,",
                                                    "\"upstream.type\":1,",
                                                    "\"username\":[],",
                                                    "\"m\\u0073g\":0,"};
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
  std::mt19937_64 random_{20'261'122};
};

TEST(CodecProperty, WhateverIsSentTheEventIsSoundAndPassesTheCanonicalSchema) {
  const auto canonical = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  const event::Now now{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};
  Mutator mutator;
  Codec codec("hall", "livehacks_test", Config());
  schema::Validator validator;
  Outcome outcome;
  int json = 0, moments = 0;
  for (int i = 0; i < mutated_frames; ++i) {
    const std::string frame = mutator.mutated();
    outcome.clear();
    codec.read(frame, now, outcome);
    ASSERT_EQ(outcome.kind, event::FrameKind::carrying) << frame;
    ASSERT_EQ(outcome.drafts.size(), 1u) << frame;
    const auto& draft = outcome.drafts.front();
    const std::string text = draft.text + ",\"run\":\"01TEST\",\"sequence\":1}}";
    ASSERT_TRUE(text::valid_utf8(text)) << frame;
    ASSERT_EQ(text.find('\n'), std::string::npos) << frame;
    ASSERT_TRUE(validator.parse(text)) << frame << "\n" << text;
    ASSERT_TRUE(validator.passes(canonical)) << frame << "\n" << text;
    moments += draft.identified;
    // Another reader's idea of JSON: what it takes is the payload, what it does not take is text.
    if (!text::valid_utf8(frame) || frame.find("\\ud") != std::string::npos || draft.identified) continue;
    try {
      const auto theirs = nlohmann::json::parse(frame);
      const auto data = nlohmann::json::parse(text)["data"];
      const bool wrapped = theirs.is_object() && theirs.size() == 2 && theirs.contains("msg") &&
                           theirs.contains("from") && theirs["from"].is_string();
      ASSERT_EQ(data["payload"], wrapped ? theirs["msg"] : theirs) << frame;
      ASSERT_EQ(data.contains("username"), wrapped) << frame;
      ASSERT_EQ(data.contains("message"), data["payload"].is_string()) << frame;
      ++json;
    } catch (const nlohmann::json::parse_error&) {
      ASSERT_EQ(nlohmann::json::parse(text)["data"]["payload"], frame);
    } catch (const nlohmann::json::out_of_range&) {  // 1e999 is JSON, only not for a reader of doubles
    }
  }
  EXPECT_GT(json, mutated_frames / 5);
  EXPECT_GT(moments, mutated_frames / 20);
}

}  // namespace
}  // namespace tributary::connectors::stagecast
