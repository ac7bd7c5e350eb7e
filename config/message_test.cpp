// What a person reads who wrote one thing wrong: one fault for it, at its place, with what to do.
#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using fixture::faults;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> warnings(std::string_view text) { return fixture::lines(fixture::read(text).warnings); }

std::string with_connector(const std::string& keys) { return "version: 1\nconnectors:\n  a: {" + keys + "}\n"; }

std::string gauge(const std::string& more = {}) {
  return "type: gauge, url: 'wss://x', auth: {token: {env: T}}" + (more.empty() ? "" : ", " + more);
}

constexpr auto sink = "sinks: {s: {type: lines}}\nroutes: [{to: [s]}]\n";

TEST(Message, a_type_under_a_wrong_name_is_pointed_at_and_the_rest_is_read) {
  for (const auto* key : {"typ", "Type", "TYPE", "tpye"}) {
    const std::string name(key);
    EXPECT_THAT(faults(with_connector(name + ": gauge, url: 'wss://x', auth: {token: {env: T}}")),
                ElementsAre("t.yaml:3:7: connectors.a." + name + ": unknown key `" + name + "`; did you mean `type`?"));
    EXPECT_THAT(faults(with_connector(name + ": gauge, url: 'wss://x', auth: {token: {env: T}}, nap: x")),
                ElementsAre(testing::_, testing::HasSubstr("connectors.a.nap: expected a duration")));
  }
  EXPECT_THAT(faults(with_connector("type:gauge, url: 'wss://x', auth: {token: {env: T}}")),
              ElementsAre("t.yaml:3:7: connectors.a.type: a blank must follow the colon of `type`"));
  EXPECT_THAT(faults(with_connector("typ: gage")),
              ElementsAre("t.yaml:3:7: connectors.a.typ: unknown key `typ`; did you mean `type`?"));
}

TEST(Message, a_required_key_under_a_wrong_name_is_not_missing_as_well) {
  EXPECT_THAT(faults("Version: 1\n"),
              ElementsAre("t.yaml:1:1: Version: unknown key `Version`; did you mean `version`?"));
  EXPECT_THAT(faults(with_connector("type: gauge, URL: 'wss://x', auth: {tokn: {env: T}}")),
              ElementsAre("t.yaml:3:20: connectors.a.URL: unknown key `URL`; did you mean `url`?",
                          "t.yaml:3:43: connectors.a.auth.tokn: unknown key `tokn`; did you mean `token`?"));
  EXPECT_THAT(faults(with_connector("type: gauge, url: 'wss://x', auth: {token:{env: T}}")),
              ElementsAre("t.yaml:3:43: a blank must follow the colon of `token`"));
}

TEST(Message, a_section_under_a_wrong_name_makes_no_name_unknown) {
  EXPECT_THAT(faults("version: 1\nsink: {s: {type: lines}}\nroutes: [{to: [s]}]\n"),
              ElementsAre("t.yaml:2:1: sink: unknown key `sink`; did you mean `sinks`?"));
  EXPECT_THAT(faults("version: 1\nConnectors: {a: {" + gauge() +
                     "}}\nsinks: {s: {type: lines}}\n"
                     "routes: [{from: [a], to: [s]}]\n"),
              ElementsAre("t.yaml:2:1: Connectors: unknown key `Connectors`; did you mean `connectors`?"));
  EXPECT_THAT(faults("version: 1\nsinks:\n  - s: {type: lines}\nroutes: [{to: [s]}]\n"),
              ElementsAre("t.yaml:2:1: sinks: expected a map of names, each with its settings, found a list; a map has "
                          "no `- ` before its keys"));
}

TEST(Message, a_wrong_type_makes_neither_keys_nor_names_unknown) {
  EXPECT_THAT(
      faults("version: 1\nconnectors: {a: {type: gage, url: 'wss://x', auth: {token: {env: T}}}}\n"
             "sinks: {s: {type: line, path: x}}\nroutes: [{from: [a], to: [s]}]\n"),
      ElementsAre("t.yaml:2:24: connectors.a.type: no connector has the type `gage`; expected gauge; did you mean "
                  "`gauge`?",
                  "t.yaml:3:19: sinks.s.type: no sink has the type `line`; expected broker or lines; did you mean "
                  "`lines`?"));
}

