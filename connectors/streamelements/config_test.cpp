#include "connectors/streamelements/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace tributary::connectors::streamelements {
namespace {

config::Loaded load(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"streamelements", "", "main-stage", config::make_settings<Config>});
  return config::load_text("version: 1\nconnectors:\n  main-stage: {type: streamelements, " + settings + "}\n",
                           "test.yaml", vocabulary);
}

std::string first_fault(const config::Loaded& loaded) {
  return loaded.faults.empty() ? "" : loaded.faults.front().path + ": " + loaded.faults.front().message;
}

TEST(Config, OfOneLineIsEnough) {
  const auto loaded = load("auth: {method: jwt, token: {file: se.jwt}}");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.dial_url(), "wss://realtime.streamelements.com/socket.io/?EIO=3&transport=websocket");
  EXPECT_EQ(config.method, Method::jwt);
  EXPECT_FALSE(config.test_events);
}

TEST(Config, ReadsEveryKey) {
  const auto loaded = load(
      "url: \"ws://127.0.0.1:9/socket.io/?cluster=main\", engine_io: 4, auth: {method: apikey, token: {env: T}}, "
      "channel: 5eb8a1f0c2d3e4f5a6b7c8d9, test_events: true, state_updates: true, backfill: {enabled: false}, "
      "frame_limit: 1MiB");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.dial_url(), "ws://127.0.0.1:9/socket.io/?cluster=main&EIO=4&transport=websocket");
  EXPECT_EQ(config.method, Method::apikey);
  EXPECT_TRUE(config.test_events && config.state_updates);
  EXPECT_EQ(config.common.frame_limit.bytes, 1u << 20);
}

TEST(Config, RefusesWhatTheConnectorSetsItself) {
  for (const std::string query : {"EIO=3", "a=1&transport=polling", "EIO"}) {
    const auto loaded = load("url: \"wss://h/socket.io/?" + query + "\", auth: {token: {env: T}}");
    EXPECT_FALSE(loaded.settings);
    EXPECT_NE(first_fault(loaded).find("url: "), std::string::npos) << first_fault(loaded);
  }
  EXPECT_TRUE(load("url: \"wss://h/socket.io/?EIOU=3\", auth: {token: {env: T}}").settings);
}

TEST(Config, RefusesAChannelThatIsNoneAndAMissingToken) {
  EXPECT_NE(first_fault(load("channel: mychannel, auth: {token: {env: T}}")).find("24"), std::string::npos);
  EXPECT_FALSE(load("auth: {method: jwt}").settings);
  EXPECT_FALSE(load("engine_io: 3").settings);
  EXPECT_FALSE(load("engine_io: 5, auth: {token: {env: T}}").settings);
  EXPECT_FALSE(load("auth: {method: password, token: {env: T}}").settings);
}

TEST(Config, ReadsWhereWhatWasMissedIsAskedFor) {
  const auto loaded =
      load("auth: {token: {env: T}}, backfill: {enabled: true, api_url: \"http://h:8/deep\", limit: 7}");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.backfill, (Config::Backfill{true, "http://h:8/deep", 7}));
  EXPECT_EQ(Config{}.backfill, (Config::Backfill{false, "https://api.streamelements.com", 500}));
}

TEST(Config, RefusesWhatNoActivitiesCanBeAskedWith) {
  const auto fault = [](const std::string& backfill) {
    return first_fault(load("auth: {token: {env: T}}, backfill: {" + backfill + "}"));
  };
  EXPECT_NE(fault("limit: 1").find("backfill.limit"), std::string::npos);
  EXPECT_NE(fault("limit: 501").find("backfill.limit"), std::string::npos);
  EXPECT_NE(fault("enabled: true, api_url: \"\"").find("backfill.api_url"), std::string::npos);
  EXPECT_NE(fault("api_url: \"https://h/?a=b\"").find("without a query"), std::string::npos);
  EXPECT_NE(fault("api_url: \"https://u:p@h\"").find("Authorization"), std::string::npos);
  EXPECT_NE(fault("api_url: \"wss://h\"").find("backfill.api_url"), std::string::npos);
  EXPECT_EQ(load("auth: {method: apikey, token: {env: T}}, backfill: {enabled: true}").warnings.size(), 1u);
  EXPECT_EQ(load("auth: {token: {env: T}}, backfill: {enabled: true}, dedupe: {ids: 0}").warnings.size(), 1u);
  EXPECT_EQ(load("auth: {method: oauth2, token: {env: T}}, backfill: {enabled: true}").warnings.size(), 0u);
}

TEST(Config, DialsTheSocketIoPathOfAHost) {
  Config config;
  for (const std::string url : {"wss://h", "wss://h/", "wss://h/socket.io", "wss://h/socket.io/"}) {
    config.url = url;
    EXPECT_EQ(config.dial_url(), "wss://h/socket.io/?EIO=3&transport=websocket") << url;
  }
  config.url = "ws://h:81/deep/socket.io?x=1";
  EXPECT_EQ(config.dial_url(), "ws://h:81/deep/socket.io/?x=1&EIO=3&transport=websocket");
  config.url = "ws://user:p%40ss@[::1]:81?x=1";
  EXPECT_EQ(config.dial_url(), "ws://user:p%40ss@[::1]:81/socket.io/?x=1&EIO=3&transport=websocket");
}

}  // namespace
}  // namespace tributary::connectors::streamelements
