// The two schemas that are shipped, on events as they are published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "schema/embedded.hpp"
#include "schema/schema.hpp"
#include "schema/validator.hpp"

namespace tributary::schema {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

json tip() {
  return json::parse(R"({"_id": "5f1c3d6b9a1b2c3d4e5f6a7b", "channel": "5eb8a1f0c2d3e4f5a6b7c8d9", "type": "tip",
    "provider": "twitch", "flagged": false,
    "data": {"username": "viewer_123", "displayName": "Viewer 123", "amount": 5.5, "currency": "USD",
             "message": "great stream", "items": [], "avatar": "https://cdn.example.org/a.png",
             "tipId": "5f1c3d6b9a1b2c3d4e5f6a7c"},
    "createdAt": "2026-10-01T12:34:56.789Z", "updatedAt": "2026-10-01T12:34:56.789Z",
    "relay": {"connector": "main-stage", "source": "streamelements", "upstreamType": "tip",
              "upstreamId": "5f1c3d6b9a1b2c3d4e5f6a7b", "upstreamChannel": "5eb8a1f0c2d3e4f5a6b7c8d9",
              "receivedAt": "2026-10-01T12:34:56.912Z", "run": "01K9ZB4T", "sequence": 1204}})");
}

std::vector<std::string> faults_of(const char* file, const json& event) {
  static Validator validator;
  const auto schema = std::get<Schema>(Schema::compile(embedded(file)));
  EXPECT_TRUE(validator.parse(event.dump()));
  std::vector<std::string> result;
  for (const Violation& violation : validator.explain(schema))
    result.push_back(violation.path + ' ' + violation.keyword);
  return result;
}

std::vector<std::string> canonical_faults(const json& event) { return faults_of("event.schema.json", event); }
std::vector<std::string> streamelements_faults(const json& event) {
  return faults_of("streamelements.schema.json", event);
}

TEST(EventSchema, TakesTheEventOfTheDescription) { EXPECT_THAT(canonical_faults(tip()), IsEmpty()); }

TEST(EventSchema, RequiresWhatEveryEventHas) {
  for (const char* name :
       {"_id", "channel", "type", "provider", "flagged", "data", "createdAt", "updatedAt", "relay"}) {
    json event = tip();
    event.erase(name);
    EXPECT_THAT(canonical_faults(event), testing::Contains(" required")) << name;
  }
  for (const char* name : {"connector", "source", "upstreamType", "upstreamChannel", "receivedAt", "run", "sequence"}) {
    json event = tip();
    event["relay"].erase(name);
    EXPECT_THAT(canonical_faults(event), ElementsAre("/relay required")) << name;
  }
}

TEST(EventSchema, RequiresTheDataOfTheSixTypesOnly) {
  for (const char* type : {"cheer", "follow", "host", "raid", "subscriber", "tip"}) {
    for (const char* name : {"username", "displayName", "amount", "message", "items", "avatar"}) {
      json event = tip();
      event["type"] = type;
      event["data"].erase(name);
      EXPECT_THAT(canonical_faults(event), ElementsAre("/data required")) << type << ' ' << name;
    }
  }
  json other = tip();
  other["type"] = "communityGiftPurchase";
  other["data"] = {{"amount", "as sent"}, {"items", nullptr}};
  EXPECT_THAT(canonical_faults(other), IsEmpty());
}

TEST(EventSchema, TakesWhatStreamElementsReallySends) {
  json event = tip();
  event["_id"] = "";
  event["provider"] = "kick";
  event["data"]["username"] = "Capitals and spaces";
  event["data"]["avatar"] = "";
  event["data"]["tier"] = 1000;
  event["data"]["currency"] = nullptr;
  event["activityGroup"] = nullptr;
  event["isMock"] = "yes";
  event["relay"]["ts"] = 1700000000000;
  event["relay"]["nonce"] = json::array();
  event["relay"].erase("upstreamId");
  EXPECT_THAT(canonical_faults(event), IsEmpty());
}

TEST(EventSchema, IsStrictOnWhatTheRelayWrites) {
  const auto with = [](const char* name, const json& value) {
    json event = tip();
    event["relay"][name] = value;
    return canonical_faults(event);
  };
  EXPECT_THAT(with("sequence", -1), ElementsAre("/relay/sequence minimum"));
  EXPECT_THAT(with("sequence", "1"), ElementsAre("/relay/sequence type"));
  EXPECT_THAT(with("receivedAt", "yesterday"), ElementsAre("/relay/receivedAt format"));
  EXPECT_THAT(with("test", false), ElementsAre("/relay/test const"));
  EXPECT_THAT(with("update", nullptr), ElementsAre("/relay/update const"));
  EXPECT_THAT(with("backfilled", 1), ElementsAre("/relay/backfilled const"));
  EXPECT_THAT(with("connector", ""), ElementsAre("/relay/connector minLength"));
  EXPECT_THAT(with("hops", 0), ElementsAre("/relay/hops minimum"));
  EXPECT_THAT(with("origin", "studio-a"), IsEmpty());
}

TEST(StreamElementsSchema, TellsEventsForItsReadersFromOthers) {
  json event = tip();
  EXPECT_THAT(streamelements_faults(event), ElementsAre("/data/amount type"));
  event["data"]["amount"] = 5;
  EXPECT_THAT(streamelements_faults(event), IsEmpty());
  event["data"]["username"] = "Viewer";
  event["data"]["avatar"] = "not a uri";
  event["type"] = "redemption";
  EXPECT_THAT(streamelements_faults(event),
              testing::UnorderedElementsAre("/data/username pattern", "/data/avatar format", "/type enum"));
}

}  // namespace
}  // namespace tributary::schema
