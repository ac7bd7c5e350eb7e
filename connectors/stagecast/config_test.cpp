#include "connectors/stagecast/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace tributary::connectors::stagecast {
namespace {

config::Loaded load(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"stagecast", "", "hall", config::make_settings<Config>});
  return config::load_text("version: 1\nconnectors:\n  hall: {type: stagecast, " + settings + "}\n", "test.yaml",
                           vocabulary);
}

std::string first_fault(const config::Loaded& loaded) {
  return loaded.faults.empty() ? "" : loaded.faults.front().path + ": " + loaded.faults.front().message;
}

TEST(Config, OfAChannelIsEnoughToListen) {
  const auto loaded = load("channel: livehacks_test");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.dial_url(), "wss://stagecast.se/api/events/livehacks_test/ws");
  EXPECT_FALSE(config.auth);
  EXPECT_TRUE(config.listen);
}

TEST(Config, ReadsEveryKey) {
  const auto loaded = load(
      "url: \"ws://127.0.0.1:9/\", channel: \"a b\", auth: {email: r@example.org, password: {file: p}}, listen: false");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.dial_url(), "ws://127.0.0.1:9/api/events/a%20b/ws");
  ASSERT_TRUE(config.auth);
  EXPECT_EQ(config.auth->email, "r@example.org");
  EXPECT_EQ(config.auth->secret().kind, config::Secret::Kind::file);
  EXPECT_FALSE(config.listen);
  EXPECT_EQ(load("channel: c, auth: {token: {env: T}}").settings->connectors.at(0).as<Config>().auth->secret().name,
            "T");
}

TEST(Config, WantsExactlyOneWayToAuthenticateAndSaysWhere) {
  const std::pair<std::string, std::string> wrong[] = {
      {"{token: {env: T}, email: a@example.org, password: {env: P}}", "auth.token: two ways"},
      {"{token: {env: T}, email: a@example.org}", "auth.token: two ways"},
      {"{token: {env: T}, password: {env: P}}", "auth.token: two ways"},
      {"{email: a@example.org}", "auth.email: `password` is missing"},
      {"{password: {env: P}}", "auth.password: `email` is missing"},
      {"{}", "auth"},
  };
  for (const auto& [auth, words] : wrong) {
    const auto loaded = load("channel: c, auth: " + auth);
    EXPECT_FALSE(loaded.settings) << auth;
    EXPECT_NE(first_fault(loaded).find(words), std::string::npos) << auth << " " << first_fault(loaded);
    EXPECT_GT(loaded.faults.at(0).place.line, 0u) << auth;
  }
}

TEST(Config, RefusesWhatCannotBeDialled) {
  for (const std::string settings : {"listen: true", "channel: \"\"", "channel: \"..\"", "channel: \"a\\nb\"",
                                     "channel: c, listen: false", "channel: c, url: \"wss://h/?q=1\"",
                                     "channel: c, url: \"wss://h/api/events/c/ws\"", "channel: c, url: \"http://h\""}) {
    EXPECT_FALSE(load(settings).settings) << settings;
  }
  EXPECT_FALSE(load("channel: " + std::string(257, 'c')).settings);
}

}  // namespace
}  // namespace tributary::connectors::stagecast
