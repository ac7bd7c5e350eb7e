#include "connectors/json/draft_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "connectors/json/json_parts.hpp"
#include "event/id.hpp"
#include "tests/support/fake_intake.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

using nlohmann::json;

const event::Now now{event::SteadyTime{}, *text::parse_time("2026-11-01T12:00:00.250Z")};

class DraftWriterTest : public ::testing::Test {
 protected:
  Value read(std::string_view text) {
    Value whole;
    EXPECT_TRUE(parts.read(text_reader, text, whole));
    return whole;
  }
  json finish(std::optional<event::WallTime> created = {}) {
    writer.finish(created, now);
    return json::parse(support::finished_json(draft));
  }
  JsonText text_reader{64};
  JsonParts parts;
  DraftWriter writer{"dlive", "dlive", "arcade \"1\""};
  event::Draft draft;
};

TEST_F(DraftWriterTest, WritesAnEventWithTheIdItsUpstreamIdGives) {
  writer.begin({"chat", "ChatText", "dbl-lee", "80364c42"}, draft);
  writer.put_text("message", "hi \"there\"");
  const auto event = finish(text::parse_time("2019-06-17T22:54:57.380Z"));
  EXPECT_EQ(event["_id"], event::derived_id({"dlive", "dbl-lee", "ChatText", "80364c42"}));
  EXPECT_EQ(event["channel"], event::derived_id({"dlive", "dbl-lee"}));
  EXPECT_EQ(event["type"], "chat");
  EXPECT_EQ(event["provider"], "dlive");
  EXPECT_EQ(event["flagged"], false);
  EXPECT_EQ(event["data"], json({{"message", "hi \"there\""}}));
  EXPECT_EQ(event["createdAt"], "2019-06-17T22:54:57.380Z");
  EXPECT_EQ(event["updatedAt"], event["createdAt"]);
  EXPECT_EQ(event["relay"]["connector"], "arcade \"1\"");
  EXPECT_EQ(event["relay"]["source"], "dlive");
  EXPECT_EQ(event["relay"]["upstreamType"], "ChatText");
  EXPECT_EQ(event["relay"]["upstreamId"], "80364c42");
  EXPECT_EQ(event["relay"]["upstreamChannel"], "dbl-lee");
  EXPECT_EQ(event["relay"]["receivedAt"], "2026-11-01T12:00:00.250Z");
  EXPECT_TRUE(draft.identified);
  EXPECT_EQ(draft.type.of(draft.text), "chat");
  EXPECT_EQ(draft.provider.of(draft.text), "dlive");
  EXPECT_EQ(draft.id.of(draft.text), event["_id"].get<std::string>());
  EXPECT_EQ(draft.created_at.of(draft.text), "2019-06-17T22:54:57.380Z");
  EXPECT_EQ(draft.updated, draft.created);
}

TEST_F(DraftWriterTest, WithoutAnIdAndATimeItIsTheRelayThatGivesThem) {
  writer.begin({"live", "ChatLive", "dbl-lee"}, draft);
  const auto event = finish();
  EXPECT_FALSE(draft.identified);
  EXPECT_EQ(event["_id"], "000000000000000000000000");
  EXPECT_FALSE(event["relay"].contains("upstreamId"));
  EXPECT_EQ(event["createdAt"], "2026-11-01T12:00:00.250Z");
  EXPECT_EQ(draft.created, now.wall);
  EXPECT_FALSE(draft.updated) << "the receive time is ours, and tells no update from a repeat";
  EXPECT_EQ(event["data"], json::object());
}

TEST_F(DraftWriterTest, AnEmptyNameToShowIsAsGoodAsNone) {
  for (const bool name_first : {true, false}) {
    writer.begin({"tip", "X", "c", "1"}, draft);
    if (name_first) writer.put_text("displayName", "");
    writer.put_text("username", "ana");
    if (!name_first) writer.put("displayName", read(R"("")"));
    EXPECT_EQ(finish()["data"]["displayName"], "ana");
  }
  writer.begin({"tip", "X", "c", "1"}, draft);
  writer.put_text("displayName", "");
  EXPECT_EQ(finish()["data"]["displayName"], "") << "nobody is known";
  writer.begin({"chat", "X", "c", "1"}, draft);
  writer.put_text("displayName", "");
  EXPECT_EQ(finish()["data"], json({{"displayName", ""}})) << "other types are as sent";
}

