#include "connectors/dlive/simulator.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/dlive/codec.hpp"
#include "connectors/dlive/config.hpp"
#include "connectors/dlive/session.hpp"
#include "event/event.hpp"
#include "net/websocket.hpp"
#include "tests/support/fake_intake.hpp"

// The simulator against our own session over loopback. Everything waited for is awaited; the limit is for failures.

namespace tributary::connectors::dlive {
namespace {

using namespace std::chrono_literals;

event::Now now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

/// A Session with a socket and nothing else.
class Subscriber final : public net::WebSocketListener {
 public:
  Subscriber(boost::asio::io_context& io, const std::string& url, std::vector<std::string> streamers,
             const std::string& token = "") {
    config_.url = url;
    config_.streamers = std::move(streamers);
    if (!token.empty()) config_.token.emplace();
    session_ = std::make_unique<Session>("arcade", config_);
    const std::vector<std::string> secrets(token.empty() ? 0 : 1, token);
    socket_ = net::dial(io, std::get<net::DialTarget>(session_->dial(secrets, now())), *this);
  }
  ~Subscriber() override { socket_->detach(); }
  void on_open(std::string_view subprotocol) override {
    EXPECT_EQ(subprotocol, "graphql-ws");
    apply([this](Outcome& o) { session_->open(1, now(), o); });
  }
  void on_message(std::string_view payload, bool binary) override {
    ++frames;
    last = payload;
    apply([&](Outcome& o) { session_->frame(payload, binary, now(), o); });
  }
  void on_pong() override {}
  void on_end(net::Ending ended) override { ending = std::move(ended); }
  void tick() {
    if (now().steady >= session_->deadline()) apply([this](Outcome& o) { session_->tick(now(), o); });
  }
  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const auto& draft : drafts) list.emplace_back(draft.identified ? draft.id.of(draft.text) : "");
    return list;
  }

  bool live = false;
  std::uint64_t frames = 0, malformed = 0, unknown = 0;
  std::string last;
  std::vector<event::Draft> drafts;
  std::vector<Remark> remarks;
  std::optional<net::Ending> down;    ///< what the session said
  std::optional<net::Ending> ending;  ///< what the socket said

