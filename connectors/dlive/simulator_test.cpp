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
#include "connectors/dlive/protocol.hpp"
#include "connectors/simulation/simulator_fixture.hpp"
#include "event/event.hpp"
#include "tests/support/fake_intake.hpp"

namespace tributary::connectors::dlive {
namespace {

using namespace std::chrono_literals;
using testing::SessionClient;
using testing::SimulatorFixture;

class Subscriber final : public SessionClient<DLiveProtocol> {
 public:
  Subscriber(boost::asio::io_context& io, const std::string& url, std::vector<std::string> streamers,
             const std::string& token)
      : SessionClient(io, session_of(url, std::move(streamers), !token.empty()),
                      std::vector<std::string>(token.empty() ? 0 : 1, token)) {}

 private:
  static std::unique_ptr<DLiveProtocol> session_of(const std::string& url, std::vector<std::string> streamers,
                                                   bool token) {
    Config config;
    config.url = url;
    config.streamers = std::move(streamers);
    if (token) config.token.emplace();
    return std::make_unique<DLiveProtocol>("arcade", config);
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Subscriber> dial(std::vector<std::string> streamers = {"dbl-lee"}, const std::string& token = "") {
    return std::make_unique<Subscriber>(io_, simulator_->url(), std::move(streamers), token);
  }
};

TEST_F(SimulatorTest, BothServersTellEverythingOnce) {
  for (const char* server : {"gqlgen", "apollo"}) {
    ids_.clear();
    start({{"pace", "even"}, {"server", server}}, 20'000, 1'000);
    auto client = dial({"a", "b"});
    until([&] { return client->drafts.size() >= 1'000; });
    EXPECT_EQ(client->subprotocol, "graphql-ws");
    EXPECT_EQ(client->ids(), ids_);
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
    ids_.clear();
    start({{"pace", "even"}}, 5'000, 100);
    auto client = dial();
    until([&] { return client->drafts.size() >= 100; });
    if (round == 0) first = ids_;
    client.reset(), simulator_.reset();
  }
  EXPECT_EQ(first, ids_);
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
  until([&] { return early->texts.size() >= 5; });
  EXPECT_NE(early->texts.back().find("\"ka\""), std::string::npos);
  early.reset(), simulator_.reset();
  start({{"ka", "30ms"}, {"early_ka", "off"}});
  auto late = dial();
  until([&] { return late->texts.size() >= 1; });
  EXPECT_NE(late->texts.back().find("connection_ack"), std::string::npos);
  until([&] { return late->texts.size() >= 3; });
  late.reset(), simulator_.reset();
  start({{"ka", "5ms"}, {"mute", "on"}});
  auto mute = dial();
  until([&] { return mute->live; });
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 60ms; });
  EXPECT_EQ(mute->texts.size(), 1u);
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
