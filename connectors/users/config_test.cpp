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

}  // namespace
}  // namespace tributary::connectors::users
