#include "connectors/dlive/simulator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "connectors/dlive/backfill.hpp"
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

using ::testing::ElementsAre;

/// {"username":"relay"}
const std::string token_of_relay = "eyJhbGciOiJub25lIn0.eyJ1c2VybmFtZSI6InJlbGF5In0.";

class Subscriber final : public SessionClient<DLiveProtocol> {
 public:
  Subscriber(boost::asio::io_context& io, const std::string& url, const std::string& api_url,
             std::vector<std::string> streamers, const std::string& token)
      : SessionClient(io, session_of(url, api_url, std::move(streamers), !token.empty()),
                      std::vector<std::string>(token.empty() ? 0 : 1, token)) {
    secret_of_posts = token_of_relay;
  }

  /// As a channel sink has it said: by the protocol, when it may.
  void publish(std::uint64_t number, const std::string& words, std::shared_ptr<const Speaker> as) {
    event::Message message;
    message.number = number;
    message.form = event::Form::text;
    message.content = words;
    message.address = std::move(as);
    SessionClient::publish(message);
  }
  bool may_publish() { return session().may_say_at() <= testing::now().steady; }
  /// `sent 1`, `refused 2 err`, …, without what only begins.
  std::vector<std::string> words() const {
    std::vector<std::string> all;
    for (const auto& report : reports) {
      if (report.result == event::MessageResult::awaiting) continue;
      all.push_back(std::string(event::name(report.result)) + " " + std::to_string(report.number));
      if (!report.reason.empty()) all.back() += " " + std::string(report.reason);
    }
    return all;
  }

