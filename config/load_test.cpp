// What load() makes of a good file, and the exact line it prints for each kind of fault in a bad one.
#include "config/load.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using fixture::faults;
using fixture::read;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view whole = R"(version: 1
instance: relay-7
connectors:
  main:
    type: gauge
    url: ws://localhost:1
    dialect: 4
    auth: {method: apikey, token: {env: GAUGE_TOKEN}}
    share: 0.25
    nap: 5m
    tls: {ca_file: pki/ca.pem}
    headers: {X-Plain: abc, X-Secret: {file: header}}
    timeouts: {idle: 250ms}
    frame_limit: 64KiB
    record: {directory: ""}
sinks:
  events: {type: broker, brokers: ['a:1', "b:2"], properties: {x.y: 5}, spool: {enabled: false}}
  archive: {type: lines}
routes:
  - {to: [events, archive]}
  - {from: [main], types: [tip], to: [events]}
log: {level: debug, format: json}
)";

TEST(Load, fills_the_settings_of_a_good_file) {
  const Loaded loaded = load_text(whole, "etc/t.yaml", fixture::vocabulary());
  ASSERT_THAT(fixture::lines(loaded.faults), IsEmpty());
  ASSERT_TRUE(loaded.settings);
  const Settings& settings = *loaded.settings;
  EXPECT_EQ(settings.instance, "relay-7");
  ASSERT_THAT(settings.connectors, SizeIs(1));
  EXPECT_TRUE(settings.connectors[0].enabled);
  const auto& gauge = settings.connector("main")->as<fixture::Gauge>();
  EXPECT_EQ(gauge.url, "ws://localhost:1");
  EXPECT_EQ(gauge.dialect, 4);
  EXPECT_EQ(gauge.method, fixture::Gauge::Method::apikey);
  EXPECT_EQ(gauge.token.kind, Secret::Kind::env);
  EXPECT_EQ(gauge.token.name, "GAUGE_TOKEN");
  EXPECT_DOUBLE_EQ(gauge.share, 0.25);
  EXPECT_EQ(gauge.nap, 5min);
  EXPECT_EQ(gauge.common.tls.ca_file.resolved, "etc/pki/ca.pem");
  EXPECT_EQ(gauge.common.headers.at("X-Plain").name, "abc");
  EXPECT_EQ(gauge.common.headers.at("X-Secret").path, "etc/header");
  EXPECT_EQ(gauge.common.timeouts.idle, 250ms);
  EXPECT_EQ(gauge.common.timeouts.dial, 10s);
  EXPECT_EQ(gauge.common.frame_limit, kib(64));
  const auto& broker = settings.sink("events")->as<fixture::Broker>();
  EXPECT_THAT(broker.brokers, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(broker.properties.at("x.y"), "5");
  EXPECT_EQ(broker.tls, std::nullopt);
  EXPECT_EQ(settings.sink("archive")->as<fixture::Lines>().path.resolved, "etc/events.jsonl");
  ASSERT_THAT(settings.routes, SizeIs(2));
  EXPECT_THAT(settings.routes[0].to, ElementsAre("events", "archive"));
  EXPECT_THAT(settings.routes[1].from, ElementsAre("main"));
  EXPECT_EQ(settings.log.format, Log::Format::json);
  EXPECT_THAT(loaded.warnings, IsEmpty());
}

TEST(Load, needs_nothing_but_a_version) {
  const Loaded loaded = read("version: 1\n");
  ASSERT_TRUE(loaded.settings);
  EXPECT_FALSE(loaded.settings->instance.empty());
  EXPECT_THAT(loaded.settings->connectors, IsEmpty());
  EXPECT_EQ(loaded.settings->stop_timeout, 25s);
  EXPECT_EQ(loaded.settings->limits.memory, mib(256));
}

TEST(Load, takes_keys_with_nothing_after_them_as_empty_maps_and_lists) {
  EXPECT_THAT(faults("version: 1\nconnectors:\nsinks:\nroutes:\ninclude:\nlimits:\n"), IsEmpty());
}

TEST(Load, remembers_places_and_secrets) {
  const Loaded loaded = load_text(whole, "etc/t.yaml", fixture::vocabulary());
  const auto place = loaded.places.find("sinks.events.brokers[1]");
  ASSERT_NE(place, loaded.places.end());
  EXPECT_EQ(place->second.line, 17U);
  EXPECT_EQ(place->second.column, 43U);
  EXPECT_EQ(place->second.file, "etc/t.yaml");
  ASSERT_THAT(loaded.secrets, SizeIs(2));
  EXPECT_EQ(loaded.secrets[0].path, "connectors.main.auth.token");
  EXPECT_EQ(loaded.secrets[0].place.line, 8U);
  EXPECT_EQ(loaded.secrets[1].path, "connectors.main.headers.X-Secret");
}

TEST(Load, reports_an_empty_file) {
  const auto message = "t.yaml:1:1: the file is empty; expected at least `version: 1`";
  EXPECT_THAT(faults(""), ElementsAre(message));
  EXPECT_THAT(faults("# nothing but a comment\n"), ElementsAre(message));
  EXPECT_THAT(faults("---\n"), ElementsAre(message));
}

TEST(Load, reports_a_top_level_that_is_no_map) {
  EXPECT_THAT(faults("- a\n- b\n"),
              ElementsAre("t.yaml:1:1: expected a map of keys such as `version: 1`, found a list"));
  EXPECT_THAT(faults("tributary\n"),
              ElementsAre("t.yaml:1:1: expected a map of keys such as `version: 1`, found `tributary`"));
}

TEST(Load, reports_a_missing_and_a_wrong_version) {
  EXPECT_THAT(faults("io_threads: 1\n"), ElementsAre("t.yaml:1:1: version: the key `version` is missing; expected 1"));
  EXPECT_THAT(faults("version: 2\n"), ElementsAre("t.yaml:1:10: version: expected 1, found `2`"));
}

TEST(Load, reports_unknown_keys_with_the_nearest_known_one) {
  EXPECT_THAT(faults("version: 1\nconnecters: {}\nlimits: {memroy: 1MiB, zzz: 1}\n"),
              ElementsAre("t.yaml:2:1: connecters: unknown key `connecters`; did you mean `connectors`?",
                          "t.yaml:3:10: limits.memroy: unknown key `memroy`; did you mean `memory`?",
                          "t.yaml:3:24: limits.zzz: unknown key `zzz`; expected memory, dials_per_second, pause or "
                          "nesting"));
}

TEST(Load, reports_wrong_types) {
  EXPECT_THAT(
      faults("version: 1\n"
             "io_threads: many\n"
             "stop_timeout: [1s]\n"
             "limits: 5\n"
             "instance: {a: b}\n"
             "include: x.yaml\n"
             "routes: {to: [a]}\n"
             "connectors: [a]\n"
             "log:\n"
             "  level:\n"),
      ElementsAre(
          "t.yaml:2:13: io_threads: expected a whole number, found `many`",
          "t.yaml:3:1: stop_timeout: expected a duration such as 250ms, 10s, 5m or 24h, found a list",
          "t.yaml:4:9: limits: expected a map of keys, found `5`", "t.yaml:5:1: instance: expected a text, found a map",
          "t.yaml:6:10: include: expected a list such as [connectors.d/*.yaml], found `x.yaml`",
          "t.yaml:7:1: routes: expected a list of maps, found a map; begin each with `- `",
          "t.yaml:8:1: connectors: expected a map of names, each with its settings, found a list; a map has no `- ` "
          "before its keys",
          "t.yaml:10:3: log.level: expected trace, debug, info, warn or error, found nothing"));
}

TEST(Load, takes_a_quoted_number_or_truth_value_for_a_text) {
  EXPECT_THAT(faults("version: 1\nio_threads: \"2\"\n"),
              ElementsAre("t.yaml:2:13: io_threads: expected a whole number, found the text `2`"));
  EXPECT_THAT(faults("version: 1\nconnectors: {a: {type: gauge, url: 'ws://x', enabled: 'true', test_events: yes, "
                     "auth: {token: {env: T}}}}\n"),
              ElementsAre("t.yaml:2:55: connectors.a.enabled: expected true or false, found the text `true`",
                          "t.yaml:2:76: connectors.a.test_events: expected true or false, found `yes`"));
}

TEST(Load, reports_missing_keys_at_the_map_that_lacks_them) {
  EXPECT_THAT(faults("version: 1\nconnectors:\n  main: {type: gauge}\n  other:\n    type: gauge\n    url: ws://x\n"
                     "    auth: {}\nsinks:\n  events: {type: broker}\nroutes: [{from: []}]\n"),
              ElementsAre("t.yaml:3:3: connectors.main.url: the key `url` is missing; expected a text",
                          "t.yaml:3:3: connectors.main.auth: the key `auth` is missing; expected a map of keys",
                          "t.yaml:7:5: connectors.other.auth.token: the key `token` is missing; expected a secret as "
                          "{file: PATH}, {env: NAME}, {credential: NAME}, {command: [PROGRAM, ARGUMENT, ...]} or "
                          "{value: TEXT}",
                          "t.yaml:9:3: sinks.events.brokers: the key `brokers` is missing; expected a list such as "
                          "[a, b]",
                          "t.yaml:10:10: routes[0].to: the key `to` is missing; expected a list such as [a, b]"));
}

TEST(Load, reports_duplicate_keys_that_the_library_would_pass) {
  EXPECT_THAT(faults("version: 1\nio_threads: 1\nlimits: {pause: 1s, pause: 2s}\nio_threads: 2\n"),
              ElementsAre("t.yaml:3:21: the key `pause` is here twice; the first is at line 3",
                          "t.yaml:4:1: the key `io_threads` is here twice; the first is at line 2"));
}

TEST(Load, reports_numbers_durations_and_sizes_out_of_range) {
  EXPECT_THAT(faults("version: 1\nio_threads: 0\nlimits: {memory: 1KiB, pause: 2h, nesting: 9999999999}\n"
                     "sinks: {a: {type: lines, keep: 70000}, b: {type: broker, brokers: ['x:1'], memory: 1B}}\n"
                     "routes: [{to: [a, b]}]\nconnectors: {c: {type: gauge, url: 'ws://x', share: 1.5, "
                     "auth: {token: {env: T}}}}\n"),
              ElementsAre("t.yaml:2:13: io_threads: out of range: expected 1 to 64, found 0",
                          "t.yaml:3:18: limits.memory: out of range: expected 1MiB to 1TiB, found 1KiB",
                          "t.yaml:3:31: limits.pause: out of range: expected 0s to 1h, found 2h",
                          "t.yaml:3:44: limits.nesting: out of range: expected 8 to 256, found 9999999999",
                          "t.yaml:4:32: sinks.a.keep: out of range: expected 1 to 65535, found 70000",
                          "t.yaml:4:84: sinks.b.memory: out of range: expected at least 1MiB, found 1B",
                          "t.yaml:6:53: connectors.c.share: out of range: expected 0 to 1, found 1.5"));
}

TEST(Load, reports_bad_durations_sizes_and_words) {
  EXPECT_THAT(faults("version: 1\nstop_timeout: 25\nlimits: {pause: 1 minute, memory: 64MB}\nlog: {level: wran}\n"),
              ElementsAre("t.yaml:2:15: stop_timeout: expected a duration such as 250ms, 10s, 5m or 24h, found `25`",
                          "t.yaml:3:17: limits.pause: expected a duration such as 250ms, 10s, 5m or 24h, found "
                          "`1 minute`",
                          "t.yaml:3:35: limits.memory: expected a size such as 512B, 64KiB, 4MiB or 1GiB, found `64MB`",
                          "t.yaml:4:14: log.level: expected trace, debug, info, warn or error, found `wran`; did you "
                          "mean `warn`?"));
}

TEST(Load, reports_unknown_and_repeated_names_in_routes) {
  EXPECT_THAT(faults("version: 1\nsinks: {archive: {type: lines}}\nroutes:\n  - to: [archiv, archive, archive]\n"
                     "    from: [nobody]\n"),
              ElementsAre("t.yaml:4:10: routes[0].to[0]: no sink is named `archiv`; did you mean `archive`?",
                          "t.yaml:4:27: routes[0].to[2]: the sink `archive` is named twice",
                          "t.yaml:5:12: routes[0].from[0]: no connector is named `nobody`"));
}

TEST(Load, reports_bad_names_and_types_of_connectors_and_sinks) {
  EXPECT_THAT(faults("version: 1\nconnectors:\n  \"-x\": {type: gage}\n  b: {}\n  c: 5\n  d: {type: sluice}\n"
                     "sinks:\n  e: {type: weir}\nroutes: [{to: [e]}]\n"),
              ElementsAre("t.yaml:3:3: connectors.-x: `-x` cannot be the name of a connector; expected a letter or "
                          "digit, then up to 63 letters, digits, `.`, `_` or `-`",
                          "t.yaml:3:16: connectors.-x.type: no connector has the type `gage`; expected gauge; did you "
                          "mean `gauge`?",
                          "t.yaml:4:3: connectors.b.type: the key `type` is missing; expected gauge",
                          "t.yaml:5:6: connectors.c: expected a map with at least a `type`, found `5`",
                          "t.yaml:6:13: connectors.d.type: not yet: connectors of the type `sluice`; expected gauge",
                          "t.yaml:8:13: sinks.e.type: not yet: sinks of the type `weir`; expected broker or lines"));
}

TEST(Load, reports_what_two_keys_say_together) {
  EXPECT_THAT(
      faults("version: 1\nconnectors:\n  a:\n    type: gauge\n    url: http://x\n    auth: {token: {env: T}}\n"
             "    tls: {certificate: c.pem}\n    backoff: {base: 5s, cap: 1s}\n    proxy: 'http://:1'\n"
             "sinks: {s: {type: broker, brokers: [a:1, b]}}\nroutes: [{to: [s]}]\nadmin: {listen: nine}\n"),
      ElementsAre("t.yaml:5:10: connectors.a.url: expected a URL that begins with `ws://` or `wss://`, found `http`",
                  "t.yaml:7:24: connectors.a.tls.certificate: `certificate` and `key` need each other",
                  "t.yaml:8:30: connectors.a.backoff.cap: expected at least `base` (5s), found 1s",
                  "t.yaml:9:12: connectors.a.proxy: the host is missing; expected a name or an address after `://`",
                  "t.yaml:10:42: sinks.s.brokers[1]: expected host:port",
                  "t.yaml:12:17: admin.listen: expected an address and a port, such as 127.0.0.1:9464, found `nine`"));
}

TEST(Load, refuses_what_the_dialler_could_not_dial) {
  for (const std::string url : {"ws://[::1/", "ws://[]/", "ws://[::1]x:80/", "ws://127.0.0.1:80:90/", "ws://a..b/",
                                "ws:///", "ws://a:65536/", "ws://\xc3\xa9.example/", "ws://[fe80::1%25eth0]/",
                                "ws://1.2.3.4.5/", "ws://256.1.1.1/", "ws://a%2Eb/", "https://a/", ""}) {
    const auto found =
        faults("version: 1\nconnectors:\n  a:\n    type: gauge\n    url: '" + url + "'\n    auth: {token: {env: T}}\n");
    ASSERT_THAT(found, SizeIs(1)) << url;
    EXPECT_THAT(found.front(), StartsWith("t.yaml:5:10: connectors.a.url: ")) << url;
    if (url.empty() || url == "https://a/") continue;
    const auto proxy = faults("version: 1\nconnectors:\n  a:\n    type: gauge\n    url: 'ws://x'\n    proxy: 'http" +
                              url.substr(url.find("://")) + "'\n    auth: {token: {env: T}}\n");
    EXPECT_THAT(proxy, ElementsAre(StartsWith("t.yaml:6:12: connectors.a.proxy: "))) << url;
  }
}

TEST(Load, a_password_in_a_url_is_warned_of_and_is_the_authorization) {
  const std::string settings =
      "version: 1\nconnectors:\n  a:\n    type: gauge\n    url: 'ws://user:hunter22@x/'\n"
      "    proxy: 'http://u:hunter33@p:1'\n    auth: {token: {env: T}}\n";
  const Loaded loaded = read(settings);
  EXPECT_TRUE(loaded.settings);
  EXPECT_THAT(
      fixture::lines(loaded.warnings),
      ElementsAre("t.yaml:5:10: connectors.a.url: a password is in this "
                  "file; let the service alone read it",
                  "t.yaml:5:10: connectors.a.url: the secret `auth.token` crosses the network in plain text; use "
                  "wss://",
                  "t.yaml:6:12: connectors.a.proxy: a password is in this file; let the service alone read "
                  "it"));
  EXPECT_THAT(faults(settings + "    headers: {authorization: x}\n"),
              ElementsAre("t.yaml:8:30: connectors.a.headers.authorization: the user in `url` makes this header, too; "
                          "expected only one of the two"));
  EXPECT_THAT(faults("version: 1\nconnectors: {a: {type: gauge, url: 'ws://user:hunter22/@x/', auth: {token: {env: "
                     "T}}}}\n"),
              ElementsAre(Not(HasSubstr("hunter22"))));
}

TEST(Load, escapes_what_a_terminal_would_obey) {
  EXPECT_THAT(faults("version: 1\n\"\\e[31mred\": 1\nsinks: {s: {type: broker, brokers: [\"\\e[2J\"]}}\n"
                     "routes: [{to: [s]}]\n"),
              ElementsAre("t.yaml:2:1: \\x1b[31mred: unknown key `\\x1b[31mred`",
                          "t.yaml:3:37: sinks.s.brokers[0]: expected host:port"));
}

TEST(Load, reports_every_judgement_of_one_key_but_none_of_a_value_it_could_not_read) {
  struct Picky : Described {
    std::map<std::string, std::string> rules;
    Duration nap{0};
    void describe(Fields& fields) override {
      fields.field({.name = "rules"}, rules);
      fields.field({.name = "nap"}, nap);
      for (const auto& [name, value] : rules) fields.fault("rules", name, "`" + name + "` cannot be set");
      fields.fault("nap", "too short");
      fields.fault("rest", "one");
      fields.fault("rest", "two");
    }
  };
  const Vocabulary only{{{"picky", "", "", make_settings<Picky>}}, {}};
  const auto loaded =
      load_text("version: 1\nconnectors:\n  p: {type: picky, nap: x, rules: {a: 1, b.c: 2}}\n", "t.yaml", only);
  EXPECT_THAT(fixture::lines(loaded.faults),
              ElementsAre("t.yaml:3:3: connectors.p.rest: one", "t.yaml:3:3: connectors.p.rest: two",
                          "t.yaml:3:25: connectors.p.nap: expected a duration such as 250ms, 10s, 5m or 24h, found `x`",
                          "t.yaml:3:39: connectors.p.rules.a: `a` cannot be set",
                          "t.yaml:3:47: connectors.p.rules.b.c: `b.c` cannot be set"));
}

TEST(Load, refuses_what_comes_later_unless_it_is_off) {
  EXPECT_THAT(faults("version: 1\nconnectors:\n  a:\n    type: gauge\n    url: ws://x\n"
                     "    auth: {token: {env: T}}\n    frame_limit: 1MiB\n"
                     "sinks: {s: {type: broker, brokers: ['a:1'], spool: {size: 1GiB}}}\n"
                     "routes: [{to: [s]}]\n"),
              ElementsAre("t.yaml:8:45: sinks.s.spool: not yet: the disk spool; leave it out or write "
                          "{enabled: false}"));
  EXPECT_THAT(faults("version: 1\nmarks: {}\nsinks: {s: {type: broker, brokers: ['a:1'], spool: {enabled: false}}}\n"
                     "routes: [{to: [s]}]\n"),
              IsEmpty());
}

TEST(Load, reads_the_keys_of_marks) {
  const Loaded loaded = read(
      "version: 1\ninstance: hall\nmarks:\n  signing_key: {file: key}\n  kid: 2026-10\n"
      "  trusted_origins: {relay-2: {file: old}, relay-2/2026-11: {env: K}, a/b/c: plain}\n");
  ASSERT_TRUE(loaded.settings);
  const auto& marks = loaded.settings->marks;
  EXPECT_EQ(marks.signing_key->path, "key");
  EXPECT_EQ(marks.kid, "2026-10");
  EXPECT_THAT(marks.trusted_origins, SizeIs(3));
  EXPECT_EQ(trusted_origin("relay-2").origin, "relay-2");
  EXPECT_EQ(trusted_origin("relay-2").kid, "");
  EXPECT_EQ(trusted_origin("a/b/c").origin, "a/b");
  EXPECT_EQ(trusted_origin("a/b/c").kid, "c");
  EXPECT_THAT(fixture::lines(loaded.warnings),
              ElementsAre("t.yaml:6:3: marks.trusted_origins: a key itself is in this file; a {file: PATH} readable by "
                          "the service alone is safer"));
  EXPECT_THAT(read("version: 1\n").settings->marks.trusted_origins, IsEmpty());
  EXPECT_THAT(fixture::lines(read("version: 1\nmarks: {kid: a}\n").warnings),
              ElementsAre("t.yaml:2:14: marks.kid: not used: there is no `signing_key`"));
}

TEST(Load, refuses_marks_that_cannot_be_right) {
  EXPECT_THAT(
      faults("version: 1\ninstance: hall\nmarks:\n  signing_key: plain\n  kid: \"a\\nb\"\n"
             "  trusted_origins:\n    hall: {file: k}\n    hall/a: {file: k}\n    /a: {file: k}\n"
             "    \"b\\tc\": {file: k}\n    d: [k]\n  key: {file: k}\n"),
      ElementsAre(StartsWith("t.yaml:4:16: marks.signing_key: expected a secret as {file: PATH}"),
                  "t.yaml:5:8: marks.kid: expected one line without control characters, found `a\\x0ab`",
                  "t.yaml:7:5: marks.trusted_origins.hall: this relay's own `instance`; expected another relay's",
                  "t.yaml:8:5: marks.trusted_origins.hall/a: this relay's own `instance`; expected another "
                  "relay's",
                  "t.yaml:9:5: marks.trusted_origins./a: expected the `instance` of a relay, or instance/kid",
                  StartsWith("t.yaml:10:5: marks.trusted_origins.b"),
                  StartsWith("t.yaml:11:5: marks.trusted_origins.d: expected a text or a secret"),
                  StartsWith("t.yaml:12:3: marks.key: unknown key")));
}

TEST(Load, refuses_a_condition_that_cannot_be_read_at_its_place) {
  const auto routes = [](std::string_view where) {
    return "version: 1\nsinks: {s: {type: broker, brokers: ['a:1']}}\nroutes:\n  - {to: [s], where: " +
           std::string(where) + "}\n";
  };
  EXPECT_THAT(faults(routes("data.amount => 5")),
              ElementsAre("t.yaml:4:22: routes[0].where: at character 13: found `=>`, expected one of == != < <= > >=; "
                          "did you mean `>=`?"));
  EXPECT_THAT(faults(routes("\"typ == 'tip'\"")),
              ElementsAre("t.yaml:4:22: routes[0].where: at character 1: no event has a field `typ`; did you mean "
                          "`type`?"));
  EXPECT_THAT(faults(routes("\" \"")), ElementsAre("t.yaml:4:22: routes[0].where: at character 2: found nothing, "
                                                   "expected a comparison such as data.amount >= 5"));
  EXPECT_THAT(faults(routes("\"\"")), IsEmpty());
  const Loaded loaded = read(routes("'test == false and data.currency == \"USD\"'"));
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->routes[0].where, "test == false and data.currency == \"USD\"");
}

