#include "connectors/streamelements/simulator.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/streamelements/config.hpp"
#include "connectors/streamelements/session.hpp"
#include "net/websocket.hpp"

// The simulator against our own client over loopback. Everything waited for is awaited; the limit is for failures.

namespace tributary::connectors::streamelements {
namespace {

using namespace std::chrono_literals;

event::Now now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// A Session with a socket and nothing else.
class Client final : public net::WebSocketListener {
 public:
  Client(boost::asio::io_context& io, const std::string& url, int engine_io, const std::string& token = "fake")
      : session_("test", config(url, engine_io)) {
    socket_ = net::dial(io, std::get<net::DialTarget>(session_.dial({token}, now())), *this);
  }
  ~Client() override { socket_->detach(); }

  void on_open(std::string_view) override {
    apply([this](Outcome& o) { session_.open(1, now(), o); });
  }
  void on_message(std::string_view payload, bool binary) override {
    ++frames;
    apply([&](Outcome& o) { session_.frame(payload, binary, now(), o); });
  }
  void on_pong() override {}
  void on_end(net::Ending ended) override { ending = std::move(ended); }
  void tick() {
    if (now().steady >= session_.deadline()) apply([this](Outcome& o) { session_.tick(now(), o); });
  }
  void send(std::string_view frame) { socket_->send_text(frame); }
  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const auto& draft : drafts) list.emplace_back(draft.id.of(draft.text));
    return list;
  }

  bool live = false;
  std::uint64_t frames = 0, malformed = 0, unknown = 0;
  std::vector<event::Draft> drafts;
  std::vector<event::Ignored> ignored;
  std::optional<net::Ending> down;    ///< what the session said
  std::optional<net::Ending> ending;  ///< what the socket said

 private:
  static Config config(const std::string& url, int engine_io) {
    Config config;
    config.url = url;
    config.engine_io = engine_io;
    return config;
  }
  template <class Step>
  void apply(Step step) {
    Outcome outcome;
    step(outcome);
    live |= outcome.live;
    malformed += outcome.kind == event::FrameKind::malformed;
    unknown += outcome.unknown;
    for (auto& draft : outcome.drafts) drafts.push_back(std::move(draft));
    for (auto reason : outcome.ignored) ignored.push_back(reason);
    for (const auto& frame : outcome.sends) socket_->send_text(frame.payload);
    if (outcome.down && !down) down = outcome.down;
  }

  Session session_;
  std::shared_ptr<net::WebSocket> socket_;
};

class SimulatorTest : public testing::Test {
 protected:
  void start(std::map<std::string, std::string> behaviours, double rate = 0, std::uint64_t count = 0) {
    SimulatorOptions options;
    options.rate = rate;
    options.count = count;
    options.behaviours = std::move(behaviours);
    options.written = [this](const WrittenEvent& event) { written_.emplace_back(event.id); };
    simulator_ = make_simulator(io_, options);
    simulator_->start();
  }
  std::unique_ptr<Client> dial(int engine_io = 3, const std::string& token = "fake") {
    return std::make_unique<Client>(io_, simulator_->url(), engine_io, token);
  }
  /// Runs until it is so; fails after a long while.
  template <class Condition>
  void until(Condition condition, Client* client = nullptr) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      if (client != nullptr) client->tick();
      io_.restart();
      io_.run_one_for(2ms);
    }
    ASSERT_TRUE(condition());
  }

  boost::asio::io_context io_;
  std::unique_ptr<Simulator> simulator_;
  std::vector<std::string> written_;
};

TEST_F(SimulatorTest, LetsClientsOfBothProtocolsInAndTellsThemEverythingOnce) {
  for (int engine_io : {3, 4}) {
    written_.clear();
    start({{"pace", "even"}}, 20'000, 500);
    auto client = dial(engine_io);
    until([&] { return client->drafts.size() >= 500; });
    EXPECT_TRUE(client->live);
    EXPECT_EQ(client->ids(), written_);
    EXPECT_EQ(simulator_->events_written(), 500u);
    EXPECT_EQ(client->malformed + client->unknown, 0u);
    EXPECT_NE(simulator_->account().find("events=500"), std::string::npos) << simulator_->account();
    client.reset();
    simulator_.reset();
  }
}

TEST_F(SimulatorTest, RefusesTokensInEveryManner) {
  struct Case {
    std::map<std::string, std::string> behaviours;
    std::string words;
  };
  for (const auto& [behaviours, words] : {Case{{{"tokens", "good,better"}}, "Invalid token"},
                                          Case{{{"tokens", "good"}, {"refusal", "bare"}}, "no reason given"}}) {
    start(behaviours);
    auto bad = dial(3, "bad");
    until([&] { return bad->down.has_value(); });
    EXPECT_EQ(bad->down->reason, net::Reason::credential_refused);
    EXPECT_EQ(bad->down->detail, words);
    EXPECT_FALSE(bad->ending);
    auto good = dial(3, "good");
    until([&] { return good->live; });
    good.reset(), bad.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, MayCloseAfterARefusal) {
  start({{"tokens", "good"}, {"after_refusal", "close"}});
  auto bad = dial(3, "bad");
  until([&] { return bad->ending.has_value(); });
  EXPECT_EQ(bad->ending->reason, net::Reason::closed);
}

TEST_F(SimulatorTest, EndsSessionsWhenTheTokenExpires) {
  start({{"token_lifetime", "150ms"}});
  auto client = dial();
  until([&] { return client->live; });
  until([&] { return client->down.has_value(); });
  EXPECT_EQ(client->down->reason, net::Reason::credential_refused);
}

TEST_F(SimulatorTest, LeavesClosesAndResets) {
  start({{"goodbye_after", "20ms"}});
  auto client = dial();
  until([&] { return client->down.has_value(); });
  EXPECT_EQ(client->down->reason, net::Reason::disconnected);
  client.reset(), simulator_.reset();

  start({{"goodbye_after", "20ms"}, {"goodbye", "close"}});
  client = dial();
  until([&] { return client->ending.has_value(); });
  EXPECT_EQ(client->ending->reason, net::Reason::closed);
  client.reset(), simulator_.reset();

  start({{"goodbye_after", "20ms"}, {"goodbye", "reset"}});
  client = dial();
  until([&] { return client->ending.has_value(); });
  EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
  client.reset(), simulator_.reset();

  start({{"error_after", "20ms"}});
  client = dial();
  until([&] { return client->down.has_value(); });
  EXPECT_NE(client->down->detail.find("simulated error"), std::string::npos);
}

TEST_F(SimulatorTest, CountsOnlyWhatTheClientSendsAsLife) {
  start({{"ping_interval", "60ms"}, {"ping_timeout", "60ms"}, {"pace", "even"}}, 1000);
  auto silent = dial();  // never ticks, so it never pings
  until([&] { return silent->ending.has_value(); });
  EXPECT_GT(silent->drafts.size(), 0u);
  silent.reset();
  auto client = dial();
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 400ms; }, client.get());
  EXPECT_FALSE(client->ending);
}