 private:
  static std::unique_ptr<DLiveProtocol> session_of(const std::string& url, const std::string& api_url,
                                                   std::vector<std::string> streamers, bool token) {
    Config config;
    config.api_url = api_url;
    config.url = url;
    config.streamers = std::move(streamers);
    config.backfill = true;
    if (token) config.token.emplace();
    return std::make_unique<DLiveProtocol>("arcade", config);
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Subscriber> dial(std::vector<std::string> streamers = {"dbl-lee"}, const std::string& token = "") {
    return std::make_unique<Subscriber>(io_, simulator_->url(), api_url(), std::move(streamers), token);
  }
  /// As its line of configuration tells it.
  std::string api_url() const {
    const std::string yaml = simulator_->connector_yaml();
    const auto begin = yaml.find("http://");
    return yaml.substr(begin, yaml.find('"', begin) - begin);
  }
  static std::shared_ptr<const Speaker> speaker(const std::string& streamer = "dbl-lee", std::size_t length = 140) {
    auto made = std::make_shared<Speaker>();
    made->streamer = streamer;
    made->length = length;
    return made;
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

TEST_F(SimulatorTest, WhatIsSaidOverTheApiIsHeardByOthersAndIsNoEventOfOurs) {
  for (const char* shown : {"after", "before"}) {
    start({{"shown", shown}, {"chat_pace", "0ms"}});
    auto relay = dial(), other = dial(), elsewhere = dial({"another"});
    until([&] { return relay->live && other->live && elsewhere->live; });
    until([&] { return simulator_->account().find("sessions=3") != std::string::npos; });
    const std::string words = "\"}}) {id}} \\ ☃ 🎉";
    relay->publish(1, words, speaker());
    until([&] { return !relay->ignored.empty() && !relay->words().empty() && other->drafts.size() == 1; });
    EXPECT_THAT(relay->words(), ElementsAre("sent 1")) << shown;
    EXPECT_THAT(relay->ignored, ElementsAre(event::Ignored::own_echo)) << shown;
    EXPECT_TRUE(relay->drafts.empty()) << shown;
    EXPECT_NE(other->drafts[0].text.find(R"("message":"\"}}) {id}} \\ ☃ 🎉")"), std::string::npos)
        << other->drafts[0].text;
    EXPECT_TRUE(elsewhere->drafts.empty());
    relay.reset(), other.reset(), elsewhere.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, EachLayerOfItsApiCanFail) {
  for (const auto& [fault, words, shown] :
       std::vector<std::tuple<std::string, std::string, bool>>{{"401", "refused 1 credential_refused", false},
                                                               {"403", "refused 1 credential_refused", false},
                                                               {"429", "returned 1 rate_limited", false},
                                                               {"500", "unconfirmed 1 server_error", true},
                                                               {"errors", "refused 1 graphql_error", false},
                                                               {"err", "refused 1 upstream_error", false},
                                                               {"html", "refused 1 not_json", false},
                                                               {"reset", "unconfirmed 1 eof", true}}) {
    start({{"api_fault", fault}});
    auto relay = dial(), other = dial();
    until([&] { return simulator_->account().find("sessions=2") != std::string::npos; });
    relay->publish(1, "hola", speaker());
    until([&] { return relay->words().size() == 1; });
    EXPECT_THAT(relay->words(), ElementsAre(words));
    EXPECT_FALSE(relay->may_publish()) << "the pace holds after a failure, too";
    if (shown) {
      until([&] { return other->drafts.size() == 1 && relay->ignored.size() == 1; });
      EXPECT_TRUE(relay->drafts.empty()) << "it is ours, although nobody told its id";
    } else {
      EXPECT_NE(simulator_->account().find("said=0 refused=1"), std::string::npos) << fault;
    }
    relay.reset(), other.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, ItsApiKnowsUsersStreamersLengthsAndThePace) {
  start({{"user_tokens", token_of_relay}, {"streamers", "dbl-lee"}, {"chat_length", "4"}});
  auto relay = dial();
  until([&] { return relay->live; });
  const auto said = [&](std::uint64_t number, const std::string& words, std::shared_ptr<const Speaker> as) {
    const auto before = relay->words().size();
    relay->publish(number, words, std::move(as));
    until([&] { return relay->words().size() > before; });
    return relay->words().back() + " " + relay->reports.back().detail;
  };
  EXPECT_EQ(said(1, "hola", speaker("nobody")), "refused 1 upstream_error NOT_FOUND: simulated");
  EXPECT_EQ(said(2, "holas", speaker()), "refused 2 upstream_error TOO_LONG: simulated");
  EXPECT_EQ(said(3, "holas", speaker("dbl-lee", 4)), "sent 3 ");
  EXPECT_EQ(said(4, "hola", speaker()), "refused 4 upstream_error TOO_FAST: simulated");
  relay->secret_of_posts = "another";
  EXPECT_EQ(said(5, "hola", speaker()), "refused 5 credential_refused HTTP 401: not signed in");
}

TEST_F(SimulatorTest, ItsApiKnowsNames) {
  start({{"streamers", "ada"}});
  auto client = dial({"ada", "eve"});
  until([&] { return client->live; });
  const auto lookups = client->session().lookups({});
  ASSERT_EQ(lookups.size(), 2u);
  std::vector<std::string> found;
  for (const auto& lookup : lookups) {
    net::HttpExchange::start(io_, lookup.request, [&](net::HttpExchange::Result result) {
      found.push_back(lookup.judge(std::get<net::HttpAnswer>(result)).words);
    });
  }
  until([&] { return found.size() == 2; });
  EXPECT_THAT(found, ::testing::UnorderedElementsAre("is a username", ::testing::HasSubstr("nobody has `eve`")));
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  for (const auto& [name, value] : std::map<std::string, std::string>{{"temper", "bad"},
                                                                      {"server", "hasura"},
                                                                      {"ka", "often"},
                                                                      {"refusal_close", "4400"},
                                                                      {"mute", "yes"},
                                                                      {"api_fault", "402"},
                                                                      {"api_port", "65536"},
                                                                      {"shown", "soon"}}) {
    EXPECT_THROW(start({{name, value}}), std::invalid_argument) << name;
  }
  EXPECT_GE(simulator_behaviours().size(), 20u);
}

/// The last messages of a chat, asked as a session asks.
class HistoryApi : public SimulatorTest {
 protected:
  BackfillAnswer ask(const std::string& streamer = "dbl-lee", std::uint32_t limit = 1'000) {
    ChatHistory asked;
    asked.api_url = api_url();
    asked.streamer = streamer;
    asked.limit = limit;
    asked.connector = "arcade";
    asked.token = "good";
    return answer_to(missed_chats(asked, testing::now().wall - 1h, testing::now().wall + 1h));
  }
  BackfillAnswer answer_to(const Backfill& question) {
    std::optional<net::HttpExchange::Result> result;
    const auto exchange = net::HttpExchange::start(io_, question.request,
                                                   [&](net::HttpExchange::Result got) { result = std::move(got); });
    until([&] { return result.has_value(); });
    auto judged = question.judge(std::get<net::HttpAnswer>(*result), testing::now());
    return judged.next.empty() ? std::move(judged) : answer_to(judged.next.front());
  }
  static std::vector<std::string> ids_of(const BackfillAnswer& answer) {
    std::vector<std::string> all;
    for (const auto& draft : answer.drafts) all.emplace_back(draft.id.of(draft.text));
    return all;
  }
  std::vector<std::string> named() const {
    std::vector<std::string> all;
    std::copy_if(ids_.begin(), ids_.end(), std::back_inserter(all), [](const auto& id) { return !id.empty(); });
    return all;
  }
};

TEST_F(HistoryApi, TellsWhatWasSaidWhileNobodyWasThere) {
  for (const char* untimed : {"off", "on"}) {
    ids_.clear();
    start({{"unattended", "on"}, {"pace", "even"}, {"tokens", "good"}, {"history_untimed", untimed}}, 5'000, 300);
    until([&] { return simulator_->events_written() == 300; });
    const auto all = ask();
    const auto expected = named();
    ASSERT_GT(expected.size(), 200U);
    // Without times what came before the first text cannot be placed.
    const auto got = ids_of(all);
    ASSERT_GE(got.size() + 20, expected.size());
    EXPECT_TRUE(std::equal(got.rbegin(), got.rend(), expected.rbegin()));
    EXPECT_EQ(ids_of(ask("dbl-lee", 7)).size() <= 7, true);
    EXPECT_EQ(ask("nobody-else").drafts.size(), 0U);
    simulator_.reset();
  }
}

TEST_F(HistoryApi, KnowsItsTokensAndUsers) {
  start({{"tokens", "better"}});
  EXPECT_THAT(ask().fault, ::testing::HasSubstr("HTTP 401"));
  simulator_.reset();
  start({{"streamers", "ada"}});
  EXPECT_THAT(ask().fault, ::testing::HasSubstr("nobody has the username dbl-lee"));
  EXPECT_EQ(ask("ada").fault, "");
}

TEST_F(HistoryApi, MayFail) {
  for (const auto& [fault, words] :
       std::map<std::string, std::string>{{"403", "HTTP 403"}, {"429", "HTTP 429"}, {"nonsense", "no JSON object"}}) {
    start({{"history_fault", fault}, {"history_fault_times", "1"}});
    EXPECT_THAT(ask().fault, ::testing::HasSubstr(words));
    EXPECT_EQ(ask().fault, "");
    simulator_.reset();
  }
}

TEST_F(HistoryApi, HasWhatWeSaidOurselvesAndASessionKnowsIt) {
  start({});
  auto client = dial();
  until([&] { return client->live; });
  client->publish(1, "thanks Ada", speaker());
  until([&] { return client->words() == std::vector<std::string>{"sent 1"} && !client->ignored.empty(); });
  EXPECT_EQ(ask().drafts.size(), 1U) << "anybody else takes it for an event";
  const auto now = testing::now();
  const auto questions = client->session().backfill("dbl-lee", now.wall - 1min, now.wall + 1min, {});
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(answer_to(questions.front()).drafts.size(), 0U);
}

}  // namespace
}  // namespace tributary::connectors::dlive