TEST(Message, a_judgement_does_not_stand_beside_its_cause) {
  struct Pair : Described {
    std::string email;
    std::optional<Secret> password;
    void describe(Fields& fields) override {
      fields.field({.name = "email"}, email);
      fields.field({.name = "password"}, password);
      if (password && email.empty()) fields.fault("password", "`email` is missing; expected `email` and `password`");
    }
  };
  const Vocabulary only{{{"pair", "", "", make_settings<Pair>}}, {}};
  const auto of = [&](const std::string& keys) {
    return fixture::lines(load_text(with_connector("type: pair, " + keys), "t.yaml", only).faults);
  };
  EXPECT_THAT(of("password: {env: P}"),
              ElementsAre("t.yaml:3:19: connectors.a.password: `email` is missing; expected `email` and `password`"));
  EXPECT_THAT(of("emial: e, password: {env: P}"),
              ElementsAre("t.yaml:3:19: connectors.a.emial: unknown key `emial`; did you mean `email`?"));
  EXPECT_THAT(of("email: [e], password: {env: P}"),
              ElementsAre("t.yaml:3:19: connectors.a.email: expected a text, found a list"));
}

TEST(Message, an_unreachable_sink_is_no_news_when_a_route_is_wrong) {
  EXPECT_THAT(warnings("version: 1\nsinks: {archive: {type: lines}}\nroutes: [{to: [archiv]}]\n"), IsEmpty());
  EXPECT_THAT(warnings("version: 1\nsinks: {archive: {type: lines}}\nroutes: [{too: [archive]}]\n"), IsEmpty());
  const std::string two = "version: 1\nsinks: {archive: {type: lines}, s: {type: lines}}\n";
  EXPECT_THAT(warnings(two + "routes: [{to: [s]}]\n"),
              ElementsAre("t.yaml:3:1: routes: no route leads to the sink `archive`"));
  for (const auto* none : {"routes: []\n", "routes:\n", "", "routes: [to [s]]\n", "routes:\n  - to [s]\n",
                           "routes:\n  -to: [s]\n", "routes:\n  to: [s]\n", "routes:\n  - to:[s]\n"}) {
    EXPECT_THAT(warnings(two + none), IsEmpty()) << none;
  }
}

TEST(Message, a_route_that_is_no_map_is_told_once_and_with_what_is_missing) {
  const std::string begin = "version: 1\nsinks: {s: {type: lines}}\nroutes:\n  ";
  EXPECT_THAT(faults(begin + "- to [s]\n"),
              ElementsAre("t.yaml:4:5: routes[0]: expected a map of keys, found `to [s]`: is the colon of `key: value` "
                          "missing?"));
  EXPECT_THAT(faults(begin + "- to:[s]\n"),
              ElementsAre("t.yaml:4:5: routes[0]: a blank must follow the colon of `to`"));
  EXPECT_THAT(faults(begin + "-to: [s]\n"),
              ElementsAre("t.yaml:3:1: routes: expected a list of maps, found a map; a blank must follow the `-` of "
                          "`-to`"));
  EXPECT_THAT(faults(begin + "to: [s]\n"),
              ElementsAre("t.yaml:3:1: routes: expected a list of maps, found a map; begin each with `- `"));
}

TEST(Message, keys_that_are_not_indented_below_their_group_are_one_fault) {
  const std::string begin = "version: 1\nconnectors:\n  a:\n    type: gauge\n    url: wss://x\n";
  EXPECT_THAT(faults(begin + "    auth:\n    method: jwt\n    token: {env: T}\n    nap: 5m\n"),
              ElementsAre("t.yaml:7:5: connectors.a.auth: `auth` is empty, and `method` below it is no key of what "
                          "holds `auth`; indent deeper what belongs to `auth`"));
  EXPECT_THAT(faults(begin + "    auth: {token: {env: T}}\n    tls:\n    ca_file: x\n    insecure: true\n"),
              ElementsAre("t.yaml:8:5: connectors.a.tls: `tls` is empty, and `ca_file` below it is no key of what "
                          "holds `tls`; indent deeper what belongs to `tls`"));
  EXPECT_THAT(faults(begin + "    auth:\n"),
              ElementsAre("t.yaml:6:5: connectors.a.auth: expected a map of keys, found nothing"));
  EXPECT_THAT(faults(begin + "    auth: {token: {env: T}}\n    tls:\n"), IsEmpty());
  EXPECT_THAT(faults(begin + "    auth: {token: {env: T}}\n    tls:\n    napp: 5m\n"),
              ElementsAre("t.yaml:8:5: connectors.a.napp: unknown key `napp`; did you mean `nap`?"));
  EXPECT_THAT(faults("version: 1\nsinks: {s: {type: lines}}\nconnectors:\na: {" + gauge() +
                     "}\nroutes: [{from: [a], to: [s]}]\n"),
              ElementsAre("t.yaml:4:1: connectors: `connectors` is empty, and `a` below it is no key of what holds "
                          "`connectors`; indent deeper what belongs to `connectors`"));
}

