#include "connectors/users/simulator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
#include "connectors/users/config.hpp"
#include "connectors/users/protocol.hpp"

namespace tributary::connectors::users {
namespace {

using namespace std::chrono_literals;
using testing::SessionClient;
using testing::SimulatorFixture;

struct Dialling {
  std::string origin = "trusted-host", key;
  std::chrono::milliseconds patience = 10s, probe_interval = 50ms;
};

/// Its first probe is answered, and a stall makes it send no second one and tell no copies apart.
const Dialling heard_at_once{"trusted-host", "", 10s, 10s};

class Client final : public SessionClient<UsersProtocol> {
 public:
  Client(boost::asio::io_context& io, const std::string& url, const Dialling& how)
      : SessionClient(io, std::make_unique<UsersProtocol>("test", config(url, how)), {how.key}) {}

  std::vector<nlohmann::json> echoes() const {
    std::vector<nlohmann::json> list;
    for (const auto& draft : drafts) {
      if (draft.type.of(draft.text) == "echo") list.push_back(nlohmann::json::parse(draft.text + "}}")["data"]);
    }
    return list;
  }
  /// Messages heard, without answers to probes: how many of these come depends on the time.
  std::ptrdiff_t said() const {
    return std::count_if(texts.begin(), texts.end(),
                         [](const auto& text) { return text.find("tributary-probe-") == text.npos; });
  }

