#include "spool/row.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spool/checksum.hpp"
#include "spool/known_id.hpp"
#include "spool/tail_fixture.hpp"

namespace tributary::spool {
namespace {

const event::LaneName lane_of_rows{"topic", "streamelements:someone"};

std::string row_of(const event::LaneName& lane, const event::TailRecord& record) {
  std::string row;
  encode(row, lane, record);
  return row;
}

event::TailRecord letter_record(std::uint64_t number) {
  auto letter = std::make_shared<event::DeadLetter>();
  letter->reason = "record_refused";
  letter->value = R"({"reason":"record_refused"})";
  letter->connector = std::make_shared<const std::string>("stage");
  return {number, nullptr, std::move(letter)};
}

TEST(Checksum, IsXxh64) {
  EXPECT_EQ(checksum(""), 0xEF46DB3751D8E999U);
  EXPECT_EQ(checksum("abc"), 0x44BC2CF5AD770999U);
  EXPECT_EQ(checksum("Nobody inspects the spammish repetition"), 0xFBCEA83C8A378BF1U);
}

TEST(Row, AnEventComesBackWithEveryField) {
  auto event = spooled_event(lane_of_rows.key, "hello");
  event->kind = event::Kind::state;
  event->marked = event->test = event->update = event->foreign_mark = true;
  event->hops = 3;
  event->created_at = {1, 2};
  event->upstream_channel = {static_cast<std::uint32_t>(event->key.offset + 15), 7};
  event->created -= std::chrono::hours(600'000);  // before 1970
  ConnectorNames names;
  const auto now = event::SteadyTime(std::chrono::hours(5));
  auto decoded = decode(row_of(lane_of_rows, {42, event, nullptr}), names, now);
  ASSERT_TRUE(std::holds_alternative<Row>(decoded)) << std::get<std::string_view>(decoded);
  const auto& row = std::get<Row>(decoded);
  EXPECT_EQ(row.lane, lane_of_rows);
  EXPECT_EQ(row.record.number, 42U);
  EXPECT_FALSE(row.notice);
  const auto& back = *row.record.event;
  EXPECT_EQ(back.kind, event->kind);
  EXPECT_TRUE(back.marked && back.test && back.update && back.foreign_mark);
  EXPECT_EQ(back.hops, 3U);
  EXPECT_EQ(back.text, event->text);
  EXPECT_EQ(back.json_text(), event->json_text());
  EXPECT_EQ(back.key_text(), event->key_text());
  EXPECT_EQ(back.upstream_channel_text(), "someone");
  EXPECT_EQ(back.id_text(), event->id_text());
  EXPECT_EQ(back.type_text(), "tip");
  EXPECT_EQ(back.provider_text(), "p");
  EXPECT_EQ(back.created_at_text(), event->created_at_text());
  EXPECT_EQ(back.source, "streamelements");
  EXPECT_EQ(*back.connector, "stage");
  EXPECT_EQ(back.created, event->created);
  EXPECT_EQ(back.received, event->received);
  EXPECT_EQ(back.sequence, 7U);
  EXPECT_EQ(back.received_steady, now);
  EXPECT_EQ(back.receipt, nullptr);
}

TEST(Row, ADeadLetterAndANoticeComeBack) {
  ConnectorNames names;
  auto decoded = decode(row_of({"letters", "stage"}, letter_record(9)), names, {});
  ASSERT_TRUE(std::holds_alternative<Row>(decoded));
  const auto& letter = *std::get<Row>(decoded).record.letter;
  EXPECT_EQ(letter.reason, "record_refused");
  EXPECT_EQ(letter.value, R"({"reason":"record_refused"})");
  EXPECT_EQ(*letter.connector, "stage");
  auto notice = spooled_event("tributary:stage", "up", event::Kind::notice);
  notice->source = "tributary";
  decoded = decode(row_of(lane_of_rows, {9, notice, nullptr}), names, {});
  ASSERT_TRUE(std::holds_alternative<Row>(decoded));
  EXPECT_TRUE(std::get<Row>(decoded).notice);
  EXPECT_EQ(std::get<Row>(decoded).record.event->source, "tributary");
}

TEST(Row, EveryFlippedBitAndEveryCutIsNoticed) {
  const auto row = row_of(lane_of_rows, {42, spooled_event(lane_of_rows.key, "hello"), nullptr});
  ConnectorNames names;
  for (std::size_t bit = 0; bit < row.size() * 8; ++bit) {
    auto bad = row;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    ASSERT_TRUE(std::holds_alternative<std::string_view>(decode(bad, names, {}))) << "bit " << bit;
  }
  for (std::size_t size = 0; size < row.size(); ++size) {
    ASSERT_TRUE(std::holds_alternative<std::string_view>(decode(row.substr(0, size), names, {}))) << size;
  }
  EXPECT_TRUE(std::holds_alternative<Row>(decode(row, names, {})));
}

/// As somebody might have written it: the checksum fits, what it holds does not.
TEST(Row, PartsThatDoNotFitAreNoRecord) {
  const auto row = row_of(lane_of_rows, {42, spooled_event(lane_of_rows.key, "hello"), nullptr});
  ConnectorNames names;
  std::size_t refused = 0;
  for (std::size_t byte = 8; byte < row.size(); ++byte) {
    auto bad = row;
    bad[byte] = static_cast<char>(0xFF);
    const auto sum = checksum(std::string_view(bad).substr(8));
    for (std::size_t i = 0; i < 8; ++i) bad[i] = static_cast<char>(sum >> (8 * i));
    const auto decoded = decode(bad, names, {});
    if (std::holds_alternative<std::string_view>(decoded)) {
      ++refused;
    } else if (const auto& event = std::get<Row>(decoded).record.event) {
      static_cast<void>(std::string(event->key_text()) + std::string(event->json_text()));
    }
  }
  EXPECT_GT(refused, 20U);
}

TEST(Row, ALetterForWhatIsDamagedSaysWhatWasLost) {
  const event::Now now{{}, event::WallTime(std::chrono::hours(500'000))};
  const auto letter = corrupt_letter(lane_of_rows, 42, "its checksum is not that of its bytes", "\xFF rest", now);
  EXPECT_EQ(letter->reason, "spool_corrupt");
  const auto json = nlohmann::json::parse(letter->value);
  EXPECT_EQ(json["reason"], "spool_corrupt");
  const std::string message = json["violations"][0]["message"];
  EXPECT_NE(message.find("record 42 of stream topic, key streamelements:someone"), std::string::npos) << message;
  EXPECT_NE(message.find("its checksum"), std::string::npos);
  EXPECT_EQ(json["source"], "streamelements");
  EXPECT_EQ(json["frameBase64"], "/yByZXN0");
  EXPECT_EQ(json["frameSize"], 6);
}

TEST(Row, TextsAreKeptOnceAndNotWithoutEnd) {
  EXPECT_EQ(interned(std::string("malformed")).data(), interned(std::string("malformed")).data());
  EXPECT_EQ(interned(std::string(1'000, 'x')), "other");
}

TEST(KnownId, IsTakenFromWhatTheEventSays) {
  ConnectorNames names;
  const auto id =
      id_of(row_of(lane_of_rows, {1, spooled_event(lane_of_rows.key, R"(\"flagged\":true,)"), nullptr}), names);
  ASSERT_TRUE(id);
  EXPECT_EQ(id->connector, "stage");
  EXPECT_EQ(id->id.key, (std::array<std::uint32_t, 3>{0x507f1f77, 0xbcf86cd7, 0x99439011}));
  EXPECT_FALSE(id->id.flagged) << "what stands in a message is no member";
  EXPECT_EQ(id->id.updated, text::parse_time("2026-10-01T12:34:56.789Z"));
  EXPECT_FALSE(id_of(row_of(lane_of_rows, {1, spooled_event("k", "w", event::Kind::notice), nullptr}), names));
  EXPECT_FALSE(id_of(row_of(lane_of_rows, letter_record(1)), names));
  EXPECT_FALSE(id_of("damaged", names));
}

TEST(KnownId, MembersAreThoseOfTheTopLevel) {
  EXPECT_EQ(member_of(R"({"a":{"b":1},"b":2})", "b"), "2");
  EXPECT_EQ(member_of(R"({"a":["b",{"b":3}],"b":{"c":[1]}})", "b"), R"({"c":[1]})");
  EXPECT_EQ(member_of(R"({"a":"b","c":"\"b\":1"})", "b"), "");
  EXPECT_EQ(member_of(R"({"b)", "b"), "");
  EXPECT_EQ(member_of("", "b"), "");
}

}  // namespace
}  // namespace tributary::spool