TEST(Load, warns_of_what_is_not_used_unsafe_or_unreachable) {
  const Loaded loaded = read(
      "version: 1\nspool: {directory: state}\nsinks: {s: {type: lines}, t: {type: lines}}\n"
      "connectors:\n"
      "  a: {type: gauge, url: 'ws://[::1]', auth: {token: {value: fake-secret}}, tls: {insecure: true}}\n"
      "routes: [{to: [t]}]\n");
  EXPECT_TRUE(loaded.settings);
  EXPECT_THAT(fixture::lines(loaded.warnings),
              ElementsAre("t.yaml:5:46: connectors.a.auth.token: the secret itself is in this file; a {file: PATH} "
                          "readable by the service alone is safer",
                          "t.yaml:5:92: connectors.a.tls.insecure: the server's certificate is not verified",
                          "t.yaml:6:1: routes: no route leads to the sink `s`"));
}

TEST(Load, an_admin_port_that_others_reach_needs_a_token) {
  const auto listening = [](const std::string& admin) { return faults("version: 1\nadmin: {" + admin + "}\n"); };
  for (const char* here : {"127.0.0.1:9464", "127.8.9.1:0", "'[::1]:9464'", "localhost:9464", "''"}) {
    EXPECT_THAT(listening("listen: " + std::string(here)), IsEmpty()) << here;
  }
  for (const char* elsewhere : {"0.0.0.0:9464", "192.0.2.7:9464", "'[::]:9464'"}) {
    EXPECT_THAT(listening("listen: " + std::string(elsewhere)),
                ElementsAre(testing::HasSubstr("t.yaml:2:17: admin.listen: others than this machine reach")))
        << elsewhere;
    EXPECT_THAT(listening("listen: " + std::string(elsewhere) + ", token: {file: t}"), IsEmpty()) << elsewhere;
  }
  for (const char* none :
       {"relay.example:9464", "'::1:9464'", "'[127.0.0.1]:1'", "':9464'", "127.0.0.1", "127.0.0.1:70000"}) {
    EXPECT_THAT(listening("listen: " + std::string(none)),
                ElementsAre(testing::HasSubstr("admin.listen: expected an address and a port")))
        << none;
  }
}