TEST(Message, a_tilde_is_not_expanded_and_that_is_said) {
  const std::string why =
      "the `~` is not expanded, as a shell would; write the whole path, or one against the folder of this file";
  EXPECT_THAT(faults(with_connector("type: gauge, url: 'wss://x', auth: {token: {file: ~/x}}")),
              ElementsAre("t.yaml:3:57: connectors.a.auth.token.file: " + why));
  EXPECT_THAT(faults(with_connector("type: gauge, url: 'wss://x', auth: {token: {command: [~/bin/t, ~/x]}}")),
              ElementsAre("t.yaml:3:61: connectors.a.auth.token.command[0]: " + why));
  EXPECT_THAT(faults(with_connector(gauge("tls: {ca_file: ~/ca.pem}"))),
              ElementsAre("t.yaml:3:76: connectors.a.tls.ca_file: " + why));
  EXPECT_THAT(faults("version: 1\nsinks: {s: {type: lines, path: ~/x}}\n"),
              ElementsAre("t.yaml:2:32: sinks.s.path: " + why));
  EXPECT_THAT(faults("version: 1\ninclude: [~/more.yaml]\n"), ElementsAre("t.yaml:2:11: include[0]: " + why));
  EXPECT_THAT(faults("version: 1\nsinks: {s: {type: lines, path: ./~/x}, t: {type: lines, path: ~x/y}}\n"), IsEmpty());
}

