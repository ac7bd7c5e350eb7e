#include "connectors/oha/simulator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/oha/config.hpp"
#include "connectors/oha/protocol.hpp"
#include "connectors/simulation/simulator_fixture.hpp"

namespace tributary::connectors::oha {
namespace {

using namespace std::chrono_literals;
using testing::SessionClient;
using testing::SimulatorFixture;

/// {"username":"relay"}
const std::string token_of_relay = "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InJlbGF5In0.";

class Pupil final : public SessionClient<OhaProtocol> {
 public:
  Pupil(boost::asio::io_context& io, const std::string& url, const std::string& key, const std::string& token,
        TokenIn in)
      : SessionClient(io, session_of(url, !token.empty(), in),
                      token.empty() ? std::vector<std::string>{key} : std::vector<std::string>{key, token}) {}

  /// As a channel sink has it said: by the protocol.
  void publish(std::uint64_t number, const std::string& words) {
    event::Message message;
    message.number = number;
    message.form = event::Form::text;
    message.content = words;
    SessionClient::publish(message);
  }
  /// Past the protocol, as somebody else with the same account.
  void say(const std::string& words) { send(R"({"type":"chat","data":{"message":")" + words + "\"}}"); }
  bool authenticated() { return session().authenticated(); }
  bool heard_of(std::string_view part) const {
    return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text.find(part) != text.npos; });
  }

 private:
  static std::unique_ptr<OhaProtocol> session_of(const std::string& url, bool token, TokenIn in) {
    Config config;
    config.url = url;
    config.label = "maths-101";
    if (token) config.auth.emplace().in = in;
    return std::make_unique<OhaProtocol>("classroom", config);
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Pupil> dial(const std::string& token = "", TokenIn in = TokenIn::header,
                              const std::string& key = "key-of-it") {
    return std::make_unique<Pupil>(io_, simulator_->url(), key, token, in);
  }
};

TEST_F(SimulatorTest, TellsEverythingOnceAsItWasWritten) {
  start({{"pace", "even"}}, 20'000, 500);
  auto pupil = dial();
  until([&] { return pupil->drafts.size() >= 500; });
  const std::vector<std::string> heard(pupil->texts.begin() + 1, pupil->texts.end());
  EXPECT_EQ(heard, written_);
  std::uint64_t unknown = 0;
  for (const auto& draft : pupil->drafts) unknown += draft.type.of(draft.text) == "unknown";
  EXPECT_EQ(unknown, 25u);
}

TEST_F(SimulatorTest, KnowsATokenInEachOfThreeWays) {
  start({{"tokens", "good,better"}});
  for (const TokenIn in : {TokenIn::header, TokenIn::message, TokenIn::query}) {
    auto good = dial("better", in);
    until([&] { return good->authenticated(); });
    EXPECT_TRUE(good->remarks.empty());
    auto bad = dial("bad", in);
    until([&] { return !bad->remarks.empty(); });
    EXPECT_TRUE(bad->live);
    EXPECT_FALSE(bad->authenticated());
    EXPECT_EQ(bad->remarks[0].code, "auth_refused");
    EXPECT_FALSE(bad->ending);
  }
}

TEST_F(SimulatorTest, WithoutATokenItMayOnlyListen) {
  start({});
  auto silent = dial(), other = dial();
  until([&] { return silent->live && other->live; });
  EXPECT_TRUE(silent->remarks.empty());
  silent->say("may I?");
  until([&] { return !silent->remarks.empty(); });
  EXPECT_EQ(silent->remarks[0].subject, "not_authenticated");
  EXPECT_TRUE(other->drafts.empty());
}

TEST_F(SimulatorTest, WhatIsSaidGoesToEverybodyTheSpeakerIncluded) {
  start({});
  auto speaker = dial("any", TokenIn::message), listener = dial();
  until([&] { return speaker->authenticated() && listener->live; });
  speaker->say("hola");
  until([&] { return speaker->heard_of("hola") && listener->heard_of("hola"); });
  EXPECT_EQ(speaker->drafts.size(), 1u);
  EXPECT_EQ(listener->drafts.size(), 1u);
}

TEST_F(SimulatorTest, WhatWePublishIsHeardByOthersAndIsNoEventOfOurs) {
  start({});
  auto speaker = dial(token_of_relay, TokenIn::message), listener = dial();
  until([&] { return speaker->authenticated() && listener->live; });
  speaker->publish(1, "hola \"☃\"");
  until([&] { return speaker->reports.size() == 2 && listener->drafts.size() == 1; });
  EXPECT_EQ(speaker->reports[1].result, event::MessageResult::sent);
  EXPECT_EQ(speaker->ignored, std::vector{event::Ignored::own_echo});
  EXPECT_TRUE(speaker->drafts.empty());
  EXPECT_TRUE(listener->heard_of(R"({"user":"relay","message":"hola \"☃\""})"));
  speaker->say("hola");
  until([&] { return speaker->drafts.size() == 1; });
  EXPECT_NE(simulator_->account().find("said=2 refused=0"), std::string::npos) << simulator_->account();
}

TEST_F(SimulatorTest, RefusesEveryNthMessageAndOnlyItsSenderHearsOfIt) {
  start({{"refuse_chat_every", "2"}});
  auto speaker = dial(token_of_relay, TokenIn::header), listener = dial();
  until([&] { return speaker->authenticated() && listener->live; });
  for (std::uint64_t number : {1U, 2U, 3U}) {
    const auto before = speaker->reports.size();
    speaker->publish(number, "words " + std::to_string(number));
    until([&] { return speaker->reports.size() == before + 2; });
  }
  EXPECT_EQ(speaker->reports[1].result, event::MessageResult::sent);
  EXPECT_EQ(speaker->reports[3].result, event::MessageResult::refused);
  EXPECT_EQ(speaker->reports[3].detail, "slow_mode: simulated");
  EXPECT_EQ(speaker->reports[5].result, event::MessageResult::sent);
  until([&] { return listener->drafts.size() == 2; });
  EXPECT_FALSE(listener->heard_of("words 2"));
  EXPECT_TRUE(listener->remarks.empty());
}

TEST_F(SimulatorTest, MayShowNobodyTheirOwnWordsAndMayBeSlow) {
  start({{"echo", "off"}, {"chat_delay", "100ms"}});
  auto speaker = dial(token_of_relay, TokenIn::header), listener = dial();
  until([&] { return speaker->authenticated() && listener->live; });
  const auto begin = std::chrono::steady_clock::now();
  speaker->publish(1, "slow");
  until([&] { return listener->heard_of("slow"); });
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
  EXPECT_EQ(speaker->reports.size(), 1u) << "it awaits";
  speaker->publish(2, "last words");
  speaker.reset();  // it is gone before they are shown
  until([&] { return listener->heard_of("last words"); });
}

TEST_F(SimulatorTest, RefusesWithHttp) {
  for (const char* status : {"403", "500"}) {
    start({{"refuse", status}});
    auto pupil = dial();
    until([&] { return pupil->ending.has_value(); });
    EXPECT_EQ(pupil->ending->reason, net::Reason::upgrade_refused);
    EXPECT_NE(pupil->ending->detail.find(status), std::string::npos);
    pupil.reset(), simulator_.reset();
  }
  start({{"streams", "live-one,live-two"}});
  auto dead = dial("", TokenIn::header, "another");
  until([&] { return dead->ending.has_value(); });
  EXPECT_NE(dead->ending->detail.find("403"), std::string::npos);
  auto live = dial("", TokenIn::header, "live-two");
  until([&] { return live->live; });
}

TEST_F(SimulatorTest, AnExceptionClosesWith1011) {
  start({{"pace", "even"}, {"exception_after", "5"}}, 1'000);
  auto pupil = dial();
  until([&] { return pupil->ending.has_value(); });
  EXPECT_EQ(pupil->ending->close_code, 1011);
  EXPECT_EQ(pupil->drafts.size(), 5u);
  pupil.reset(), simulator_.reset();
  start({});
  for (const std::string frame : {"{not json", "", "[]", "{}"}) {
    auto clumsy = dial();
    until([&] { return clumsy->live; });
    clumsy->send(frame);
    until([&] { return clumsy->ending.has_value(); });
    EXPECT_EQ(clumsy->ending->close_code, 1011) << frame;
  }
}

TEST_F(SimulatorTest, TheDayEndsWith1000) {
  start({{"goodbye_after", "20ms"}});
  auto pupil = dial();
  until([&] { return pupil->ending.has_value(); });
  EXPECT_EQ(pupil->ending->close_code, 1000);
}

TEST_F(SimulatorTest, PingsAndDropsWhoDoesNotAnswer) {
  start({{"ping_interval", "30ms"}, {"pong_timeout", "1s"}});
  auto awake = dial(), asleep = dial();
  until([&] { return awake->live && asleep->live; });
  asleep->read(false);
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 1500ms; });
  asleep->read(true);
  until([&] { return asleep->ending.has_value(); });
  EXPECT_EQ(asleep->ending->close_code, 0) << "TCP ends without a close frame";
  EXPECT_FALSE(awake->ending);
}

