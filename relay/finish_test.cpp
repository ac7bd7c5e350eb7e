#include "relay/finish.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "event/id.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;

Finish finish_of(std::uint64_t sequence) {
  return {std::make_shared<const std::string>("main-stage"),          "01K9ZB4T", 3, sequence, false,
          {event::SteadyTime{}, event::WallTime{1'790'858'096'912ms}}};
}

event::Draft draft_of(std::string id, bool identified) {
  event::Draft draft;
  draft.text = "{\"_id\":\"" + id + "\",\"type\":\"tip\",\"relay\":{\"connector\":\"main-stage\"";
  draft.id = {8, static_cast<std::uint32_t>(id.size())};
  draft.type = {static_cast<std::uint32_t>(draft.text.find("tip")), 3};
  draft.identified = identified;
  draft.source = "streamelements";
  draft.upstream_channel = "5eb8a1f0c2d3e4f5a6b7c8d9";
  return draft;
}

TEST(Finish, SaysWhatWasFetchedAfterAGap) {
  auto draft = draft_of("5f1c3d6b9a1b2c3d4e5f6a7b", true);
  draft.backfilled = true;
  EXPECT_EQ(nlohmann::json::parse(finish(std::move(draft), finish_of(1))->json_text())["relay"]["backfilled"], true);
}

TEST(Finish, ClosesTheDraftAndPutsTheKeyBehindIt) {
  const auto event = finish(draft_of("5f1c3d6b9a1b2c3d4e5f6a7b", true), finish_of(1204));
  const auto json = nlohmann::json::parse(event->json_text());
  EXPECT_EQ(json["_id"], "5f1c3d6b9a1b2c3d4e5f6a7b");
  EXPECT_EQ(json["relay"]["run"], "01K9ZB4T");
  EXPECT_EQ(json["relay"]["sequence"], 1204);
  EXPECT_FALSE(json["relay"].contains("test"));
  EXPECT_EQ(event->key_text(), "streamelements:5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(event->upstream_channel_text(), "5eb8a1f0c2d3e4f5a6b7c8d9");
  EXPECT_EQ(event->type_text(), "tip");
}

TEST(Finish, FillsAnIdThatNoUpstreamGaveFromConnectorRunConnectionAndSequence) {
  const auto event = finish(draft_of(std::string(24, '0'), false), finish_of(1204));
  EXPECT_EQ(event->id_text(), event::derived_id({"streamelements", "main-stage", "01K9ZB4T", "3", "1204"}));
  EXPECT_EQ(nlohmann::json::parse(event->json_text())["_id"], event->id_text());
}

TEST(Finish, MarksTestsAndUpdates) {
  auto draft = draft_of("a", true);
  draft.test = true;
  auto how = finish_of(1);
  how.update = true;
  const auto json = nlohmann::json::parse(finish(std::move(draft), how)->json_text());
  EXPECT_EQ(json["relay"]["test"], true);
  EXPECT_EQ(json["relay"]["update"], true);
}

TEST(Finish, AStateValueHasItsNameInTheKey) {
  auto draft = draft_of("a", true);
  draft.key_suffix = "tip-latest";
  const auto event = finish(std::move(draft), finish_of(1));
  EXPECT_EQ(event->key_text(), "streamelements:5eb8a1f0c2d3e4f5a6b7c8d9:tip-latest");
  EXPECT_EQ(event->upstream_channel_text(), "5eb8a1f0c2d3e4f5a6b7c8d9");
}

TEST(FinishNotice, IsACanonicalEventOfTheRelay) {
  const auto event = finish(event::Notice{"connectorDown", "{\"reason\":\"eof\"}"}, finish_of(2));
  const auto json = nlohmann::json::parse(event->json_text());
  EXPECT_EQ(json["provider"], "tributary");
  EXPECT_EQ(json["type"], "connectorDown");
  EXPECT_EQ(json["data"]["reason"], "eof");
  EXPECT_EQ(json["channel"], event::derived_id({"tributary", "main-stage"}));
  EXPECT_EQ(json["relay"]["source"], "tributary");
  EXPECT_EQ(json["createdAt"], "2026-10-01T12:34:56.912Z");
  EXPECT_EQ(event->key_text(), "tributary:main-stage");
}

TEST(FinishNotice, AGapHasTheKeyOfItsChannel) {
  const auto event = finish(event::Notice{"gap", "{}", "5eb8", "streamelements"}, finish_of(2));
  EXPECT_EQ(event->key_text(), "streamelements:5eb8");
  EXPECT_EQ(nlohmann::json::parse(event->json_text())["relay"]["upstreamChannel"], "5eb8");
}

}  // namespace
}  // namespace tributary::relay