 private:
  static Config config(const std::string& url, const Dialling& how) {
    Config config;
    config.url = url;
    config.origin = how.origin;
    config.label = "simulated-accounts";
    config.probe_interval = how.probe_interval;
    config.common.timeouts.handshake = how.patience;
    if (!how.key.empty()) config.api_key.emplace();
    return config;
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Client> dial(const Dialling& how = {}) {
    return std::make_unique<Client>(io_, simulator_->url(), how);
  }
};

TEST_F(SimulatorTest, TellsEverythingOnceInEachForm) {
  for (const std::string form : {"lists", "single", "newer"}) {
    ids_.clear(), written_.clear();
    start({{"pace", "even"}, {"form", form}}, 20'000, 600);
    auto client = dial();
    until([&] { return client->drafts.size() >= 600 && client->drafts.size() >= written_.size(); }, client.get());
    EXPECT_EQ(client->ids(), ids_) << form;
    EXPECT_EQ(client->malformed, 0u);
    std::set<std::string> types;
    bool lists = false, numbers = false;
    for (std::size_t i = 0; i < written_.size(); ++i) {
      const auto event = nlohmann::json::parse(client->drafts[i].text + "}}");
      const auto sent = nlohmann::json::parse(written_[i]);
      types.insert(event["type"]);
      lists |= sent.contains("files");
      numbers |= sent.contains("eventType");
      const auto file = sent.contains("files") ? sent["files"].at(0) : sent.value("file", nlohmann::json());
      if (!file.is_null()) {
        EXPECT_EQ(event["data"]["details"]["file"], file);
      }
    }
    EXPECT_EQ(types, (std::set<std::string>{"userLogin", "userLogout", "userActivated", "userRemoved", "fileUploaded",
                                            "fileRemoved", "bucketUploaded", "bucketRemoved"}));
    EXPECT_EQ(lists, form == "lists");
    EXPECT_EQ(numbers, form != "newer");
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, RefusesAnOriginBehindThe101) {
  start({{"origins", "localhost,*.example.com"}});
  for (const std::string origin : {"trusted-host", "example.com", ""}) {
    auto client = dial({origin, "", 10s, 10s});
    until([&] { return client->ending.has_value(); }, client.get());
    EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
    EXPECT_EQ(client->ending->detail,
              "the server dropped the socket after the upgrade: is `origin` approved? does it want an `api_key`?");
    EXPECT_EQ(client->sends, 1u) << "the upgrade was answered with 101";
    EXPECT_FALSE(client->live);
  }
  auto client = dial({"www.example.com", "", 10s});
  until([&] { return client->live; }, client.get());
}

TEST_F(SimulatorTest, LosesWhatComesInItsDeafPeriod) {
  start({{"deaf", "1s"}});
  auto client = dial();
  until([&] { return client->live; }, client.get());
  EXPECT_GE(client->sends, 3u);
  EXPECT_EQ(simulator_->account().find("unheard=0"), std::string::npos) << simulator_->account();
}

TEST_F(SimulatorTest, SaysEverythingAsOftenAsPatternsMatch) {
  for (const std::map<std::string, std::string>& copies :
       {std::map<std::string, std::string>{{"origins", "trusted-host,trusted-*,*"}}, {{"copies", "3"}}}) {
    ids_.clear();
    auto behaviours = copies;
    behaviours["pace"] = "even";
    start(behaviours);
    auto client = dial(heard_at_once);
    until([&] { return client->live && client->texts.size() >= 3; }, client.get());
    client->send(R"({"eventType":10,"message":"one"})");
    client->send(R"({"eventType":10,"message":"two"})");
    client->send(R"({"eventType":10,"message":"two"})");
    until([&] { return client->said() >= 9; }, client.get());
    std::vector<std::string> said;
    for (const auto& echo : client->echoes()) said.push_back(echo["message"]);
    EXPECT_EQ(said, (std::vector<std::string>{"one", "two", "two"}));
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, WritesTheShowAsOftenToo) {
  // a show of a second: a busy machine must not have it over before the probe is answered
  start({{"copies", "2"}, {"pace", "even"}, {"form", "single"}}, 1000, 1000);
  auto client = dial(heard_at_once);
  until([&] { return client->live; }, client.get());
  until([&] { return simulator_->events_written() == 1000 && client->texts.size() >= 2002; }, client.get());
  EXPECT_EQ(client->texts.size(), 2002u) << "the probe's answer and the show, each twice";
  EXPECT_LT(client->drafts.size(), 2000u);  // those before the probe's second answer came twice
  EXPECT_GE(client->drafts.size(), 1000u);
}

TEST_F(SimulatorTest, EchoesToTheCallerOrToAllAndKeepsOnlyTheMessage) {
  start({});
  auto caller = dial(), other = dial();
  until([&] { return caller->live && other->live; }, caller.get(), other.get());
  caller->send(R"({"eventType":10,"message":"direct","more":1})");
  caller->send(R"({"eventType":"10","message":"to all","broadcast":true,"more":1})");
  until([&] { return caller->echoes().size() == 2 && other->echoes().size() == 1; });
  EXPECT_EQ(caller->echoes()[0], (nlohmann::json{{"message", "direct"}}));
  EXPECT_EQ(caller->echoes()[1], (nlohmann::json{{"message", "to all"}}));
  EXPECT_EQ(other->echoes()[0], (nlohmann::json{{"message", "to all"}}));
}

event::Message message_of(std::uint64_t number, std::string content) {
  event::Message message;
  message.number = number;
  message.form = event::Form::text;
  message.content = std::move(content);
  return message;
}

TEST_F(SimulatorTest, WhatIsPublishedReachesEveryoneAndItsEchoConfirmsIt) {
  start({{"copies", "3"}});
  auto sender = dial(heard_at_once), listener = dial(heard_at_once);
  until([&] { return sender->live && listener->live && sender->texts.size() >= 3; }, sender.get(), listener.get());
  sender->publish(message_of(1, "thanks \"Ann\""));
  sender->publish(message_of(2, "thanks \"Ann\""));
  until([&] { return sender->ignored.size() == 6; }, sender.get());
  until([&] { return listener->echoes().size() == 2; }, listener.get());
  EXPECT_EQ(listener->echoes()[0], (nlohmann::json{{"message", "thanks \"Ann\""}}));
  EXPECT_TRUE(sender->echoes().empty()) << "none of the six copies is an event";
  ASSERT_EQ(sender->reports.size(), 4U);
  EXPECT_EQ(sender->reports[2].result, event::MessageResult::confirmed);
  EXPECT_EQ(sender->reports[2].number, 1U);
  EXPECT_EQ(sender->reports[3].number, 2U);
}

TEST_F(SimulatorTest, LosesOneOfSoManyBroadcasts) {
  start({{"lose_every", "2"}});
  auto sender = dial();
  until([&] { return sender->live; }, sender.get());
  for (std::uint64_t number = 1; number <= 4; ++number) sender->publish(message_of(number, std::to_string(number)));
  until([&] { return sender->reports.size() == 6; }, sender.get());
  EXPECT_EQ(sender->reports[4].number, 1U);
  EXPECT_EQ(sender->reports[5].number, 3U);
}

TEST_F(SimulatorTest, DoesNotAnswerBadInputAndStaysOpen) {
  start({});
  auto client = dial();
  until([&] { return client->live; }, client.get());
  for (const std::string bad :
       {"no json", "[]", "{}", R"({"eventType":3})", R"({"eventType":10})", R"({"eventType":10,"message":5})"}) {
    client->send(bad);
  }
  client->send_binary("{}");
  client->send(R"({"eventType":10,"message":"still here"})");
  until([&] { return client->echoes().size() == 1; }, client.get());
  EXPECT_EQ(client->said(), 1);
  EXPECT_FALSE(client->ending);
}

TEST_F(SimulatorTest, TheNewerServerWantsAKeyAndHasNoEcho) {
  start({{"form", "newer"}, {"keys", "good,better"}, {"pace", "even"}}, 500);
  auto bad = dial({"trusted-host", "bad", 10s});
  until([&] { return bad->ending.has_value(); }, bad.get());
  auto client = dial({"trusted-host", "better", 1s});
  until([&] { return client->live; }, client.get());
  ASSERT_EQ(client->remarks.size(), 1u);
  EXPECT_EQ(client->remarks[0].code, "listen_only");
  EXPECT_GE(client->sends, 5u);
  EXPECT_GT(client->drafts.size(), 0u) << "what came before is not lost";
}

TEST_F(SimulatorTest, DropsAndSendsOddities) {
  // after a stall that is longer than this, show and goodbye are due at once, and nothing of the show arrives
  start(
      {{"goodbye_after", "1s"}, {"goodbye", "reset"}, {"garbage_every", "2"}, {"binary_every", "2"}, {"pace", "even"}},
      2000);
  auto client = dial();
  until([&] { return client->ending.has_value(); }, client.get());
  EXPECT_GT(client->malformed, 1u);
  EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  EXPECT_THROW(start({{"temper", "bad"}}), std::invalid_argument);
  for (const auto& [name, value] :
       std::map<std::string, std::string>{{"deaf", "very"}, {"copies", "few"}, {"form", "v9"}}) {
    EXPECT_THROW(start({{name, value}}), std::invalid_argument) << name;
  }
  EXPECT_GE(simulator_behaviours().size(), 12u);
}

}  // namespace
}  // namespace tributary::connectors::users
