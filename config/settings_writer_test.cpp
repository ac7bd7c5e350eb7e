#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string shown_of(const std::string& text) {
  const auto loaded = fixture::read(text);
  for (const auto& fault : loaded.faults) ADD_FAILURE() << format(fault);
  return loaded.settings ? shown(*loaded.settings, fixture::vocabulary()) : std::string();
}

TEST(ShownSettings, AreTheValuesInForceAlsoDefaults) {
  const auto text = shown_of(
      "version: 1\ninstance: one\nconnectors:\n  main: {type: gauge, enabled: false, url: wss://gauge.example.org/a, "
      "auth: {token: {file: "
      "secrets/t}}}\nsinks:\n  events: {type: broker, brokers: [a:1, b:2], properties: {x.y: z}}\nroutes:\n"
      "  - {to: [events], types: [tip], where: 'data.amount >= 5'}\n");
  EXPECT_THAT(text, HasSubstr("version: 1\ninstance: one\n"));
  EXPECT_THAT(
      text,
      HasSubstr("\nconnectors:\n  main:\n    type: gauge\n    enabled: false\n    url: wss://gauge.example.org/a\n"));
  EXPECT_THAT(text, HasSubstr("\n    auth:\n      method: jwt\n      token: {file: secrets/t}\n"));
  EXPECT_THAT(text, HasSubstr("\n    ping_interval: 20s\n"));
  EXPECT_THAT(text, HasSubstr("\n    brokers: [a:1, b:2]\n")) << "plain words of YAML";
  EXPECT_THAT(text, HasSubstr("\nroutes:\n  - "));
  EXPECT_THAT(text, HasSubstr("where: \"data.amount >= 5\"\n"));
}

TEST(ShownSettings, HoldNoSecret) {
  const auto text = shown_of(
      "version: 1\nconnectors:\n  main:\n    type: gauge\n    url: wss://user:CANARY@gauge.example.org/a\n"
      "    auth: {token: {value: CANARY}}\n    headers: {X-A: CANARY}\n    proxy: http://u:CANARY@proxy:1\n"
      "  other:\n    type: gauge\n    url: wss://gauge.example.org/a?token=CANARY\n"
      "    auth: {token: {command: [fetch, CANARY]}}\n");
  EXPECT_THAT(text, Not(HasSubstr("CANARY")));
  EXPECT_THAT(text, HasSubstr("token: {value: \"(hidden)\"}"));
  EXPECT_THAT(text, HasSubstr("url: \"wss://(hidden)@gauge.example.org/a\"\n"));
  EXPECT_THAT(text, HasSubstr("wss://gauge.example.org/a?(hidden)"));
  EXPECT_THAT(text, HasSubstr("command: [fetch, \"(hidden)\"]"));
}

TEST(ShownSettings, CanBeReadByTheirOwnReader) {
  const std::string file =
      "version: 1\ninstance: \"off\"\nconnectors:\n  main: {type: gauge, url: "
      "'wss://u:CANARY@gauge.example.org/a?b=c', "
      "auth: {token: {file: t}}}\n"
      "sinks:\n  events: {type: lines, path: \"a b\\\\c\\\"d\"}\nroutes: [{to: [events]}]\n";
  const auto text = shown_of(file);
  EXPECT_EQ(shown_of(text), text);
}

}  // namespace
}  // namespace tributary::config
