#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "connectors/dlive/config.hpp"
#include "connectors/dlive/protocol.hpp"
#include "connectors/dlive/show.hpp"
#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

// Whatever the upstream sends, what goes out is an event: 20,000 frames, spoiled from sound ones by a fixed seed.

namespace tributary::connectors::dlive {
namespace {

const event::Now late{event::SteadyTime{} + std::chrono::hours(1), *text::parse_time("2026-11-01T12:00:00.000Z")};

TEST(CodecProperty, EverySpoiledFrameIsUnderstoodOrCountedAndItsEventsPass) {
  Config config;
  config.streamers = {"dbl-lee", "other"};
  auto session = std::make_unique<DLiveProtocol>("arcade", config);
  const auto schema = std::get<schema::Schema>(schema::Schema::compile(schema::embedded("event.schema.json")));
  schema::Validator validator;
  std::mt19937_64 random(11);
  const auto below = [&](std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit); };
  Audience audience(5);
  Show show(audience);
  Outcome outcome;
  std::uint64_t events = 0, malformed = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (i % 500 == 0) {
      session = std::make_unique<DLiveProtocol>("arcade", config);
      session->dial({}, late);
      outcome.clear();
      session->open(1, late, outcome);
      session->frame(R"({"type":"connection_ack"})", false, late, outcome);
    }
    const auto& message = show.next(true, late.wall);
    std::string frame = R"({"payload":{"data":{")" +
                        std::string(message.chest ? "treasureChestMessageReceived" : "streamMessageReceived") +
                        "\":" + (message.chest ? message.json : "[" + message.json + ",null]") + "}},\"id\":\"" +
                        std::to_string(1 + below(4)) + "\",\"type\":\"" + (i % 250 == 249 ? "complete" : "data") +
                        "\"}";
    for (auto times = below(4); times > 0; --times) {
      const auto at = below(frame.size());
      switch (below(5)) {
        case 0:
          frame[at] = static_cast<char>(frame[at] ^ (1 << below(8)));
          break;
        case 1:
          frame.erase(at, below(20));
          break;
        case 2:
          frame.insert(at, frame.substr(below(frame.size()), below(30)));
          break;
        case 3: {
          static constexpr std::string_view values[] = {"null", "{}", "[]", "-1e400", "\"\\ud800\"", "true", "\"\""};
          if (const auto colon = frame.find(':', at); colon != std::string::npos) {
            const auto end = frame.find_first_of(",}", colon);
            if (end != std::string::npos) frame.replace(colon + 1, end - colon - 1, values[below(std::size(values))]);
          }
          break;
        }
        default:
          frame.insert(at, std::string(below(80), '['));
      }
    }
    outcome.clear();
    session->frame(frame, false, late, outcome);
    malformed += outcome.kind == event::FrameKind::malformed;
    ASSERT_EQ(outcome.kind == event::FrameKind::carrying, !outcome.drafts.empty()) << frame;
    for (const auto& draft : outcome.drafts) {
      ++events;
      const std::string text = draft.text + ",\"run\":\"01TEST\",\"sequence\":1}}";
      ASSERT_TRUE(text::valid_utf8(text)) << frame;
      ASSERT_TRUE(validator.parse(text)) << validator.parse_error() << "\n" << text << "\n" << frame;
      ASSERT_TRUE(validator.passes(schema)) << text << "\n" << frame;
      ASSERT_EQ(text::parse_time(draft.created_at.of(draft.text)), draft.created);
    }
  }
  EXPECT_GT(events, 5'000u);
  EXPECT_GT(malformed, 2'000u);
}

}  // namespace
}  // namespace tributary::connectors::dlive
