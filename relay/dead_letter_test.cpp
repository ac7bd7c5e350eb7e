#include "relay/dead_letter.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "event/id.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;

const auto connector = std::make_shared<const std::string>("main-stage");
const event::Now received_at{event::SteadyTime{}, event::WallTime{1'790'858'096'912ms}};

nlohmann::json malformed(std::string_view frame) {
  const event::Malformed fault{"not_json", "unexpected end", frame};
  return nlohmann::json::parse(letter_of(fault, "streamelements", connector, received_at)->value);
}

TEST(DeadLetter, OfAFrameSaysWhyWhereFromAndWhat) {
  const auto letter = malformed("42[\"event\"");
  EXPECT_EQ(letter["reason"], "not_json");
  EXPECT_EQ(letter["violations"][0]["message"], "unexpected end");
  EXPECT_EQ(letter["connector"], "main-stage");
  EXPECT_EQ(letter["source"], "streamelements");
  EXPECT_EQ(letter["receivedAt"], "2026-10-01T12:34:56.912Z");
  EXPECT_EQ(letter["frame"], "42[\"event\"");
  EXPECT_EQ(letter["frameSize"], 10);
  EXPECT_EQ(letter["frameSha256"], event::sha256_hex("42[\"event\""));
}

TEST(DeadLetter, ClipsAFrameAtACharacterAndKeepsItsSizeAndDigest) {
  std::string frame;
  for (int i = 0; i < 40'000; ++i) frame += "\xC3\xA9x";
  const auto letter = malformed(frame);
  EXPECT_LE(letter["frame"].get<std::string>().size(), dead_letter_frame_limit);
  EXPECT_GT(letter["frame"].get<std::string>().size(), dead_letter_frame_limit - 3);
  EXPECT_EQ(letter["frameSize"], frame.size());
  EXPECT_EQ(letter["frameSha256"], event::sha256_hex(frame));
}

TEST(DeadLetter, OfBytesThatAreNotTextIsBase64) {
  const auto letter = malformed("\x01\xFF\xFE");
  EXPECT_FALSE(letter.contains("frame"));
  EXPECT_EQ(letter["frameBase64"], "Af/+");
}

event::Event event_with(std::string json) {
  event::Event event;
  event.text = std::move(json);
  event.json = {0, static_cast<std::uint32_t>(event.text.size())};
  event.source = "streamelements";
  event.connector = connector;
  event.received = received_at.wall;
  return event;
}

TEST(DeadLetter, OfAnInvalidEventHoldsTheEventAndEachViolation) {
  const auto event = event_with("{\"type\":\"tip\"}");
  const auto letter = nlohmann::json::parse(letter_of(event, {{"/data/amount", "type", "not an integer"}})->value);
  EXPECT_EQ(letter["reason"], "invalid");
  EXPECT_EQ(letter["event"]["type"], "tip");
  EXPECT_EQ(letter["violations"][0]["path"], "/data/amount");
  EXPECT_EQ(letter["violations"][0]["keyword"], "type");
}

TEST(DeadLetter, OfAHugeEventHoldsItsBeginning) {
  const auto event = event_with("{\"m\":\"" + std::string(200'000, 'x') + "\"}");
  const auto letter = nlohmann::json::parse(letter_of(event, "too_large", "MSG_SIZE_TOO_LARGE")->value);
  EXPECT_FALSE(letter.contains("event"));
  EXPECT_EQ(letter["frame"].get<std::string>().size(), dead_letter_frame_limit);
  EXPECT_EQ(letter["frameSize"], event.json.size);
}

}  // namespace
}  // namespace tributary::relay