TEST_F(SimulatorTest, KeepsAProtocol4ClientThatAnswersAndLosesOneThatDoesNot) {
  start({{"ping_interval", "40ms"}, {"ping_timeout", "40ms"}});
  auto client = dial(4);
  until([&] { return client->frames >= 8; }, client.get());  // handshake, join, welcome, then pings
  EXPECT_FALSE(client->ending);
  client.reset(), simulator_.reset();
  start({{"ping_interval", "40ms"}, {"ping_timeout", "40ms"}, {"mute", "on"}});
  client = dial(4);
  until([&] { return client->ending.has_value() || client->down.has_value(); }, client.get());
}

TEST_F(SimulatorTest, ClosesOnAHeartbeatOfTheWrongDirectionAndOnASecondJoin) {
  for (const std::string frame : {"3", "40"}) {
    start({});
    auto client = dial();
    until([&] { return client->live; });
    client->send(frame);
    until([&] { return client->ending.has_value(); });
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, ADeafServerIsAMismatch) {
  start({{"deaf", "on"}});
  auto client = dial(4);
  until([&] { return client->down.has_value(); });
  EXPECT_EQ(client->down->reason, net::Reason::engine_io_mismatch);
}

TEST_F(SimulatorTest, RefusesTheUpgradeOfAProtocolItDoesNotSpeak) {
  start({{"engine_io", "4"}});
  auto client = dial(3);
  until([&] { return client->ending.has_value(); });
  EXPECT_EQ(client->ending->reason, net::Reason::upgrade_refused);
}

TEST_F(SimulatorTest, SmallSegmentsChangeNothing) {
  start({{"segment", "7"}, {"pace", "even"}}, 5000, 50);
  auto client = dial();
  until([&] { return client->drafts.size() >= 50; });
  EXPECT_EQ(client->ids(), written_);
}

TEST_F(SimulatorTest, OdditiesDoNotBreakTheSession) {
  start({{"pace", "even"},
         {"binary_every", "10"},
         {"garbage_every", "25"},
         {"mock_every", "10"},
         {"test_every", "20"},
         {"ack_every", "5"},
         {"duplicate_every", "50"},
         {"updates", "on"},
         {"burst", "20"},
         {"max_payload", "on"},
         {"upgrades", "off"}},
        20'000, 200);
  auto client = dial();
  until([&] { return client->drafts.size() >= 204 && client->malformed >= 8; });
  EXPECT_EQ(client->malformed, 8u);
  EXPECT_EQ(client->unknown, 20u);
  std::uint64_t tests = 0;
  for (auto reason : client->ignored) tests += reason == event::Ignored::test;
  EXPECT_EQ(tests, 30u);
  EXPECT_FALSE(client->down || client->ending);
}

TEST_F(SimulatorTest, AFrameOverTheLimitEndsTheConnection) {
  start({{"oversize_after", "3"}, {"pace", "even"}}, 1000);
  auto client = dial();
  until([&] { return client->ending.has_value(); });
  EXPECT_EQ(client->ending->reason, net::Reason::frame_too_large);
  EXPECT_GE(client->drafts.size(), 3u);
}

TEST_F(SimulatorTest, IsSilentFromTheStageItIsToldTo) {
  const std::map<std::string, std::uint64_t> frames = {{"open", 0}, {"join", 1}, {"authenticate", 2}, {"live", 3}};
  for (const auto& [stage, expected] : frames) {
    start({{"silence", stage}, {"ping_interval", "200ms"}, {"ping_timeout", "100ms"}, {"pace", "even"}}, 1000);
    auto client = dial();
    until([&, wanted = expected] { return client->frames >= wanted; });
    const auto begin = std::chrono::steady_clock::now();
    until([&] { return std::chrono::steady_clock::now() - begin > 60ms; });
    EXPECT_EQ(client->frames, expected) << stage;
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  EXPECT_THROW(start({{"temper", "bad"}}), std::invalid_argument);
  EXPECT_THROW(start({{"segment", "few"}}), std::invalid_argument);
  EXPECT_THROW(start({{"silence", "sometimes"}}), std::invalid_argument);
  EXPECT_GE(simulator_behaviours().size(), 25u);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
