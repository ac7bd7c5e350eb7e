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
#include "connectors/oha/session.hpp"
#include "net/websocket.hpp"

// The simulator against our own session over loopback. Everything waited for is awaited; the limit is for failures.

namespace tributary::connectors::oha {
namespace {

using namespace std::chrono_literals;

event::Now now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// A Session with a socket and nothing else.
class Pupil final : public net::WebSocketListener {
 public:
  Pupil(boost::asio::io_context& io, const std::string& url, const std::string& key, const std::string& token,
        TokenIn in) {
    Config config;
    config.url = url;
    config.label = "maths-101";
    if (!token.empty()) config.auth.emplace().in = in;
    session_ = std::make_unique<Session>("classroom", config);
    std::vector<std::string> secrets{key};
    if (!token.empty()) secrets.push_back(token);
    socket_ = net::dial(io, std::get<net::DialTarget>(session_->dial(secrets, now())), *this);
  }
  ~Pupil() override { socket_->detach(); }
  void on_open(std::string_view) override {
    apply([this](Outcome& o) { session_->open(1, now(), o); });
  }
  void on_message(std::string_view payload, bool binary) override {
    texts.emplace_back(payload);
    apply([&](Outcome& o) { session_->frame(payload, binary, now(), o); });
  }
  void on_pong() override {}
  void on_end(net::Ending ended) override { ending = std::move(ended); }
  void say(const std::string& words) { socket_->send_text(R"({"type":"chat","data":{"message":")" + words + "\"}}"); }
  void raw(std::string_view text) { socket_->send_text(text); }
  void read(bool on) { on ? socket_->resume_reading() : socket_->pause_reading(); }
  bool authenticated() const { return session_->authenticated(); }
  bool heard(std::string_view part) const {
    return std::any_of(texts.begin(), texts.end(), [&](const auto& text) { return text.find(part) != text.npos; });
  }

  bool live = false;
  std::vector<std::string> texts;
  std::vector<event::Draft> drafts;
  std::vector<Remark> remarks;
  std::optional<net::Ending> ending;

 private:
  template <class Step>
  void apply(Step step) {
    Outcome outcome;
    step(outcome);
    live |= outcome.live;
    for (auto& draft : outcome.drafts) drafts.push_back(std::move(draft));
    for (auto& remark : outcome.remarks) remarks.push_back(remark);
    for (const auto& frame : outcome.sends) socket_->send_text(frame.payload);
  }
  std::unique_ptr<Session> session_;
  std::shared_ptr<net::WebSocket> socket_;
};

class SimulatorTest : public testing::Test {
 protected:
  void start(std::map<std::string, std::string> behaviours, double rate = 0, std::uint64_t count = 0) {
    SimulatorOptions options;
    options.rate = rate;
    options.count = count;
    options.behaviours = std::move(behaviours);
    options.written = [this](const WrittenEvent& event) { written_.emplace_back(event.json); };
    simulator_ = make_simulator(io_, options);
    simulator_->start();
  }
  std::unique_ptr<Pupil> dial(const std::string& token = "", TokenIn in = TokenIn::header,
                              const std::string& key = "key-of-it") {
    return std::make_unique<Pupil>(io_, simulator_->url(), key, token, in);
  }
  template <class Condition>
  void until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(2ms);
    }
    ASSERT_TRUE(condition());
  }
  boost::asio::io_context io_;
  std::unique_ptr<Simulator> simulator_;
  std::vector<std::string> written_;
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
  until([&] { return speaker->heard("hola") && listener->heard("hola"); });
  EXPECT_EQ(speaker->drafts.size(), 1u);
  EXPECT_EQ(listener->drafts.size(), 1u);
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
    clumsy->raw(frame);
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
  start({{"ping_interval", "30ms"}, {"pong_timeout", "100ms"}});
  auto awake = dial(), asleep = dial();
  until([&] { return awake->live && asleep->live; });
  asleep->read(false);
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 400ms; });
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

TEST_F(SimulatorTest, KeysAndTokensMayHoldAnyCharacter) {
  start({{"streams", "a b/c+d"}, {"tokens", "t&=%"}});
  auto pupil = dial("t&=%", TokenIn::query, "a b/c+d");
  until([&] { return pupil->authenticated(); });
}

TEST_F(SimulatorTest, MayNotGreetAndMaySayErrors) {
  start({{"greet", "off"}, {"pace", "even"}, {"error_every", "10"}}, 1'000, 30);
  auto pupil = dial("any", TokenIn::message);
  until([&] { return pupil->drafts.size() >= 30 && pupil->remarks.size() >= 3; });
  EXPECT_EQ(pupil->remarks[0].code, "upstream_error");
  EXPECT_EQ(pupil->remarks[0].subject, "slow_mode");
  EXPECT_TRUE(pupil->authenticated());
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
