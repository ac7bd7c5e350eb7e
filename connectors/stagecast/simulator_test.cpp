#include "connectors/stagecast/simulator.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "connectors/simulation/simulator_fixture.hpp"
#include "connectors/stagecast/config.hpp"
#include "connectors/stagecast/protocol.hpp"
#include "connectors/stagecast/publishing.hpp"

namespace tributary::connectors::stagecast {
namespace {

using namespace std::chrono_literals;
using testing::SessionClient;
using testing::SimulatorFixture;

/// `login`: "" only listens, `email:password`, or a token.
class Client final : public SessionClient<StagecastProtocol> {
 public:
  Client(boost::asio::io_context& io, const std::string& url, const std::string& channel, const std::string& login,
         std::chrono::milliseconds patience)
      : SessionClient(io, std::make_unique<StagecastProtocol>("test", config(url, channel, login, patience)),
                      {login.substr(login.find(':') + 1)}) {}

 private:
  static Config config(const std::string& url, const std::string& channel, const std::string& login,
                       std::chrono::milliseconds patience) {
    Config config;
    config.url = url;
    config.channel = channel;
    config.common.timeouts.handshake = patience;
    if (login.empty()) return config;
    config.auth.emplace();
    const auto colon = login.find(':');
    (colon == std::string::npos ? config.auth->token : config.auth->password).emplace();
    if (colon != std::string::npos) config.auth->email = login.substr(0, colon);
    return config;
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Client> dial(const std::string& login = "", const std::string& channel = "simulated-hall",
                               std::chrono::milliseconds patience = 10s) {
    return std::make_unique<Client>(io_, simulator_->url(), channel, login, patience);
  }
};

TEST_F(SimulatorTest, TellsAListenerEverythingOnceInEveryShape) {
  start({{"pace", "even"}}, 20'000, 1000);
  auto client = dial();
  until([&] { return client->drafts.size() >= 1000; });
  EXPECT_EQ(client->ids(), ids_);
  EXPECT_EQ(client->malformed, 0u);
  std::set<std::string> types, kinds;
  int unwrapped = 0, text = 0;
  for (const auto& draft : client->drafts) {
    const auto event = nlohmann::json::parse(draft.text + "}}");
    types.insert(event["type"]);
    unwrapped += event["data"].contains("username");
    if (event["type"] == "broadcast") kinds.insert(event["data"]["payload"].type_name());
  }
  ASSERT_EQ(written_.size(), client->texts.size());
  for (std::size_t i = 0; i < written_.size(); ++i) {
    if (written_[i] == client->texts[i]) continue;
    EXPECT_EQ(nlohmann::json::parse(written_[i]), client->texts[i]) << "of text, its string is noted";
    ++text;
  }
  EXPECT_EQ(types, (std::set<std::string>{"broadcast", "momentStarted", "momentStopped"}));
  EXPECT_EQ(kinds, (std::set<std::string>{"array", "boolean", "null", "number", "object", "string"}));
  EXPECT_GT(unwrapped, 100);
  EXPECT_GT(text, 30);
  EXPECT_NE(simulator_->account().find("vote="), std::string::npos) << simulator_->account();
}

TEST_F(SimulatorTest, ShowsOnlyTheShapesAskedFor) {
  start({{"pace", "even"}, {"shapes", "C"}}, 20'000, 20);
  auto client = dial();
  until([&] { return client->drafts.size() >= 20; });
  for (const auto& draft : client->drafts) EXPECT_TRUE(draft.identified);
}

TEST_F(SimulatorTest, SaysOkInTextAndInBinary) {
  for (const std::string frame : {"text", "binary"}) {
    start({{"ok", frame}, {"accounts", "a@example.org:fake"}, {"tokens", "good"}});
    auto account = dial("a@example.org:fake");
    auto token = dial("good");
    until([&] { return account->live && token->live; });
    account.reset(), token.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, LetsEveryoneInWhenItKnowsNobody) {
  start({});
  auto client = dial("whoever");
  until([&] { return client->live; });
}

TEST_F(SimulatorTest, RefusesBySilenceWhileTheShowGoesOn) {
  start({{"accounts", "a@example.org:fake"}, {"pace", "even"}}, 1000);
  auto client = dial("a@example.org:wrong", "simulated-hall", 100ms);
  until([&] { return client->down && !client->drafts.empty(); }, client.get());
  EXPECT_EQ(client->down->reason, net::Reason::credential_refused);
  EXPECT_FALSE(client->live);
}

TEST_F(SimulatorTest, RefusesByCloseByBinaryAndByDrop) {
  start({{"tokens", "good"}, {"refusal", "close"}});
  auto client = dial("bad");
  until([&] { return client->ending.has_value(); });
  EXPECT_EQ(client->ending->reason, net::Reason::credential_refused);
  EXPECT_NE(client->ending->detail.find("not authorised"), std::string::npos) << client->ending->detail;
  client.reset(), simulator_.reset();

  start({{"tokens", "good"}, {"refusal", "binary"}});
  client = dial("bad");
  until([&] { return client->down.has_value(); });
  EXPECT_EQ(client->down->detail, "the server answered: invalid credentials");
  client.reset(), simulator_.reset();

  start({{"tokens", "good"}, {"refusal", "drop"}});
  client = dial("bad");
  until([&] { return client->ending.has_value(); });
  EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
}

TEST_F(SimulatorTest, BroadcastsBeforeOkAreNotLost) {
  start({{"tokens", "good"}, {"early", "3"}});
  auto client = dial("good");
  until([&] { return client->live; });
  EXPECT_EQ(client->drafts_before_live, 3u);
  EXPECT_EQ(client->ids(), ids_);
  client.reset(), simulator_.reset();

  start({{"tokens", "good"}, {"ok_delay", "50ms"}, {"pace", "even"}}, 2000);
  client = dial("good");
  until([&] { return client->live; });
  EXPECT_GT(client->drafts_before_live, 0u);
}

TEST_F(SimulatorTest, PassesABroadcastToAllOthersAlsoToTheAccountsOtherSocket) {
  start({});
  auto sender = dial("a@example.org:fake"), twin = dial("a@example.org:fake"), listener = dial(),
       elsewhere = dial("", "another-hall");
  until([&] { return sender->live && twin->live && listener->live && elsewhere->live; });
  sender->send(R"({"hello":4.20})");
  sender->send("no json");
  const std::string first = R"({"from":"203.0.113.7","msg":{"hello":4.20}})";
  const std::string second = R"({"from":"203.0.113.7","msg":"no json"})";
  until([&] { return listener->heard(second) && twin->heard(second); });
  EXPECT_TRUE(listener->heard(first) && twin->heard(first));
  twin->send("1");  // the answer to nothing: what came before it to the sender has come
  until([&] { return sender->heard(R"({"from":"203.0.113.7","msg":1})"); });
  EXPECT_FALSE(sender->heard(first) || sender->heard(second));
  EXPECT_TRUE(elsewhere->texts.empty());
}

TEST_F(SimulatorTest, PassesADirectMessageToThatAccountOnly) {
  start({{"wrap", "off"}});
  auto sender = dial("a@example.org:fake"), wanted = dial("b@example.org:fake"), other = dial("c@example.org:fake");
  until([&] { return sender->live && wanted->live && other->live; });
  sender->send(R"({"to":"b@example.org","message":"psst"})");
  sender->send("[1]");
  until([&] { return other->heard("[1]") && wanted->heard("[1]"); });
  EXPECT_TRUE(wanted->heard("\"psst\""));
  EXPECT_FALSE(other->heard("\"psst\""));
}

TEST_F(SimulatorTest, AListenerCannotSend) {
  start({{"tokens", "good"}});
  auto listener = dial(), sender = dial("good");
  until([&] { return listener->live && sender->live; });
  listener->send("[1]");
  sender->send("[2]");
  until([&] { return listener->heard(R"({"from":"203.0.113.7","msg":[2]})"); });
  EXPECT_FALSE(sender->heard(R"({"from":"203.0.113.7","msg":[1]})"));
}

TEST_F(SimulatorTest, DropsAbruptlyAndSendsOddities) {
  // after a stall that is longer than this, show and goodbye are due at once, and nothing of the show arrives
  start(
      {{"goodbye_after", "1s"}, {"goodbye", "reset"}, {"garbage_every", "2"}, {"binary_every", "2"}, {"pace", "even"}},
      2000);
  auto client = dial();
  until([&] { return client->ending.has_value(); });
  EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
  EXPECT_GT(client->malformed, 0u);
}

TEST_F(SimulatorTest, SaysNothingThatCouldBeTakenForItsOk) {
  start({{"tokens", "good"}, {"ok_delay", "50ms"}, {"binary_every", "1"}, {"pace", "even"}}, 1000);
  auto client = dial("good");
  until([&] { return client->live && client->malformed > 0; });
  EXPECT_GT(client->drafts_before_live, 0u) << "the show does not wait";
  EXPECT_FALSE(client->down);
}

TEST_F(SimulatorTest, KnowsOnePathAndOnlyItsBehaviours) {
  start({});
  auto client = dial("", "a/b");  // encoded into one segment
  until([&] { return client->live; });
  EXPECT_THROW(start({{"temper", "bad"}}), std::invalid_argument);
  for (const auto& [name, value] : std::map<std::string, std::string>{{"shapes", "D"},
                                                                      {"shapes", ""},
                                                                      {"ok", "loud"},
                                                                      {"refusal", "yes"},
                                                                      {"accounts", "nocolon"},
                                                                      {"early", "few"}}) {
    EXPECT_THROW(start({{name, value}}), std::invalid_argument) << name;
  }
}

event::Message message_of(std::string content, event::Form form = event::Form::text) {
  event::Message message;
  message.number = 1;
  message.form = form;
  message.content = std::move(content);
  return message;
}

TEST_F(SimulatorTest, WhatIsPublishedReachesTheOthersAndNotTheSender) {
  start({{"tokens", "fake"}, {"accounts", "ada@example.org:secret"}});
  const auto sender = dial("fake"), listener = dial(), ada = dial("ada@example.org:secret");
  until([&] { return sender->live && listener->live && ada->live; });
  sender->publish(message_of("hello"));
  until([&] { return listener->drafts.size() == 1 && ada->drafts.size() == 1; });
  auto direct = message_of(R"({"type":"tip"})", event::Form::event);
  direct.address = std::make_shared<Recipient>("ada@example.org");
  sender->publish(direct);
  until([&] { return ada->drafts.size() == 2; });
  EXPECT_NE(ada->drafts[1].text.find(R"("payload":{"type":"tip"})"), std::string::npos) << ada->drafts[1].text;
  EXPECT_EQ(listener->drafts.size(), 1U);
  EXPECT_TRUE(sender->drafts.empty());
  ASSERT_EQ(sender->reports.size(), 2U);
  EXPECT_EQ(sender->reports[1].result, event::MessageResult::sent);
}

}  // namespace
}  // namespace tributary::connectors::stagecast