TEST_F(SimulatorTest, WithoutTheSlashAtTheEndThereIsNoRoute) {
  start({});
  net::DialTarget target;
  target.url = simulator_->url() + "/streams/key-of-it";
  struct Ends final : net::WebSocketListener {
    void on_open(std::string_view) override {}
    void on_message(std::string_view, bool) override {}
    void on_pong() override {}
    void on_end(net::Ending ended) override { ending = std::move(ended); }
    std::optional<net::Ending> ending;
  } listener;
  const auto socket = net::dial(io_, target, listener);
  until([&] { return listener.ending.has_value(); });
  EXPECT_EQ(listener.ending->http_status, 500);
}

TEST_F(SimulatorTest, KeysAndTokensMayHoldAnyCharacterButASlash) {
  start({{"streams", "a b%?#c+d,a/b"}, {"tokens", "t&=%/"}});
  auto pupil = dial("t&=%/", TokenIn::query, "a b%?#c+d");
  until([&] { return pupil->authenticated(); });
  auto other = dial("t&=%/", TokenIn::query, "a/b");  // however it is written, there is no such route
  until([&] { return other->ending.has_value(); });
  EXPECT_EQ(other->ending->http_status, 500);
}

TEST_F(SimulatorTest, MayNotGreetAndMaySayErrors) {
  start({{"greet", "off"}, {"pace", "even"}, {"error_every", "10"}}, 1'000, 30);
  auto pupil = dial("any", TokenIn::message);
  // the show does not wait for who says who they are
  until([&] { return pupil->drafts.size() >= 30 && pupil->remarks.size() >= 3 && pupil->authenticated(); });
  EXPECT_EQ(pupil->remarks[0].code, "upstream_error");
  EXPECT_EQ(pupil->remarks[0].subject, "slow_mode");
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"temper", "bad"},
                                                                      {"refuse", "404"},
                                                                      {"greet", "maybe"},
                                                                      {"ping_interval", "often"},
                                                                      {"error_every", "x"}}) {
    EXPECT_THROW(start({{name, value}}), std::invalid_argument) << name;
  }
  EXPECT_GE(simulator_behaviours().size(), 15u);
}

}  // namespace
}  // namespace tributary::connectors::oha
