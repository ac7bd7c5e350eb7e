#include "sinks/kafka/record.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "sinks/test_events.hpp"

namespace tributary::sinks::kafka {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

std::vector<std::pair<std::string, std::string>> headers(const Record& record) {
  std::vector<std::pair<std::string, std::string>> list;
  for (std::size_t i = 0; i < record.header_count; ++i) {
    list.emplace_back(record.headers[i].name, record.headers[i].value);
  }
  return list;
}

std::string header(const Record& record, std::string_view name) {
  for (const auto& [key, value] : headers(record)) {
    if (key == name) return value;
  }
  return "(none)";
}

TEST(Record, CarriesTheEventsOwnBytesKeyTimeAndCloudEventsHeaders) {
  Framer framer(CloudEvents::binary);
  const auto event = make_event();
  const auto& record = framer.frame(*event);
  EXPECT_EQ(record.key, "streamelements:5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(record.value.data(), event->text.data()) << "nothing is copied";
  EXPECT_EQ(record.value, event->json_text());
  EXPECT_EQ(record.timestamp_ms, 1'790'858'096'789);
  EXPECT_FALSE(record.clamped);
  using P = std::pair<std::string, std::string>;
  EXPECT_THAT(headers(record),
              ElementsAre(P("ce_specversion", "1.0"), P("ce_id", "5f1c3d6b9a1b2c3d4e5f6a7b"),
                          P("ce_source", "/streamelements/5eb8a1f0c2d3e4f5a6b7c8d9"), P("ce_type", "tributary.tip"),
                          P("ce_time", "2026-10-01T12:34:56.789Z"), P("ce_dataschema", "urn:tributary:schema:event:1"),
                          P("ce_streamelements", "true"), P("content-type", "application/json")));
}

TEST(Record, SaysWhenStreamElementsOwnSchemaDoesNotPass) {
  Framer framer(CloudEvents::binary);
  EventParts parts;
  parts.marked = false;
  EXPECT_EQ(header(framer.frame(*make_event(parts)), "ce_streamelements"), "false");
}

TEST(Record, PercentEncodesTheChannelInItsSource) {
  Framer framer(CloudEvents::binary);
  EventParts parts;
  parts.source = "stagecast";
  parts.channel = "a b/ä:%~";
  EXPECT_EQ(header(framer.frame(*make_event(parts)), "ce_source"), "/stagecast/a%20b%2F%C3%A4%3A%25~");
  parts.channel = "other";
  EXPECT_EQ(header(framer.frame(*make_event(parts)), "ce_source"), "/stagecast/other") << "the memo follows the key";
}

TEST(Record, AnActivityAfterAGapOfItsChannelHasItsOwnSource) {
  Framer framer(CloudEvents::binary);
  const auto activity = make_event();
  auto gap = *activity;  // the same key, another source
  gap.source = "tributary";
  EXPECT_EQ(header(framer.frame(gap), "ce_source"), "/tributary/5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(header(framer.frame(*activity), "ce_source"), "/streamelements/5eb8a1f0c2d3e4f5a6b7c8d9");
}

TEST(Record, LeavesTheNameOfAStateValueOutOfItsSource) {
  Framer framer(CloudEvents::binary);
  EventParts parts;
  parts.kind = event::Kind::state;
  parts.key_suffix = "tip-latest";
  const auto event = make_event(parts);
  const auto& record = framer.frame(*event);
  EXPECT_EQ(record.key, "streamelements:5eb8a1f0c2d3e4f5a6b7c8d9:tip-latest");
  EXPECT_EQ(header(record, "ce_source"), "/streamelements/5eb8a1f0c2d3e4f5a6b7c8d9");
}

TEST(Record, UndoesJsonEscapesInHeadersAndPercentEncodesControlCharacters) {
  Framer framer(CloudEvents::binary);
  EventParts parts;
  parts.type = R"(a\"b\\c\u00e4\ud83d\ude00\n\u0085x)";
  parts.id = R"(id\/1)";
  const auto event = make_event(parts);
  const auto& record = framer.frame(*event);
  EXPECT_EQ(header(record, "ce_type"), "tributary.a\"b\\cä😀%0A%C2%85x");
  EXPECT_EQ(header(record, "ce_id"), "id/1");
}

TEST(Record, StructuredModeWrapsTheUnchangedEventInAnEnvelope) {
  Framer framer(CloudEvents::structured);
  EventParts parts;
  parts.type = R"(a\"b)";
  const auto event = make_event(parts);
  const auto& record = framer.frame(*event);
  using P = std::pair<std::string, std::string>;
  EXPECT_THAT(headers(record), ElementsAre(P("content-type", "application/cloudevents+json; charset=UTF-8")));
  EXPECT_TRUE(record.value_is_ours);
  EXPECT_NE(record.value.find(std::string(R"("data":)") + std::string(event->json_text())), std::string_view::npos);
  const auto json = nlohmann::json::parse(record.value);
  EXPECT_EQ(json["specversion"], "1.0");
  EXPECT_EQ(json["id"], "5f1c3d6b9a1b2c3d4e5f6a7b");
  EXPECT_EQ(json["source"], "/streamelements/5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(json["type"], "tributary.a\"b");
  EXPECT_EQ(json["time"], "2026-10-01T12:34:56.789Z");
  EXPECT_EQ(json["dataschema"], "urn:tributary:schema:event:1");
  EXPECT_EQ(json["datacontenttype"], "application/json");
  EXPECT_EQ(json["streamelements"], true);
}

TEST(Record, HasNoHeadersWhenCloudEventsAreOff) {
  Framer framer(CloudEvents::off);
  const auto event = make_event();
  EXPECT_EQ(framer.frame(*event).header_count, 0U);
  EXPECT_EQ(framer.frame("{}", "main-stage").header_count, 0U);
}

TEST(Record, DeadLetterIsKeyedByItsConnectorAndTimedByTheProducer) {
  Framer framer(CloudEvents::binary);
  const auto event = make_event();
  framer.frame(*event);
  const auto& record = framer.frame(R"({"reason":"not_json"})", "main-stage");
  EXPECT_EQ(record.key, "main-stage");
  EXPECT_EQ(record.value, R"({"reason":"not_json"})");
  EXPECT_EQ(record.timestamp_ms, 0);
  using P = std::pair<std::string, std::string>;
  EXPECT_THAT(headers(record), ElementsAre(P("content-type", "application/json")));
}

TEST(RecordTimestamp, IsKeptWithinADayBeforeAndFiveMinutesAfterReceipt) {
  const event::WallTime received(1'790'858'096'912ms);
  const auto at = [&](std::chrono::milliseconds offset) {
    bool clamped = false;
    const auto time = timestamp_of(received + offset, received, clamped) - received.time_since_epoch().count();
    return std::pair(time, clamped);
  };
  constexpr std::int64_t day = 86'400'000, five = 300'000;
  EXPECT_EQ(at(0ms), std::pair(std::int64_t{0}, false));
  EXPECT_EQ(at(-24h), std::pair(-day, false));
  EXPECT_EQ(at(-24h - 1ms), std::pair(-day, true));
  EXPECT_EQ(at(5min), std::pair(five, false));
  EXPECT_EQ(at(5min + 1ms), std::pair(five, true));
  EXPECT_EQ(at(365 * 24h), std::pair(five, true));
}

TEST(RecordTimestamp, IsNeverNegative) {
  bool clamped = false;
  EXPECT_EQ(timestamp_of(event::WallTime(-5ms), event::WallTime(0ms), clamped), 0);
}

// A batch of one record {key "k", value "v", no headers}: 61 bytes of batch header, length 1, attributes 1, two deltas
// of 1, key 1+1, value 1+1, header count 1.
TEST(RecordSize, IsThatOfABatchOfOne) {
  Record record;
  record.key = "k";
  record.value = "v";
  EXPECT_EQ(record.batch_size(), 61U + 1 + 1 + 1 + 1 + 2 + 2 + 1);
  record.headers[0] = {"h", "x"};
  record.header_count = 1;
  EXPECT_EQ(record.batch_size(), 61U + 1 + 1 + 1 + 1 + 2 + 2 + 1 + 4);
}

TEST(RecordSize, CountsLongLengthsAsVarints) {
  const std::string value(8192, 'v');  // its zigzag is 16,384: three bytes
  Record record;
  record.value = value;
  EXPECT_EQ(record.batch_size(), 61U + 3 + 3 + 1 + 3 + 8192 + 1);
}

TEST(Unescaped, ReturnsTheTextItselfWhenThereIsNothingToUndo) {
  std::string scratch;
  const std::string_view text = "plain ä";
  EXPECT_EQ(unescaped(text, scratch).data(), text.data());
}

TEST(Unescaped, ReplacesLoneSurrogatesAndSurvivesACutEscape) {
  std::string scratch;
  EXPECT_EQ(unescaped(R"(\ud800x)", scratch), "\xEF\xBF\xBDx");
  EXPECT_EQ(unescaped(R"(\udc00)", scratch), "\xEF\xBF\xBD");
  EXPECT_EQ(unescaped(R"(\ud800A)", scratch),
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(unescaped(R"(a\)", scratch), "a\\");
  EXPECT_EQ(unescaped(R"(a\u12)", scratch),
            "a\xEF\xBF\xBD"
            "12");
  EXPECT_EQ(unescaped(R"(\b\f\n\r\t\/\"\\)", scratch), "\b\f\n\r\t/\"\\");
}

}  // namespace
}  // namespace tributary::sinks::kafka
