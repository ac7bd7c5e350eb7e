#include "connectors/users/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace tributary::connectors::users {
namespace {

using namespace std::chrono_literals;

config::Loaded load(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"users", "", "accounts", config::make_settings<Config>});
  return config::load_text("version: 1\nconnectors:\n  accounts: {type: users" + settings + "}\n", "test.yaml",
                           vocabulary);
}

TEST(Config, OfAnOriginIsEnough) {
  const auto loaded = load(", origin: trusted-host");
  ASSERT_TRUE(loaded.settings);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.url, "ws://localhost:8080");
  EXPECT_EQ(config.origin, "trusted-host");
  EXPECT_EQ(config.label, "");
  EXPECT_FALSE(config.api_key);
  EXPECT_EQ(config.probe_interval, 1s);
  EXPECT_TRUE(config.listen);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Config, ReadsEveryKey) {
  const auto loaded = load(
      ", url: \"wss://127.0.0.1:9/x\", origin: \"https://a\", label: main, api_key: {file: k}, probe_interval: 250ms, "
      "listen: false");
  ASSERT_TRUE(loaded.settings);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.url, "wss://127.0.0.1:9/x");
  EXPECT_EQ(config.label, "main");
  ASSERT_TRUE(config.api_key);
  EXPECT_EQ(config.api_key->kind, config::Secret::Kind::file);
  EXPECT_EQ(config.probe_interval, 250ms);
  EXPECT_FALSE(config.listen);
}

TEST(Config, WarnsOfAMissingOriginUnlessThereIsAKey) {
  EXPECT_EQ(load("").warnings.size(), 1u);
  EXPECT_TRUE(load("").settings);
  EXPECT_EQ(load(", api_key: {env: K}").warnings.size(), 0u);
}

TEST(Config, RefusesWhatCannotBe) {
  for (const std::string settings : {", url: \"http://h\"", ", origin: \"a\\nb\"", ", label: \"a\\tb\"",
                                     ", probe_interval: 1ms", ", probe_interval: 2m", ", api_key: plain"}) {
    EXPECT_FALSE(load(settings).settings) << settings;
  }
  EXPECT_FALSE(load(", label: " + std::string(257, 'l')).settings);
}

config::Loaded load_sink(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"users", "", "accounts", config::make_settings<Config>});
  vocabulary.sinks.push_back({"users", "", "all-users", config::make_settings<SinkConfig>});
  return config::load_text("version: 1\nconnectors: {accounts: {type: users, origin: o}}\nsinks:\n  all: {type: users" +
                               settings + "}\nroutes: [{to: [all]}]\n",
                           "test.yaml", vocabulary);
}

TEST(SinkConfig, OfAConnectorIsEnough) {
  const auto loaded = load_sink(", connector: accounts");
  ASSERT_TRUE(loaded.settings);
  const auto& sink = loaded.settings->sinks.at(0).as<SinkConfig>();
  EXPECT_EQ(sink.confirm_timeout, 5s);
  EXPECT_EQ(sink.resend, 3U);
  EXPECT_EQ(sink.common.format, config::ChannelFormat::envelope);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(SinkConfig, ItsOwnKeysHaveBounds) {
  const auto loaded = load_sink(", connector: accounts, confirm_timeout: 10ms, resend: 101");
  ASSERT_EQ(loaded.faults.size(), 2U);
  EXPECT_EQ(loaded.faults[0].path, "sinks.all.confirm_timeout");
  EXPECT_EQ(loaded.faults[1].path, "sinks.all.resend");
}

}  // namespace
}  // namespace tributary::connectors::users