TEST(Message, of_very_many_warnings_the_rest_is_counted) {
  std::string text = "version: 1\nsinks: {s: {type: lines}}\nroutes: [{to: [s]}]\nconnectors:\n";
  for (int i = 0; i < 1'234; ++i) {
    text += "  c" + std::to_string(i) + ": {type: gauge, url: 'wss://x', auth: {token: {value: hushhush}}}\n";
  }
  const auto all = warnings(text);
  ASSERT_EQ(all.size(), 1'001U);
  EXPECT_EQ(all.back(), "t.yaml: there are 234 more warnings; these are the first 1000");
}

TEST(Message, a_variable_that_is_not_expanded_is_told_with_what_to_write) {
  const auto token = [](const std::string& secret) {
    return faults(with_connector("type: gauge, url: 'wss://x', auth: {token: " + secret + "}"));
  };
  const std::string at = "t.yaml:3:50: connectors.a.auth.token";
  EXPECT_THAT(token("'${SE_TOKEN}'"), testing::SizeIs(1));
  EXPECT_THAT(faults(with_connector("type: gauge, url: 'wss://x', auth: {token: $SE_TOKEN}")),
              ElementsAre(at + ": `${SE_TOKEN}` is not expanded; use {env: SE_TOKEN}"));
  EXPECT_THAT(
      token("{value: \"${SE_TOKEN}\"}"),
      ElementsAre("t.yaml:3:58: connectors.a.auth.token.value: `${SE_TOKEN}` is not expanded; use {env: SE_TOKEN}"));
  EXPECT_THAT(
      token("{env: $SE_TOKEN}"),
      ElementsAre("t.yaml:3:56: connectors.a.auth.token.env: `${SE_TOKEN}` is not expanded; use {env: SE_TOKEN}"));
  EXPECT_THAT(token("$HUSH5"), ElementsAre(testing::HasSubstr("expected a secret as {file: PATH}")));
  const std::string else_where = " is not expanded: the environment is read for secrets alone, as {env: ";
  EXPECT_THAT(faults(with_connector("type: gauge, url: 'wss://${HOST}/x', auth: {token: {env: T}}")),
              ElementsAre("t.yaml:3:25: connectors.a.url: `${HOST}`" + else_where + "HOST}"));
  EXPECT_THAT(faults("version: 1\nsinks: {s: {type: broker, brokers: ['${BROKER}:9092'], linger: $LINGER}}\n"),
              ElementsAre("t.yaml:2:37: sinks.s.brokers[0]: `${BROKER}`" + else_where + "BROKER}",
                          "t.yaml:2:64: sinks.s.linger: `${LINGER}`" + else_where + "LINGER}"));
  EXPECT_THAT(faults("version: 1\nsinks: {s: {type: lines, path: '${HOME}/x'}}\n"),
              ElementsAre("t.yaml:2:32: sinks.s.path: `${HOME}`" + else_where + "HOME}"));
}

TEST(Message, a_number_out_of_range_is_told_with_the_range) {
  constexpr auto big = "99999999999999999999";
  EXPECT_THAT(
      faults("version: 1\nio_threads: " + std::string(big) + "\nstop_timeout: " + big + "s\nlimits: {memory: " + big +
             "MiB}\n" + "connectors: {a: {" + gauge("share: 1e999, frame_limit: 9999999TiB") + "}}\n"),
      ElementsAre("t.yaml:2:13: io_threads: out of range: expected 1 to 64, found 99999999999999999999",
                  "t.yaml:3:15: stop_timeout: out of range: expected 0s to 1h, found 99999999999999999999s",
                  "t.yaml:4:18: limits.memory: out of range: expected 1MiB to 1TiB, found 99999999999999999999MiB",
                  "t.yaml:5:79: connectors.a.share: out of range: expected 0 to 1, found 1e999",
                  "t.yaml:5:99: connectors.a.frame_limit: out of range: expected 1KiB to 64MiB, found 9999999TiB"));
}

TEST(Message, a_secret_that_crosses_the_network_in_plain_text_is_warned_of) {
  const auto of = [](const std::string& url, const std::string& more = {}) {
    return warnings(with_connector("type: gauge, url: '" + url + "', auth: {token: {env: T}}" + more));
  };
  EXPECT_THAT(
      of("ws://gauge.example.org:8080/x"),
      ElementsAre("t.yaml:3:25: connectors.a.url: the secret `auth.token` crosses the network in plain text; use "
                  "wss://"));
  EXPECT_THAT(of("WS://10.0.0.1"), testing::SizeIs(1));
  EXPECT_THAT(of("ws://localhost.example.org"), testing::SizeIs(1));
  for (const auto* here :
       {"wss://gauge.example.org", "ws://localhost:80/", "ws://127.0.0.1", "ws://[::1]:80", "WS://LocalHost"}) {
    EXPECT_THAT(of(here), IsEmpty()) << here;
  }
}

TEST(Message, a_password_in_a_url_that_crosses_the_network_in_plain_text_is_warned_of) {
  struct Open : Described {
    std::string url;
    void describe(Fields& fields) override { fields.url({.name = "url"}, url, {"ws", "wss"}); }
  };
  const Vocabulary only{{{"open", "", "", make_settings<Open>}}, {}};
  const auto of = [&](const std::string& url) {
    return fixture::lines(load_text(with_connector("type: open, url: '" + url + "'"), "t.yaml", only).warnings);
  };
  const std::string in_the_file =
      "t.yaml:3:24: connectors.a.url: a password is in this file; let the service alone read it";
  EXPECT_THAT(of("ws://ada:hush@hall.example.org/"),
              ElementsAre(in_the_file,
                          "t.yaml:3:24: connectors.a.url: the password in it crosses the network in plain text; use "
                          "wss://"));
  EXPECT_THAT(of("wss://ada:hush@hall.example.org/"), ElementsAre(in_the_file));
  EXPECT_THAT(of("ws://ada:hush@localhost/"), ElementsAre(in_the_file));
  EXPECT_THAT(of("ws://hall.example.org/"), IsEmpty());
}

TEST(Message, a_secret_in_the_file_that_cannot_be_one_is_a_fault_that_does_not_show_it) {
  EXPECT_THAT(
      faults(with_connector("type: gauge, url: 'wss://x', auth: {token: {value: \"hush\\nhush\"}}")),
      ElementsAre("t.yaml:3:58: connectors.a.auth.token.value: the secret has a line break inside; expected one "
                  "line"));
}

TEST(Message, a_list_where_a_map_belongs_and_the_other_way_round) {
  EXPECT_THAT(
      faults("version: 1\nlimits:\n  - pause: 1s\n"),
      ElementsAre("t.yaml:2:1: limits: expected a map of keys, found a list; a map has no `- ` before its keys"));
  EXPECT_THAT(faults("version: 1\nlimits: false\n"),
              ElementsAre("t.yaml:2:9: limits: expected a map of keys (what can be turned off has a key for it: "
                          "`{enabled: false}`), found `false`"));
  EXPECT_THAT(faults("version: 1\n" + std::string("routes: {to: [s]}\n")),
              ElementsAre("t.yaml:2:1: routes: expected a list of maps, found a map; begin each with `- `"));
  EXPECT_THAT(faults("version: 1\nlimits:\n  pause:20s\n"),
              ElementsAre("t.yaml:3:3: limits: a blank must follow the colon of `pause`"));
  EXPECT_THAT(faults("version: 1\nlimits:\n  nesting: 64\n  pause:20s\n"),
              ElementsAre("t.yaml:4:3: limits.pause: a blank must follow the colon of `pause`"));
  EXPECT_THAT(faults(std::string("version: 1\n") + sink), IsEmpty());
}

}  // namespace
}  // namespace tributary::config
