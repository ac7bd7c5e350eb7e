#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "connectors/oha/codec.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the upstream sends, what goes out is an event: 20,000 frames, spoiled from sound ones by a fixed seed.

namespace tributary::connectors::oha {
namespace {

const event::Now noon{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};

TEST(CodecProperty, EverySpoiledFrameIsUnderstoodOrCountedAndItsEventsPass) {
  static const std::vector<std::string> sound = {
      R"({"type":"chat","data":{"user":"ana","message":"hola \u00f1 \ud83d\ude00"}})",
      R"({"type":"chat","data":{"user":{"id":1},"message":null,"color":"#fff"},"at":1.50})",
      R"({"type":"status","data":{"viewers":[1,2,{"x":null}]}})",
      R"({"type":"auth","data":{"authenticated":true}})",
      R"({"type":"error","data":{"error_code":"slow_mode","message":"wait"}})",
      R"({"no":"type"})",
  };
  const auto schema = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
  std::mt19937_64 random(3);
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); };
  Codec codec("classroom", "maths-101", 64);
  Outcome outcome;
  std::uint64_t events = 0, malformed = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string frame = sound[below(sound.size())];
    for (auto times = below(4); times > 0; --times) {
      const auto at = below(frame.size());
      switch (below(4)) {
        case 0:
          frame[at] = static_cast<char>(frame[at] ^ (1 << below(8)));
          break;
        case 1:
          frame.erase(at, below(12));
          break;
        case 2:
          frame.insert(at, frame.substr(below(frame.size()), below(30)));
          break;
        default: {
          static constexpr std::string_view values[] = {"null", "{}", "[[]]", "-1e400", "\"\\ud800\"", "7", "\"\""};
          const auto colon = frame.find(':', at);
          const auto end = colon == std::string::npos ? colon : frame.find_first_of(",}", colon);
          if (end != std::string::npos) frame.replace(colon + 1, end - colon - 1, values[below(std::size(values))]);
        }
      }
      if (frame.empty()) frame = "x";
    }
    outcome.clear();
    const auto said = codec.read(frame, noon, outcome);
    malformed += said == Codec::Said::malformed;
    ASSERT_EQ(said == Codec::Said::malformed, outcome.kind == event::FrameKind::malformed) << frame;
    ASSERT_EQ(outcome.kind == event::FrameKind::carrying, outcome.drafts.size() == 1) << frame;
    for (const auto& draft : outcome.drafts) {
      ++events;
      const std::string text = draft.text + ",\"run\":\"01TEST\",\"sequence\":1}}";
      ASSERT_TRUE(text::valid_utf8(text)) << frame;
      ASSERT_TRUE(validator.parse(text)) << validator.parse_error() << "\n" << text << "\n" << frame;
      ASSERT_TRUE(validator.passes(schema)) << text << "\n" << frame;
    }
  }
  EXPECT_GT(events, 5'000u);
  EXPECT_GT(malformed, 2'000u);
}

}  // namespace
}  // namespace tributary::connectors::oha
