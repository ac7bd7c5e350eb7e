#include "connectors/dlive/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "connectors/dlive/factory.hpp"
#include "connectors/dlive/publishing.hpp"

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
      "treasure_chest: false, auth: {token: {env: T}}, resubscribe_limit: 3, backfill: {enabled: true, limit: 70}");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.origin, "https://dlive.tv");
  EXPECT_EQ(config.streamers, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(config.treasure_chest);
  ASSERT_TRUE(config.token);
  EXPECT_EQ(config.token->name, "T");
  EXPECT_EQ(config.resubscribe_limit, 3u);
  EXPECT_TRUE(config.backfill);
  EXPECT_EQ(config.backfill_limit, 70u);
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
  EXPECT_FALSE(load("streamers: [a], backfill: {limit: 0}").settings);
  EXPECT_FALSE(load("streamers: [a], backfill: {limit: 1001}").settings);
  EXPECT_NE(first_fault(load("streamers: [a], api_url: \"\", backfill: {enabled: true}")).find("api_url"),
            std::string::npos);
  EXPECT_TRUE(load("streamers: [a], api_url: \"\", backfill: {enabled: false}").settings);
  EXPECT_EQ(load("streamers: [a], backfill: {enabled: true}, dedupe: {ids: 0}").warnings.size(), 1u);
}

config::Loaded load_sink(const std::string& keys) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"dlive", "", "arcade", config::make_settings<Config>});
  vocabulary.sinks.push_back({"dlive", "", "arcade-chat", config::make_settings<SinkConfig>, entry().channel->fault});
  return config::load_text(
      "version: 1\nconnectors:\n"
      "  arcade: {type: dlive, streamers: [dbl-lee]}\n"
      "  nowhere: {type: dlive, streamers: [dbl-lee], api_url: \"\"}\n"
      "  with-user: {type: dlive, streamers: [dbl-lee], api_url: \"https://u:p@api.dlive.tv\"}\n"
      "sinks:\n  arcade-chat: {type: dlive, template: thanks, " +
          keys + "}\nroutes: [{to: [arcade-chat]}]\n",
      "test.yaml", vocabulary);
}

std::string fault_of(const std::string& keys) {
  const auto loaded = load_sink(keys);
  return loaded.faults.empty() ? "" : loaded.faults.front().path + ": " + loaded.faults.front().message;
}

TEST(SinkConfig, SaysInWhoseChatAsWhomAndHowMuch) {
  const auto loaded = load_sink("connector: arcade, streamer: another, token: {env: T}, length: 500");
  ASSERT_TRUE(loaded.settings) << fault_of("connector: arcade, streamer: another, token: {env: T}, length: 500");
  const auto& sink = loaded.settings->sinks.at(0).as<SinkConfig>();
  const auto speaker = std::dynamic_pointer_cast<const Speaker>(entry().channel->address(sink));
  ASSERT_TRUE(speaker);
  EXPECT_EQ(speaker->streamer, "another");
  EXPECT_EQ(speaker->token.name, "T");
  EXPECT_EQ(speaker->length, 500u);
  EXPECT_EQ(entry().channel->channel(sink, loaded.settings->connectors.at(0).as<Config>(), "arcade"), "another");
  EXPECT_EQ(load_sink("connector: arcade, streamer: a, token: {env: T}").settings->sinks.at(0).as<SinkConfig>().length,
            140u);
}

TEST(SinkConfig, RefusesWhatCannotBeSaid) {
  EXPECT_NE(fault_of("connector: arcade, streamer: \"dbl lee\", token: {env: T}").find("no username"),
            std::string::npos);
  EXPECT_NE(fault_of("connector: arcade, streamer: a, token: {env: T}, length: 501").find("length"), std::string::npos);
  EXPECT_NE(fault_of("connector: arcade, streamer: a, token: {env: T}, length: 0").find("length"), std::string::npos);
  EXPECT_NE(fault_of("connector: arcade, streamer: a").find("token"), std::string::npos);
  EXPECT_NE(fault_of("connector: arcade, token: {env: T}").find("streamer"), std::string::npos);
  EXPECT_NE(fault_of("connector: nowhere, streamer: a, token: {env: T}").find("`api_url` of this connector is empty"),
            std::string::npos);
  EXPECT_NE(fault_of("connector: with-user, streamer: a, token: {env: T}").find("Authorization"), std::string::npos);
}

}  // namespace
}  // namespace tributary::connectors::dlive
