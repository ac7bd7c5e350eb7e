#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* base = R"(
version: 1
instance: one
connectors:
  main: {type: gauge, url: wss://gauge.example.org/a, auth: {token: {file: secrets/t}}, headers: {X-A: plain}}
sinks:
  events: {type: broker, brokers: [a:1, b:2], properties: {x.y: z}}
  other: {type: lines}
routes:
  - {to: [events]}
  - {to: [other], types: [tip]}
)";

Values values(const std::string& text) {
  auto loaded = fixture::read(text);
  for (const auto& fault : loaded.faults) ADD_FAILURE() << format(fault);
  return loaded.settings ? values_of(*loaded.settings, fixture::vocabulary()) : Values{};
}

/// The base with one text in it replaced.
std::vector<std::string> changes(const std::string& what, const std::string& with) {
  std::string text = base;
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), with);
  return differences(values(base), values(text));
}

TEST(Values, of_the_same_configuration_do_not_differ) {
  EXPECT_THAT(differences(values(base), values(base)), IsEmpty());
  EXPECT_THAT(changes("version: 1", "# a comment\nversion: 1\nstop_timeout: 25s"), IsEmpty()) << "a default, written";
  EXPECT_THAT(changes("brokers: [a:1, b:2]", "brokers:\n    [a:1,\n     b:2]"), IsEmpty());
}

TEST(Values, name_the_key_that_differs) {
  EXPECT_THAT(changes("/a,", "/b,"), ElementsAre("connectors.main.url"));
  EXPECT_THAT(changes("url:", "ping_interval: 5s, url:"), ElementsAre("connectors.main.ping_interval"));
  EXPECT_THAT(changes("url:", "nap: 5s, url:"), ElementsAre("connectors.main.nap"));
  EXPECT_THAT(changes("url:", "enabled: false, url:"), ElementsAre("connectors.main.enabled"));
  EXPECT_THAT(changes("url:", "timeouts: {pong: 1s}, url:"), ElementsAre("connectors.main.timeouts.pong"));
  EXPECT_THAT(changes("instance: one", "instance: two"), ElementsAre("instance"));
  EXPECT_THAT(changes("brokers: [a:1, b:2]", "brokers: [\"a:1b:2\"]"), ElementsAre("sinks.events.brokers"));
  EXPECT_THAT(changes("x.y: z", "x.y: w"), ElementsAre("sinks.events.properties"));
  EXPECT_THAT(changes("types: [tip]", "types: [tip, cheer]"), ElementsAre("routes.1.types"));
  EXPECT_THAT(changes("types: [tip]", "types: [tip], where: \"data.amount >= 5\""), ElementsAre("routes.1.where"));
  EXPECT_THAT(changes("routes:", "limits: {nesting: 65}\nroutes:"), ElementsAre("limits.nesting"));
}

TEST(Values, tell_where_a_secret_is_and_that_a_plain_one_changed_without_showing_it) {
  EXPECT_THAT(changes("{file: secrets/t}", "{file: secrets/u}"), ElementsAre("connectors.main.auth.token"));
  EXPECT_THAT(changes("{file: secrets/t}", "{env: T}"), ElementsAre("connectors.main.auth.token"));
  EXPECT_THAT(changes("{file: secrets/t}", "{command: [a, b]}"), ElementsAre("connectors.main.auth.token"));
  EXPECT_THAT(changes("X-A: plain", "X-A: other"), ElementsAre("connectors.main.headers"));
  for (const auto& [path, text] : values(base)) EXPECT_EQ(text.find("plain"), std::string::npos) << path;
}

TEST(Values, tell_that_a_password_in_a_url_changed_without_showing_it) {
  EXPECT_THAT(changes("wss://gauge", "wss://user:hunter22@gauge"), ElementsAre("connectors.main.url"));
  EXPECT_THAT(changes("url: wss", "proxy: 'http://user:hunter22@p', url: wss"), ElementsAre("connectors.main.proxy"));
  const auto two = [&](const std::string& password) {
    std::string with = base;
    return values(with.insert(with.find("gauge.example"), "user:" + password + "@"));
  };
  EXPECT_THAT(differences(two("hunter22"), two("hunter23")), ElementsAre("connectors.main.url"));
  EXPECT_THAT(two("hunter22").find("connectors.main.url")->second, Not(HasSubstr("hunter22")));
}

TEST(Values, of_what_only_one_has_are_named_too) {
  const auto more = changes("  other: {type: lines}", "  other: {type: lines}\n  third: {type: lines}");
  EXPECT_THAT(more, ElementsAre("sinks.third.enabled", "sinks.third.keep", "sinks.third.path", "sinks.third.type"));
}

}  // namespace
}  // namespace tributary::config