 private:
  template <class Step>
  void apply(Step step) {
    Outcome outcome;
    step(outcome);
    live |= outcome.live;
    malformed += outcome.kind == event::FrameKind::malformed;
    unknown += outcome.unknown;
    for (auto& draft : outcome.drafts) drafts.push_back(std::move(draft));
    for (auto& remark : outcome.remarks) remarks.push_back(remark);
    for (const auto& frame : outcome.sends) socket_->send_text(frame.payload);
    if (outcome.down && !down) down = outcome.down;
  }
  Config config_;
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
    options.written = [this](const WrittenEvent& event) { written_.emplace_back(event.id); };
    simulator_ = make_simulator(io_, options);
    simulator_->start();
  }
  std::unique_ptr<Subscriber> dial(std::vector<std::string> streamers = {"dbl-lee"}, const std::string& token = "") {
    return std::make_unique<Subscriber>(io_, simulator_->url(), std::move(streamers), token);
  }
  template <class Condition>
  void until(Condition condition, Subscriber* client = nullptr) {
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

TEST_F(SimulatorTest, BothServersTellEverythingOnce) {
  for (const char* server : {"gqlgen", "apollo"}) {
    written_.clear();
    start({{"pace", "even"}, {"server", server}}, 20'000, 1'000);
    auto client = dial({"a", "b"});
    until([&] { return client->drafts.size() >= 1'000; });
    EXPECT_EQ(client->ids(), written_);
    EXPECT_EQ(client->malformed + client->unknown, 0u);
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, ShowsEveryKindOfMessageToEveryStreamer) {
  start({{"pace", "even"}}, 20'000, 6'000);
  auto client = dial({"a", "b"});
  until([&] { return client->drafts.size() >= 6'000; });
  std::set<std::string> types, channels;
  for (const auto& draft : client->drafts) {
    types.emplace(draft.type.of(draft.text));
    channels.insert(draft.upstream_channel);
  }
  EXPECT_EQ(channels, (std::set<std::string>{"a", "b"}));
  for (const char* type : {"chat",
                           "tip",
                           "live",
                           "offline",
                           "follow",
                           "subscriber",
                           "giftSub",
                           "communityGiftPurchase",
                           "messageDeleted",
                           "host",
                           "chatMode",
                           "ban",
                           "moderator",
                           "emoteAdded",
                           "timeout",
                           "clip",
                           "chestValueAdded",
                           "chestGiveawayStarted",
                           "chestGiveawayEnded",
                           "chestValueExpired",
                           "chestValueUpdated",
                           "chestReadyToCollect",
                           "unknown"}) {
    EXPECT_EQ(types.count(type), 1u) << type;
  }
}

TEST_F(SimulatorTest, TheSameSeedIsTheSameShow) {
  std::vector<std::string> first;
  for (int round = 0; round < 2; ++round) {
    written_.clear();
    start({{"pace", "even"}}, 5'000, 100);
    auto client = dial();
    until([&] { return client->drafts.size() >= 100; });
    if (round == 0) first = written_;
    client.reset(), simulator_.reset();
  }
  EXPECT_EQ(first, written_);
}

TEST_F(SimulatorTest, RefusesTokensWithTheCodeOfItsServer) {
  for (const auto& [behaviour, code] : std::map<std::string, int>{{"gqlgen", 1000}, {"apollo", 1011}}) {
    start({{"tokens", "good,better"}, {"server", behaviour}});
    auto bad = dial({"a"}, "bad");
    until([&] { return bad->ending.has_value(); });
    EXPECT_EQ(bad->down->reason, net::Reason::credential_refused);
    EXPECT_EQ(bad->ending->close_code, code);
    auto none = dial({"a"});
    until([&] { return none->down.has_value(); });
    auto good = dial({"a"}, "better");
    until([&] { return good->live; });
    bad.reset(), none.reset(), good.reset(), simulator_.reset();
  }
  start({{"tokens", "good"}, {"refusal_close", "1011"}});
  auto bad = dial({"a"}, "bad");
  until([&] { return bad->ending.has_value(); });
  EXPECT_EQ(bad->ending->close_code, 1011);
}

TEST_F(SimulatorTest, KeepsAliveEarlyLateOrNotAtAll) {
  start({{"ka", "30ms"}});
  auto early = dial();
  until([&] { return early->frames >= 5; });
  EXPECT_NE(early->last.find("\"ka\""), std::string::npos);
  early.reset(), simulator_.reset();
  start({{"ka", "30ms"}, {"early_ka", "off"}});
  auto late = dial();
  until([&] { return late->frames >= 1; });
  EXPECT_NE(late->last.find("connection_ack"), std::string::npos);
  until([&] { return late->frames >= 3; });
  late.reset(), simulator_.reset();
  start({{"ka", "5ms"}, {"mute", "on"}});
  auto mute = dial();
  until([&] { return mute->live; });
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 60ms; });
  EXPECT_EQ(mute->frames, 1u);
}

TEST_F(SimulatorTest, OneSubscriptionFailsAmongHealthyOnes) {
  for (const char* server : {"gqlgen", "apollo"}) {
    start({{"pace", "even"}, {"failing", "bad"}, {"fail_times", "2"}, {"server", server}}, 500);
    auto client = dial({"bad", "good"});
    until([&] { return client->drafts.size() >= 20; });
    for (const auto& draft : client->drafts) EXPECT_EQ(draft.upstream_channel, "good");
    EXPECT_EQ(client->remarks.size(), 2u);
    until([&] { return client->drafts.back().upstream_channel == "bad"; }, client.get());
    EXPECT_EQ(client->malformed + client->unknown, 0u);
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, AWrongNameIsSilent) {
  start({{"pace", "even"}, {"streamers", "real"}}, 5'000, 200);
  auto client = dial({"real", "wrong"});
  until([&] { return client->drafts.size() >= 200; });
  for (const auto& draft : client->drafts) EXPECT_EQ(draft.upstream_channel, "real");
  EXPECT_TRUE(client->remarks.empty());
}

TEST_F(SimulatorTest, OdditiesDoNotBreakTheSession) {
  start({{"pace", "even"},
         {"complete_every", "50"},
         {"null_every", "3"},
         {"error_every", "40"},
         {"duplicate_every", "25"}},
        2'000, 200);
  auto client = dial({"a", "b", "c"});
  until([&] { return client->drafts.size() >= 208; }, client.get());
  std::uint64_t ends = 0, errors = 0;
  for (const auto& remark : client->remarks) {
    ends += remark.code == "subscription_failed";
    errors += remark.code == "upstream_error";
  }
  EXPECT_EQ(ends, 4u);
  EXPECT_EQ(errors, 5u);
  EXPECT_EQ(client->malformed, 0u);
  EXPECT_FALSE(client->down || client->ending);
}

TEST_F(SimulatorTest, DataMayComeWithoutAnId) {
  start({{"pace", "even"}, {"omit_id", "on"}}, 2'000, 50);
  auto client = dial({"only"});
  until([&] { return client->drafts.size() >= 50; });
  EXPECT_EQ(client->malformed, 0u);
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"temper", "bad"}, {"server", "hasura"}, {"ka", "often"}, {"refusal_close", "4400"}, {"mute", "yes"}}) {
    EXPECT_THROW(start({{name, value}}), std::invalid_argument) << name;
  }
  EXPECT_GE(simulator_behaviours().size(), 20u);
}

}  // namespace
}  // namespace tributary::connectors::dlive
