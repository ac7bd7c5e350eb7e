#include "connectors/streamelements/show.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "connectors/streamelements/codec.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

const event::WallTime first_moment = *text::parse_time("2026-11-01T12:00:00.000Z");

TEST(Show, OfTheSameSeedIsTheSame) {
  Audience first(7), second(7), third(8);
  Show one(first, "c"), other(second, "c"), different(third, "c");
  bool differs = false;
  for (int i = 0; i < 500; ++i) {
    const std::string json = one.next(first_moment).json;
    ASSERT_EQ(json, other.next(first_moment).json);
    differs |= json != different.next(first_moment).json;
  }
  EXPECT_TRUE(differs);
}

TEST(Show, ShowsEveryTypeAndNumbersItsIds) {
  Audience audience(1);
  Show show(audience, "5eb8a1f0c2d3e4f5a6b7c8d9");
  std::set<std::string> types, ids;
  for (unsigned i = 0; i < 5000; ++i) {
    const auto& activity = show.next(first_moment);
    types.insert(activity.type);
    ids.insert(activity.id);
    ASSERT_EQ(activity.id.size(), 24u);
    ASSERT_EQ(std::stoul(activity.id.substr(16), nullptr, 16), i);
  }
  EXPECT_EQ(ids.size(), 5000u);
  for (auto type :
       {"tip", "cheer", "follow", "host", "raid", "subscriber", "communityGiftPurchase", "superchat",
        "channelPointsRedemption", "redemption", "sponsor", "merch", "charityCampaignDonation", "hypetrain"}) {
    EXPECT_TRUE(types.count(type)) << type;
  }
}

TEST(Show, WritesWhatTheCodecUnderstands) {
  Audience audience(3);
  Show show(audience, "5eb8a1f0c2d3e4f5a6b7c8d9");
  Codec codec({"main-stage", true, true, 64});
  const event::Now both{event::SteadyTime{}, first_moment};
  for (int i = 0; i < 3000; ++i) {
    Outcome outcome;
    const auto activity = show.next(first_moment);
    codec.read("[\"event\"," + activity.json + "," + show.emission(first_moment) + "]", "", both, outcome);
    ASSERT_EQ(outcome.drafts.size(), 1u) << activity.json << outcome.malformed_detail;
    const auto& draft = outcome.drafts[0];
    ASSERT_EQ(draft.id.of(draft.text), activity.id);
    ASSERT_EQ(draft.repaired, 0u);
    const auto sent = nlohmann::json::parse(activity.json);
    const auto event = nlohmann::json::parse(draft.text + "}}");
    for (const auto& [key, value] : sent["data"].items()) {
      if (key == "amount" && value.is_string()) continue;
      ASSERT_EQ(event["data"][key], value) << activity.json;
    }
  }
}

TEST(Show, TestsMocksAndUpdatesAreWhatTheyAre) {
  Audience audience(3);
  Show show(audience, "5eb8a1f0c2d3e4f5a6b7c8d9");
  Codec codec({"main-stage", true, true, 64});
  const event::Now both{event::SteadyTime{}, first_moment};
  for (int i = 0; i < 200; ++i) {
    Outcome outcome;
    codec.read("[\"event:test\"," + show.test() + "]", "c", both, outcome);
    codec.read("[\"event\"," + show.mock(first_moment) + "]", "c", both, outcome);
    codec.read("[\"event:update\"," + show.update("a1", i) + "]", "c", both, outcome);
    ASSERT_EQ(outcome.drafts.size(), 3u) << outcome.malformed_detail;
    EXPECT_TRUE(outcome.drafts[0].test && outcome.drafts[1].test);
    EXPECT_EQ(outcome.drafts[2].kind, event::Kind::state);
  }
}

TEST(Audience, IsOnAverageAsLivelyAsAsked) {
  Audience audience(11);
  double sum = 0;
  constexpr int ticks = 400'000;
  for (int i = 0; i < ticks; ++i) sum += audience.pace();
  EXPECT_NEAR(sum / ticks, 1.0, 0.15);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
