#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>

#include "connectors/json/json_lexis.hpp"
#include "tests/conformance/connectors_fixture.hpp"
#include "tests/conformance/tampering.hpp"
#include "text/json.hpp"

// What every connector must do, whatever its upstream speaks: run over every line of the registry against the
// connector's own simulator. A new connector is covered by being in the registry.

namespace tributary::conformance {
namespace {

connectors::Types types_of(const Scene& scene) {
  const auto* const entry = connectors::find(scene.kind.type);
  return entry->types(dynamic_cast<const connectors::Settings&>(*entry->settings()));
}

/// `check` knows a mistyped route by what the connector declares.
void expect_declared(const Scene& scene) {
  const auto declared = types_of(scene).canonical;
  for (const auto& type : scene.witness.types) {
    EXPECT_NE(std::find(declared.begin(), declared.end(), type), declared.end())
        << type << " is not among the types of the registry's entry";
  }
}

TEST_P(Connectors, StartsGoesLiveAndStopsWithinItsDeadline) {
  Scene& scene = start_live(50, {{"pace", "even"}});
  await([&] { return scene.witness.events >= 5; }, "events");
  EXPECT_EQ(scene.witness.lives, 1u);
  EXPECT_FALSE(scene.link->protocol().channels().empty()) << "gaps and silence are told by channel";
  bool stopped = false;
  const auto begin = std::chrono::steady_clock::now();
  scene.link->stop(2s, [&] { stopped = true; });
  await([&] { return stopped; }, "the stop");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 4s);
  EXPECT_EQ(scene.link->status().state, net::State::idle);
  const auto frames = scene.witness.ledger.frames;
  run_for(50ms);
  EXPECT_EQ(scene.witness.ledger.frames, frames) << "nothing is heard after a stop";
}

TEST_P(Connectors, StopsWithinItsDeadlineWhileNobodyAnswers) {
  Scene& scene = start(0, {{"hang", "on"}});
  await([&] { return scene.door->accepted() == 1; }, "the dial");
  bool stopped = false;
  const auto begin = std::chrono::steady_clock::now();
  scene.link->stop(500ms, [&] { stopped = true; });
  await([&] { return stopped; }, "the stop");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_P(Connectors, EveryEventThatTheUpstreamWroteComesOnceAndPassesTheSchema) {
  Scene& scene = start_show(2'000, 2'000, {{"pace", "even"}});
  await([&] { return scene.witness.events >= 2'000 && scene.witness.events >= scene.simulator->events_written(); },
        "events");
  run_for(50ms);
  scene.simulator->stop();  // the show is over: nothing is on its way that this could take back
  await([&] { return !scene.live(); }, "the end");
  EXPECT_EQ(scene.witness.ledger.events, scene.simulator->events_written())
      << "each Stage::wrote must be one event: " << scene.simulator->account();
  EXPECT_EQ(scene.witness.ledger.malformed, 0u);
  EXPECT_TRUE(scene.witness.ledger.balances());
  ASSERT_TRUE(scene.witness.invalid.empty()) << scene.witness.invalid.front();
  EXPECT_FALSE(scene.witness.types.empty());
  expect_declared(scene);
}

TEST_P(Connectors, SurvivesTenThousandSpoiledFrames) {
  const TamperedProtocol* tampered = nullptr;
  Scene& scene = start(20'000, {{"pace", "even"}}, "", [&](std::unique_ptr<connectors::Protocol> sound) {
    auto made = std::make_unique<TamperedProtocol>(std::move(sound), 7);
    tampered = made.get();
    return made;
  });
  await(
      [&] {
        hurry();
        return tampered->spoiled() >= 10'000 && scene.live();
      },
      "spoiled frames", 300s);
  EXPECT_TRUE(scene.witness.ledger.balances());
  EXPECT_GT(scene.witness.ledger.malformed, 100u) << "the spoiling must tell";
  ASSERT_TRUE(scene.witness.invalid.empty()) << scene.witness.invalid.front();
  if (!types_of(scene).open) expect_declared(scene);
  // It is sound afterwards: sound frames make events again.
  const auto events = scene.witness.events;
  await([&] { return scene.witness.events > events + 10; }, "events again");
}

TEST_P(Connectors, ComesBackAfterEveryWayAConnectionCanEnd) {
  Scene& scene = start_live(0);
  auto lives = scene.witness.lives;
  const auto returns = [&](std::string_view how, std::initializer_list<net::Reason> reasons) {
    const auto known = scene.witness.endings.size();
    await(
        [&] {
          hurry();
          return scene.witness.lives > lives && scene.live();
        },
        how);
    lives = scene.witness.lives;
    ASSERT_GE(scene.witness.endings.size(), known) << how;
    bool seen = false;
    for (const auto& ending : scene.witness.endings) {
      for (const auto reason : reasons) seen |= ending.reason == reason;
    }
    EXPECT_TRUE(seen) << how << ": " << net::name(scene.witness.last_reason());
    scene.witness.endings.clear();
  };
  using net::Reason;
  scene.door->cut();
  returns("a FIN without a close frame", {Reason::eof});
  scene.door->reset();
  returns("a RST", {Reason::reset, Reason::eof});
  for (const int code : {1000, 1001, 1002, 1008, 1011, 1012, 4000, 4999}) {
    std::string frame("\x88\x02\0\0", 4);
    frame[2] = static_cast<char>(code >> 8), frame[3] = static_cast<char>(code & 0xFF);
    scene.door->inject(frame);
    await([&] { return !scene.witness.endings.empty(); }, "the end");
    scene.door->cut();  // some servers close TCP after their frame, some wait
    returns("a close frame " + std::to_string(code), {Reason::closed});
  }
  scene.door->inject(std::string("\x88\0", 2));
  returns("a close frame without a code", {Reason::closed});
  scene.door->inject(std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8));
  returns("bytes that are no frame", {Reason::protocol_error});
  scene.door->inject(std::string("\x81\x85mask1", 7));
  returns("a masked frame of a server", {Reason::protocol_error});
  for (const char* status : {"503 Service Unavailable", "429 Too Many Requests", "404 Not Found"}) {
    scene.door->answer_next("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
    scene.door->cut();
    await([&] { return scene.witness.last_reason() == Reason::upgrade_refused; }, status);
    returns(status, {Reason::upgrade_refused});
  }
  scene.door->answer_next("SSH-2.0-OpenSSH_9.2\r\n");
  scene.door->cut();
  returns("not HTTP at all", {Reason::protocol_error, Reason::eof, Reason::upgrade_refused});
  scene.door->close();
  scene.door->cut();
  await([&] { return scene.witness.last_reason() == Reason::connect_refused; }, "a refused port");
  scene.door->open_again();
  returns("a port that was refused", {Reason::connect_refused});
  EXPECT_TRUE(scene.witness.ledger.balances());
}

TEST_P(Connectors, AServerThatFallsSilentIsLeft) {
  Scene& scene = start_live(0, {}, ", ping_interval: 100ms, timeouts: {pong: 150ms}");
  scene.door->freeze();
  await([&] { return !scene.witness.endings.empty(); }, "the end of the connection", 30s);
  EXPECT_EQ(scene.witness.endings.front().reason, net::Reason::pong_timeout);
  await([&] { return scene.witness.lives >= 2 && scene.live(); }, "live again");
}

TEST_P(Connectors, HonoursTheFrameLimit) {
  Scene& scene = start_live(200, {{"pace", "even"}, {"oversize_after", "3"}});
  await([&] { return !scene.witness.endings.empty(); }, "the end");
  EXPECT_EQ(scene.witness.endings.front().reason, net::Reason::frame_too_large);
  await([&] { return scene.live(); }, "live again");  // for the first time, if the frame was faster than the greeting
  const auto events = scene.witness.events;
  await([&] { return scene.witness.events > events; }, "events again");
}

TEST_P(Connectors, GarbageAndBinaryFramesCostNothingButThemselves) {
  Scene& scene = start_live(2'000, {{"pace", "even"}, {"garbage_every", "10"}, {"binary_every", "25"}});
  await([&] { return scene.witness.events >= 1'000; }, "events");
  EXPECT_EQ(scene.witness.lives, 1u) << scene.witness.words.back();
  EXPECT_TRUE(scene.witness.endings.empty());
  EXPECT_GE(scene.witness.ledger.malformed, 90u) << "a frame that is no JSON is malformed, and counted";
}

TEST_P(Connectors, CloseFramesAndResetsInTheMidstOfAShowCostNoMoreThanTheirMoment) {
  for (const char* how : {"close", "reset"}) {
    Scene& scene = start(500, {{"pace", "even"}, {"goodbye_after", "100ms"}, {"goodbye", how}});
    await([&] { return scene.witness.lives >= 5 && scene.witness.events >= 50; }, how);
    EXPECT_TRUE(scene.witness.ledger.balances());
    EXPECT_LE(scene.witness.ledger.events, scene.simulator->events_written());
    EXPECT_GE(scene.witness.notices_of("gap").size(), 4u);
    ASSERT_TRUE(scene.witness.invalid.empty()) << scene.witness.invalid.front();
  }
}

/// A way to spell a secret, and what of it must not be found anywhere.
struct Spelling {
  std::string told;
  std::string sought;
};

/// As it stands; as JSON, a URL and base64 spell it. What base64's last digits say depends on what follows.
std::vector<Spelling> spellings_of(const std::string& secret) {
  std::string quoted, url;
  text::append_quoted(quoted, secret);
  quoted = quoted.substr(1, quoted.size() - 2);
  for (const char character : secret) {
    const auto c = static_cast<unsigned char>(character);
    if (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      url += character;
    } else {
      url += '%', url += "0123456789ABCDEF"[c >> 4], url += "0123456789ABCDEF"[c & 15];
    }
  }
  static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string base64;
  const std::string padded = secret + std::string(2, '\0');
  for (std::size_t i = 0; i < secret.size(); i += 3) {
    const auto byte = [&](std::size_t j) { return static_cast<unsigned>(static_cast<unsigned char>(padded[j])); };
    const unsigned three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) base64 += digits[three >> shift & 63];
  }
  return {{secret, secret}, {quoted, quoted}, {url, url}, {base64, base64.substr(0, secret.size() / 3 * 4)}};
}

/// A message as a server frames it.
std::string text_frame(const std::string& text) {
  std::string frame("\x81", 1);
  if (text.size() < 126) return frame + static_cast<char>(text.size()) + text;
  frame += '\x7e';
  frame += static_cast<char>(text.size() >> 8);
  frame += static_cast<char>(text.size() & 0xFF);
  return frame + text;
}

TEST_P(Connectors, NeverLeaksItsSecrets) {
  const std::string in_header = "made-up-header/of=tests";
  ASSERT_EQ(setenv("CONFORMANCE_HEADER", in_header.c_str(), 1), 0);
  Scene& scene = start_live(0, {}, ", headers: {X-Made-Up: {env: CONFORMANCE_HEADER}}");
  EXPECT_EQ(scene.secrets.empty(), !declares_secrets(scene.kind.type))
      << "connector_yaml of the simulator is to give each secret a value, {value: …}, and secrets() to name it";
  scene.secrets.push_back(in_header);
  // The upstream repeats each secret: in events, in frames that nobody understands, as it stands and in other
  // spellings; then it refuses with it.
  for (const auto& secret : scene.secrets) {
    const auto spellings = spellings_of(secret);
    const auto known = scene.witness.ledger.frames;
    for (const auto& [form, sought] : spellings) {
      scene.door->inject(text_frame("no JSON, and a secret: " + form));
      scene.door->inject(text_frame(R"({"type":"chat","data":{"user":"ana","message":"no end: )" + form));
    }
    const std::string quoted = spellings[1].told;
    scene.door->inject(text_frame(R"({"type":"chat","data":{"user":"ana","message":"said )" + quoted + R"("}})"));
    scene.door->inject(text_frame(R"({"from":"ana","msg":")" + quoted + R"("})"));
    scene.door->inject(text_frame(R"(42["event",{"type":"tip","note":")" + quoted + R"("}])"));
    await([&] { return scene.witness.ledger.frames >= known + 2 * spellings.size() + 3; }, "the frames");
  }
  EXPECT_TRUE(scene.live());
  scene.simulator->stop();
  await([&] { return !scene.live(); }, "the end");
  for (const auto& secret : scene.secrets) {
    scene.door->answer_next("HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(secret.size()) +
                            "\r\n\r\n" + secret);
    scene.door->answer_next(secret + "\r\n\r\n");
    const auto known = scene.witness.endings.size();
    await(
        [&] {
          hurry();
          return scene.witness.endings.size() >= known + 2;
        },
        "refusals");
  }
  const std::string rest = scene.witness.rest_told();
  const std::string& events = scene.witness.events_told();
  EXPECT_NE((rest + events).find("<redacted>"), std::string::npos) << "the secrets must have come this far";
  for (const auto& secret : scene.secrets) {
    const auto spellings = spellings_of(secret);
    for (const auto& [told, sought] : spellings) {
      EXPECT_EQ(rest.find(sought), std::string::npos) << "a secret is told: " << sought;
    }
    EXPECT_EQ(events.find(secret), std::string::npos);
    EXPECT_EQ(events.find(spellings[1].sought), std::string::npos) << "as JSON has it";
  }
}

TEST_P(Connectors, AUrlThatCannotBeDialledIsAFaultOfTheFile) {
  const Scene& scene = start(0);
  const auto with_authority = [&](const std::string& authority) {
    const std::string mark = "127.0.0.1:" + std::to_string(scene.door->port());
    std::string yaml = scene.settings_yaml;
    return load(yaml.replace(yaml.find(mark), mark.size(), authority));
  };
  EXPECT_TRUE(with_authority("live.example:81").settings);
  for (const std::string authority : {"[::1", "[]", "[::1]x:80", "127.0.0.1:80:90", "a..b", "", "a:65536", "256.1.1.1",
                                      "\xc3\xa9.example", "[fe80::1%25eth0]", "a%2Eb"}) {
    const auto loaded = with_authority(authority);
    ASSERT_FALSE(loaded.faults.empty()) << authority;
    EXPECT_EQ(loaded.faults.front().path, "connectors.conformance.url") << authority;
    EXPECT_EQ(loaded.faults.front().place.line, 3u) << authority;
  }
}

TEST_P(Connectors, AUserInTheUrlAndAnAuthorizationHeaderContradictEachOther) {
  const Scene& scene = start(0);
  std::string yaml = scene.settings_yaml;
  yaml.replace(yaml.find("127.0.0.1:"), 0, "user:p%40ssword@");
  yaml.insert(yaml.rfind('}'), ", headers: {authorization: Basic}");
  const auto loaded = load(yaml);
  ASSERT_FALSE(loaded.faults.empty());  // a token that goes in the header, as OHA's, is a second one
  EXPECT_EQ(loaded.faults.back().path, "connectors.conformance.headers.authorization");
}

INSTANTIATE_TEST_SUITE_P(Registry, Connectors, testing::ValuesIn(every_kind()),
                         [](const auto& kind) { return kind.param.name; });

/// All kinds at once, because each must wait for the whole time.
TEST(BlockedSink, KeepsEveryConnectionForTwentySeconds) {
  boost::asio::io_context io;
  std::vector<std::unique_ptr<Scene>> scenes;
  for (const Kind& kind : every_kind()) {
    auto more = kind.behaviours;
    if (kind.type == "streamelements") more["ping_interval"] = "2s", more["ping_timeout"] = "1s";
    scenes.push_back(std::make_unique<Scene>(io, kind, 20, more, ", ping_interval: 5s", 60s));
    scenes.back()->link->start();
  }
  const auto run_until = [&](const auto& all, std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      bool done = true;
      for (const auto& scene : scenes) done &= all(*scene);
      if (done) return true;
      io.restart();
      io.run_one_for(20ms);
    }
    return false;
  };
  ASSERT_TRUE(run_until([](Scene& s) { return s.live() && s.witness.events > 0; }, 60s));
  for (const auto& scene : scenes) scene->witness.full = true;
  ASSERT_TRUE(run_until([](Scene& s) { return s.link->status().paused; }, 30s));
  const auto begin = std::chrono::steady_clock::now();
  run_until([&](Scene&) { return std::chrono::steady_clock::now() - begin >= 20s; }, 60s);
  std::vector<std::uint64_t> events;
  for (const auto& scene : scenes) {
    EXPECT_TRUE(scene->live()) << scene->kind.name << " " << net::name(scene->witness.last_reason());
    EXPECT_TRUE(scene->link->status().paused) << scene->kind.name;
    events.push_back(scene->witness.events);
    scene->witness.make_room();
  }
  EXPECT_TRUE(run_until([](Scene& s) { return !s.link->status().paused; }, 30s));
  std::size_t i = 0;
  for (const auto& scene : scenes) {
    const auto before = events[i++];
    EXPECT_TRUE(run_until([&](Scene&) { return scene->witness.events > before; }, 30s)) << scene->kind.name;
    EXPECT_EQ(scene->witness.lives, 1u) << scene->kind.name << " had to dial again";
    EXPECT_EQ(scene->door->accepted(), 1u) << scene->kind.name;
  }
}

}  // namespace
}  // namespace tributary::conformance
