#include "connectors/dlive/codec.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "event/id.hpp"
#include "tests/support/fake_intake.hpp"
#include "text/time.hpp"

// What transcripts do not reach: numbers, times, ids and their limits.

namespace tributary::connectors::dlive {
namespace {

using nlohmann::json;

const event::Now noon{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.000Z")};

class CodecTest : public testing::Test {
 protected:
  /// The text of the event that this message becomes.
  std::string text_of(const std::string& message, std::string_view field = "streamMessageReceived") {
    outcome.clear();
    codec.read(R"({"id":"1","type":"data","payload":{"data":{")" + std::string(field) + "\":" + message + "}}}",
               outcome);
    codec.messages("dbl-lee", noon, outcome);
    EXPECT_EQ(outcome.drafts.size(), 1u) << outcome.malformed_detail;
    return outcome.drafts.empty() ? "{}" : support::finished_json(outcome.drafts.front());
  }
  json event_of(const std::string& message) { return json::parse(text_of(message)); }
  json gift(const std::string& gift, const std::string& amount) {
    return event_of(R"({"__typename":"ChatGift","gift":)" + gift + ",\"amount\":" + amount + "}")["data"];
  }
  Codec codec{"arcade", 64};
  Outcome outcome;
};

TEST_F(CodecTest, TimesAreCutFromNanosecondsToMilliseconds) {
  for (const auto& [sent, expected] :
       std::vector<std::pair<std::string, std::string>>{{R"("1560812097380375004")", "2019-06-17T22:54:57.380Z"},
                                                        {"1560812097380999999", "2019-06-17T22:54:57.380Z"},
                                                        {R"("0")", "2026-11-01T12:00:00.000Z"},
                                                        {R"("9223372036854775807")", "2026-11-01T12:00:00.000Z"},
                                                        {R"("1564059282000")", "2019-07-25T12:54:42.000Z"},
                                                        {"1564059282", "2019-07-25T12:54:42.000Z"},
                                                        {R"("-1")", "2026-11-01T12:00:00.000Z"},
                                                        {R"("9223372036854775808")", "2026-11-01T12:00:00.000Z"},
                                                        {R"("soon")", "2026-11-01T12:00:00.000Z"},
                                                        {"1.5e18", "2017-07-14T02:40:00.000Z"},
                                                        {"null", "2026-11-01T12:00:00.000Z"}}) {
    const auto event = event_of(R"({"__typename":"ChatText","id":"a","createdAt":)" + sent + "}");
    EXPECT_EQ(event["createdAt"], expected) << sent;
    EXPECT_EQ(event["data"]["details"]["createdAt"], json::parse(sent)) << sent;
  }
}

TEST_F(CodecTest, GiftsAreLemonsTimesTheirCount) {
  EXPECT_EQ(gift("\"LEMON\"", "\"7\"")["amount"], 7);
  EXPECT_EQ(gift("\"ICE_CREAM\"", "\"7\"")["amount"], 70);
  EXPECT_EQ(gift("\"DIAMOND\"", "7")["amount"], 700);
  EXPECT_EQ(gift("\"NINJAGHINI\"", "\"12\"")["amount"], 12000);
  EXPECT_EQ(gift("\"NINJET\"", "\"3\"")["amount"], 30000);
  EXPECT_EQ(gift("\"NINJET\"", "\"3\"")["currency"], "LEMON");
  EXPECT_EQ(gift("\"DIAMOND\"", "\"0\"")["amount"], 0);
  EXPECT_NE(text_of(R"({"__typename":"ChatGift","gift":"NINJET","amount":"9223372036854775807"})")
                .find("\"amount\":92233720368547758070000,"),
            std::string::npos);
}

TEST_F(CodecTest, ACountThatIsNoneIsZeroAndKept) {
  for (const char* amount :
       {"\"many\"", "null", "\"1.5\"", "-3", "\"007\"", "{}", "\"9999999999999999999999999999999\""}) {
    const auto data = gift("\"DIAMOND\"", amount);
    EXPECT_EQ(data["amount"], 0) << amount;
    EXPECT_EQ(data["details"]["amount"], json::parse(amount)) << amount;
  }
}

TEST_F(CodecTest, CoinsAreAsSentAndUnknownGiftsAreWorthNothing) {
  EXPECT_EQ(gift("\"BTT\"", "\"2500000\"")["amount"], 2500000);
  EXPECT_EQ(gift("\"BTT\"", "\"2500000\"")["currency"], "BTT_MICRO");
  EXPECT_EQ(gift("\"TRX\"", "5")["currency"], "TRX_MICRO");
  const auto unknown = gift("\"MOON_ROCK\"", "\"4\"");
  EXPECT_EQ(unknown["amount"], 0);
  EXPECT_FALSE(unknown.contains("currency"));
  EXPECT_EQ(unknown["details"]["gift"], "MOON_ROCK");
  EXPECT_EQ(unknown["details"]["amount"], "4");
  EXPECT_EQ(gift("7", "\"4\"")["amount"], 0);
}

TEST_F(CodecTest, SixtyFourBitsStayWhatTheyAre) {
  EXPECT_NE(text_of(R"({"__typename":"TreasureChestValueUpdated","value":"9007199254740993"})",
                    "treasureChestMessageReceived")
                .find("\"amount\":9007199254740993,"),
            std::string::npos);
  EXPECT_NE(
      text_of(
          R"({"__typename":"ChatTCValueAdd","id":"a","amount":18446744073709551615,"totalAmount":"18446744073709551617"})")
          .find("\"amount\":18446744073709551615,"),
      std::string::npos);
}

TEST_F(CodecTest, TheSameMessageHasTheSameId) {
  const auto event = event_of(R"({"__typename":"ChatText","type":"Message","id":"80364c42","content":"hello"})");
  EXPECT_EQ(event["_id"], event::derived_id({"dlive", "dbl-lee", "ChatText", "80364c42"}));
  EXPECT_EQ(event["relay"]["upstreamId"], "80364c42");
  EXPECT_EQ(event["channel"], event::derived_id({"dlive", "dbl-lee"}));
  EXPECT_FALSE(event["data"].contains("id"));
}

TEST_F(CodecTest, AnIdThatIsNoneIsNotUsedAndKept) {
  for (const char* id : {"null", "\"\"", "{}", "true"}) {
    const auto event = event_of(R"({"__typename":"ChatText","id":)" + std::string(id) + "}");
    EXPECT_FALSE(event["relay"].contains("upstreamId")) << id;
    EXPECT_EQ(event["data"]["details"]["id"], json::parse(id)) << id;
  }
  const auto huge = event_of(R"({"__typename":"ChatText","id":")" + std::string(5000, 'x') + "\"}");
  EXPECT_FALSE(huge["relay"].contains("upstreamId"));
  EXPECT_EQ(event_of(R"({"__typename":"ChatText","id":42})")["relay"]["upstreamId"], "42");
}

TEST_F(CodecTest, ATypeNobodyKnowsIsKeptWhole) {
  const std::string message =
      R"({"__typename":"ChatNew","type":"New","id":"n1","createdAt":"1560812097380375004","deep":[1,{"x":null}]})";
  const auto event = event_of(message);
  EXPECT_EQ(event["type"], "unknown");
  EXPECT_EQ(event["data"], json({{"upstream", json::parse(message)}}));
  EXPECT_EQ(event["relay"]["upstreamType"], "ChatNew");
  EXPECT_EQ(event["relay"]["upstreamId"], "n1");
  EXPECT_EQ(event["createdAt"], "2019-06-17T22:54:57.380Z");
  EXPECT_EQ(event_of("{}")["relay"]["upstreamType"], "");
  EXPECT_LE(event_of(R"({"__typename":")" + std::string(9000, 'T') + "\"}")["relay"]["upstreamType"]
                .get<std::string>()
                .size(),
            256u);
}

TEST_F(CodecTest, TheTypeIsUsedWhereTheTypeNameSaysNothing) {
  EXPECT_EQ(event_of(R"({"type":"Follow"})")["type"], "follow");
  EXPECT_EQ(event_of(R"({"__typename":"TreasureChestMessage","type":"ValueUpdated","value":5})")["type"],
            "chestValueUpdated");
  EXPECT_EQ(event_of(R"({"__typename":"ChatGift","type":"Follow"})")["type"], "tip");
}

TEST_F(CodecTest, InvalidTextIsMendedAndCounted) {
  const auto event = event_of("{\"__typename\":\"ChatText\",\"content\":\"a\xFF b\"}");
  EXPECT_EQ(event["data"]["message"], "a\xEF\xBF\xBD b");
  EXPECT_EQ(outcome.drafts.front().repaired, 1u);
}

TEST(CanonicalType, OfBothNames) {
  EXPECT_EQ(canonical_type("ChatText"), "chat");
  EXPECT_EQ(canonical_type("Message"), "chat");
  EXPECT_EQ(canonical_type("Nothing"), "");
}

}  // namespace
}  // namespace tributary::connectors::dlive