TEST_F(DraftWriterTest, FillsWhatTheSixTypesPromise) {
  for (const char* type : {"tip", "cheer", "follow", "subscriber", "raid", "host"}) {
    writer.begin({type, "X", "c", "1"}, draft);
    writer.put_text("username", "ana");
    const auto data = finish()["data"];
    EXPECT_EQ(data, json({{"username", "ana"},
                          {"displayName", "ana"},
                          {"amount", 0},
                          {"message", ""},
                          {"items", json::array()},
                          {"avatar", ""}}));
  }
  writer.begin({"follow", "X", "c", "1"}, draft);
  EXPECT_EQ(finish()["data"]["username"], "");
}

TEST_F(DraftWriterTest, NumbersKeepTheirTextAndWordsBecomeZero) {
  const Object fields =
      parts.members(read(R"({"a":4.20,"b":"1560812097380375004","c":"gift","d":null,"e":"007","f":7})"));
  writer.begin({"tip", "X", "c", "1"}, draft);
  writer.put_number("amount", fields["a"]);
  writer.put_number("big", fields["b"]);
  writer.put_number("gift", fields["c"]);
  writer.put_number("nothing", fields["d"]);
  writer.put_number("zeros", fields["e"]);
  writer.put_number("absent", fields["z"]);
  writer.put_text("username", fields["f"]);
  writer.put_text("displayName", fields["d"]);
  finish();
  const std::string text = draft.text;
  EXPECT_NE(text.find("\"amount\":4.20,"), std::string::npos) << text;
  EXPECT_NE(text.find("\"big\":1560812097380375004,"), std::string::npos) << text;
  const auto data = json::parse(support::finished_json(draft))["data"];
  EXPECT_EQ(data["gift"], 0);
  EXPECT_EQ(data["details"]["gift"], "gift");
  EXPECT_EQ(data["nothing"], 0);
  EXPECT_EQ(data["details"]["nothing"], nullptr);
  EXPECT_EQ(data["zeros"], 0);
  EXPECT_EQ(data["details"]["zeros"], "007");
  EXPECT_FALSE(data.contains("absent"));
  EXPECT_EQ(data["username"], "7");
  EXPECT_EQ(data["displayName"], "7") << "filled, because null is no text";
}

TEST_F(DraftWriterTest, DetailsOfOneNameAreAllKept) {
  const Object fields = parts.members(read(R"({"id":1,"q\"":2})"));
  writer.begin({"chat", "X", "c", "1"}, draft);
  writer.detail("id", fields["id"]);
  writer.detail("id", fields["id"]);
  writer.detail("id", fields["id"]);
  writer.detail("q\\\"", fields["q\\\""]);
  for (int i = 0; i < 100; ++i) writer.detail("n" + std::to_string(i % 60), fields["id"]);
  const auto details = finish()["data"]["details"];
  EXPECT_EQ(details.size(), 4u + 100u);
  EXPECT_EQ(details["upstream.upstream.id"], 1);
  EXPECT_EQ(details["q\""], 2);
  EXPECT_EQ(details["upstream.n7"], 1);
}

TEST_F(DraftWriterTest, NothingOfOneEventStaysForTheNext) {
  const Object fields = parts.members(read(R"({"id":1})"));
  writer.begin({"tip", "X", "c", "1"}, draft);
  writer.put_text("username", "ana");
  writer.detail("id", fields["id"]);
  finish();
  writer.begin({"tip", "Y", "d"}, draft);
  const auto event = finish();
  EXPECT_EQ(event["data"]["username"], "");
  EXPECT_FALSE(event["data"].contains("details"));
  EXPECT_EQ(event["relay"]["upstreamChannel"], "d");
}

}  // namespace
}  // namespace tributary::connectors