TEST(Load, says_of_the_admin_port_where_it_is) {
  const auto admin = [](const std::string& text) { return read("version: 1\n" + text).settings.value().admin; };
  EXPECT_EQ(admin("admin: {listen: '[::1]:80'}\n").host(), "::1");
  EXPECT_EQ(admin("admin: {listen: localhost:80}\n").port(), 80);
  EXPECT_TRUE(admin("admin: {listen: localhost:80}\n").written);
  EXPECT_FALSE(admin("").written);
  EXPECT_EQ(admin("").port(), 9464);
  EXPECT_TRUE(admin("admin: {listen: ''}\n").off());
}

TEST(Load, knows_whether_the_directory_of_spools_is_written) {
  const Loaded loaded = read("version: 1\nspool: {directory: state}\n");
  ASSERT_TRUE(loaded.settings);
  EXPECT_TRUE(loaded.settings->spool.written);
  EXPECT_EQ(loaded.settings->spool.directory.text, "state");
  EXPECT_FALSE(read("version: 1\nspool: {}\n").settings->spool.written);
  EXPECT_THAT(faults("version: 1\nspool: {directory: \"\"}\n"),
              ElementsAre("t.yaml:2:20: spool.directory: expected a directory, found \"\""));
}

TEST(Load, reports_bad_secrets_without_showing_them) {
  const auto token = [](std::string_view secret) {
    return faults("version: 1\nconnectors:\n  a: {type: gauge, url: 'ws://x', auth: {token: " + std::string(secret) +
                  "}}\n");
  };
  const std::string at = "t.yaml:3:";
  const std::string path = ": connectors.a.auth.token";
  const std::string forms =
      "expected a secret as {file: PATH}, {env: NAME}, {credential: NAME}, {command: [PROGRAM, ARGUMENT, ...]} or "
      "{value: TEXT}";
  EXPECT_THAT(token("fake-hush"), ElementsAre(at + "49" + path + ": " + forms + ", found a text"));
  EXPECT_THAT(token("{}"), ElementsAre(at + "42" + path + ": " + forms));
  EXPECT_THAT(token("{fiel: x}"), ElementsAre(at + "50" + path + ".fiel: unknown key `fiel`; did you mean `file`?"));
  EXPECT_THAT(token("{file: x, env: Y}"),
              ElementsAre(at + "64" + path + ".env: a second place for one secret; the first is `file`"));
  EXPECT_THAT(token("{file: ''}"), ElementsAre(at + "56" + path + ".file: expected a text that is not empty"));
  EXPECT_THAT(token("{file: [fake-hush]}"), ElementsAre(at + "50" + path + ".file: expected a text, found a list"));
  EXPECT_THAT(token("{credential: ../x}"),
              ElementsAre(at + "62" + path + ".credential: expected the name of a credential, not a path"));
  EXPECT_THAT(token("{command: fake-hush}"),
              ElementsAre(at + "59" + path + ".command: expected a list of a program and its arguments, found a text"));
  EXPECT_THAT(token("{command: [a], timeout: 0s}"),
              ElementsAre(at + "73" + path + ".timeout: out of range: expected 1ms to 10m, found 0s"));
  EXPECT_THAT(token("{env: X, timeout: 1s}"), SizeIs(1));
}

TEST(Load, reports_every_fault_at_once_in_the_order_of_the_file) {
  std::string text = "version: 3\n";
  for (int i = 0; i < 40; ++i) text += "wrong-" + std::to_string(i) + ": [\"x\"]\n";
  text += "limits: {pause: long}\n";
  const auto all = faults(text);
  ASSERT_THAT(all, SizeIs(42));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_THAT(all[i], testing::StartsWith("t.yaml:" + std::to_string(i + 1) + ":"));
  }
}

TEST(Load, stops_listing_after_a_thousand_faults) {
  std::string text = "version: 1\n";
  for (int i = 0; i < 5'000; ++i) text += "k" + std::to_string(i) + ": 1\n";
  const auto all = faults(text);
  ASSERT_THAT(all, SizeIs(1'001));
  EXPECT_THAT(all.back(), HasSubstr("there are more faults"));
}

}  // namespace
}  // namespace tributary::config
