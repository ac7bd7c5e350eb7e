#include "connectors/dlive/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace tributary::connectors::dlive {
namespace {

config::Loaded load(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"dlive", "", "arcade", config::make_settings<Config>});
  return config::load_text("version: 1\nconnectors:\n  arcade: {type: dlive, " + settings + "}\n", "test.yaml",
                           vocabulary);
}

std::string first_fault(const config::Loaded& loaded) {
  return loaded.faults.empty() ? "" : loaded.faults.front().path + ": " + loaded.faults.front().message;
}

TEST(Config, NamesOfStreamersAreEnough) {
  const auto loaded = load("streamers: [dbl-lee]");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.url, "wss://api-ws.dlive.tv");
  EXPECT_EQ(config.api_url, "https://api.dlive.tv");
  EXPECT_TRUE(config.treasure_chest);
  EXPECT_FALSE(config.token);
  EXPECT_EQ(config.resubscribe_limit, 10u);
}

TEST(Config, ReadsEveryKey) {
  const auto loaded = load(
      "url: \"ws://127.0.0.1:9\", api_url: \"http://127.0.0.1:8\", origin: \"https://dlive.tv\", streamers: [a, b], "
      "treasure_chest: false, auth: {token: {env: T}}, resubscribe_limit: 3, backfill: {enabled: false, limit: 50}");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.origin, "https://dlive.tv");
  EXPECT_EQ(config.streamers, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(config.treasure_chest);
  ASSERT_TRUE(config.token);
  EXPECT_EQ(config.token->name, "T");
  EXPECT_EQ(config.resubscribe_limit, 3u);
}

TEST(Config, RefusesWhatCannotBe) {
  EXPECT_NE(first_fault(load("url: \"wss://h\"")).find("streamers"), std::string::npos);
  EXPECT_NE(first_fault(load("streamers: []")).find("streamers"), std::string::npos);
  EXPECT_NE(first_fault(load("streamers: [a, b, a]")).find("twice"), std::string::npos);
  EXPECT_NE(first_fault(load("streamers: [\"two words\"]")).find("username"), std::string::npos);
  EXPECT_FALSE(load("streamers: [a], resubscribe_limit: 0").settings);
  EXPECT_FALSE(load("streamers: [a], origin: \"a\\nb\"").settings);
  EXPECT_FALSE(load("streamers: [a], api_url: \"https://u:p@h\", auth: {token: {env: T}}").settings);
  EXPECT_TRUE(load("streamers: [a], api_url: \"https://u:p@h\"").settings);
  EXPECT_FALSE(load("streamers: [a], url: \"https://h\"").settings);
  EXPECT_NE(first_fault(load("streamers: [a], backfill: {enabled: true}")).find("not yet"), std::string::npos);
}

}  // namespace
}  // namespace tributary::connectors::dlive
