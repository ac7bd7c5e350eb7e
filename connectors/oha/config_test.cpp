#include "connectors/oha/config.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "connectors/oha/factory.hpp"

namespace tributary::connectors::oha {
namespace {

config::Loaded load(const std::string& settings) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"oha", "", "classroom", config::make_settings<Config>});
  return config::load_text("version: 1\nconnectors:\n  classroom: {type: oha, " + settings + "}\n", "test.yaml",
                           vocabulary);
}

std::string first_fault(const config::Loaded& loaded) {
  return loaded.faults.empty() ? "" : loaded.faults.front().path + ": " + loaded.faults.front().message;
}

TEST(Config, AKeyAndALabelAreEnough) {
  const auto loaded = load("stream: {file: s}, label: maths-101");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& config = loaded.settings->connectors.at(0).as<Config>();
  EXPECT_EQ(config.dial_url("k", ""), "wss://api.oha.education/ws/streams/k/");
  EXPECT_FALSE(config.auth);
  EXPECT_EQ(config.label, "maths-101");
}

TEST(Config, ReadsEveryWayToAuthenticate) {
  for (const auto& [word, in] :
       {std::pair{"header", TokenIn::header}, {"message", TokenIn::message}, {"query", TokenIn::query}}) {
    const auto loaded = load(std::string("stream: {env: S}, label: l, auth: {token: {env: T}, in: ") + word + "}");
    ASSERT_TRUE(loaded.settings) << first_fault(loaded);
    const auto& config = loaded.settings->connectors.at(0).as<Config>();
    ASSERT_TRUE(config.auth);
    EXPECT_EQ(config.auth->in, in);
    EXPECT_EQ(config.auth->token.name, "T");
  }
  const auto loaded = load("stream: {env: S}, label: l, auth: {token: {command: [fetch]}}");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  EXPECT_EQ(loaded.settings->connectors.at(0).as<Config>().auth->in, TokenIn::header);
}

TEST(Config, TheAddressMayHaveAPathAndKeepsOneSlash) {
  Config config;
  config.url = "ws://127.0.0.1:9/base/";
  EXPECT_EQ(config.dial_url("a b", "t+"), "ws://127.0.0.1:9/base/streams/a%20b/?token=t%2B");
}

TEST(Config, RefusesWhatCannotBe) {
  EXPECT_NE(first_fault(load("label: l")).find("stream"), std::string::npos);
  EXPECT_NE(first_fault(load("stream: {env: S}")).find("label"), std::string::npos);
  EXPECT_FALSE(load("stream: {env: S}, label: \"\"").settings);
  EXPECT_FALSE(load("stream: {env: S}, label: l, auth: {in: header}").settings);
  EXPECT_FALSE(load("stream: {env: S}, label: l, auth: {token: {env: T}, in: cookie}").settings);
  EXPECT_NE(
      first_fault(load("stream: {env: S}, label: l, url: \"wss://u:p@h/ws\", auth: {token: {env: T}}")).find("url: "),
      std::string::npos);
  EXPECT_TRUE(
      load("stream: {env: S}, label: l, url: \"wss://u:p@h/ws\", auth: {token: {env: T}, in: message}").settings);
  EXPECT_NE(first_fault(load("stream: {env: S}, label: l, url: \"wss://h/ws?x=1\"")).find("query"), std::string::npos);
  EXPECT_NE(first_fault(load("stream: {env: S}, label: l, url: \"wss://h/ws/streams/k/\"")).find("stream"),
            std::string::npos);
}

config::Loaded load_sink(const std::string& keys) {
  config::Vocabulary vocabulary;
  vocabulary.connectors.push_back({"oha", "", "classroom", config::make_settings<Config>});
  vocabulary.sinks.push_back({"oha", "", "class-chat", config::make_settings<SinkConfig>, entry().channel->fault});
  return config::load_text(
      "version: 1\nconnectors:\n"
      "  classroom: {type: oha, stream: {env: S}, label: l, auth: {token: {env: T}}}\n"
      "  listener: {type: oha, stream: {env: S}, label: l}\n"
      "sinks:\n  class-chat: {type: oha, " +
          keys + "}\nroutes: [{to: [class-chat]}]\n",
      "test.yaml", vocabulary);
}

TEST(SinkConfig, NeedsATemplateAndAConnectorThatMaySpeak) {
  const auto loaded = load_sink("connector: classroom, template: \"hola {data.username}\"");
  ASSERT_TRUE(loaded.settings) << first_fault(loaded);
  const auto& sink = loaded.settings->sinks.at(0).as<SinkConfig>();
  EXPECT_EQ(sink.common.format, config::ChannelFormat::text);
  EXPECT_EQ(sink.common.words, "hola {data.username}");
  EXPECT_EQ(entry().channel->channel(sink, loaded.settings->connectors.at(0).as<Config>(), "classroom"), "l");
  EXPECT_NE(first_fault(load_sink("connector: listener, template: hola")).find("has no `auth`"), std::string::npos);
  EXPECT_FALSE(load_sink("connector: classroom").settings) << "a chat has no words of its own";
  EXPECT_FALSE(load_sink("connector: classroom, template: hola, format: envelope").settings);
}

}  // namespace
}  // namespace tributary::connectors::oha
