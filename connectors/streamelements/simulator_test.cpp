#include "connectors/streamelements/simulator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/simulation/simulator_fixture.hpp"
#include "connectors/streamelements/config.hpp"
#include "connectors/streamelements/protocol.hpp"

namespace tributary::connectors::streamelements {
namespace {

using namespace std::chrono_literals;
using testing::SessionClient;
using testing::SimulatorFixture;

class Client final : public SessionClient<StreamElementsProtocol> {
 public:
  Client(boost::asio::io_context& io, const std::string& url, int engine_io, const std::string& token = "fake")
      : SessionClient(io, std::make_unique<StreamElementsProtocol>("test", config(url, engine_io)), {token}) {}

 private:
  static Config config(const std::string& url, int engine_io) {
    Config config;
    config.url = url;
    config.engine_io = engine_io;
    return config;
  }
};

class SimulatorTest : public SimulatorFixture {
 protected:
  SimulatorTest() : SimulatorFixture(make_simulator) {}
  std::unique_ptr<Client> dial(int engine_io = 3, const std::string& token = "fake") {
    return std::make_unique<Client>(io_, simulator_->url(), engine_io, token);
  }
};

TEST_F(SimulatorTest, LetsClientsOfBothProtocolsInAndTellsThemEverythingOnce) {
  for (int engine_io : {3, 4}) {
    ids_.clear();
    start({{"pace", "even"}}, 20'000, 500);
    auto client = dial(engine_io);
    until([&] { return client->drafts.size() >= 500; });
    EXPECT_TRUE(client->live);
    EXPECT_EQ(client->ids(), ids_);
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

TEST_F(SimulatorTest, MayLeaveAfterARefusalOrEndTcp) {
  start({{"tokens", "good"}, {"after_refusal", "leave"}});
  auto bad = dial(3, "bad");
  until([&] { return bad->heard("41"); });
  bad.reset(), simulator_.reset();

  start({{"tokens", "good"}, {"after_refusal", "reset"}});
  bad = dial(3, "bad");
  until([&] { return bad->ending.has_value(); });
  EXPECT_TRUE(bad->ending->reason == net::Reason::eof || bad->ending->reason == net::Reason::reset);
}

TEST_F(SimulatorTest, WritesItsEventsInBursts) {
  start({{"burst", "25"}, {"pace", "even"}}, 500, 75);
  auto client = dial();
  until([&] {
    EXPECT_EQ(simulator_->events_written() % 25, 0u);
    return simulator_->events_written() == 75;
  });
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
  start({{"ping_interval", "60ms"}, {"ping_timeout", "400ms"}, {"pace", "even"}}, 1000);
  auto silent = dial();  // never ticks, so it never pings
  until([&] { return silent->ending.has_value(); });
  EXPECT_GT(silent->drafts.size(), 0u);
  silent.reset();
  auto client = dial();
  const auto begin = std::chrono::steady_clock::now();
  until([&] { return std::chrono::steady_clock::now() - begin > 1s; }, client.get());
  EXPECT_FALSE(client->ending);
}

TEST_F(SimulatorTest, KeepsAProtocol4ClientThatAnswersAndLosesOneThatDoesNot) {
  start({{"ping_interval", "40ms"}, {"ping_timeout", "400ms"}});
  auto client = dial(4);
  until([&] { return client->texts.size() >= 8; }, client.get());  // handshake, join, welcome, then pings
  EXPECT_FALSE(client->ending);
  client.reset(), simulator_.reset();
  start({{"ping_interval", "40ms"}, {"ping_timeout", "400ms"}, {"mute", "on"}});
  client = dial(4);
  until([&] { return client->ending.has_value() || client->down.has_value(); }, client.get());
}

TEST_F(SimulatorTest, AnswersNoPingOfAProtocol3ClientWhenItIsMute) {
  start({{"ping_interval", "40ms"}, {"ping_timeout", "400ms"}, {"mute", "on"}});
  auto client = dial(3);
  until([&] { return client->down.has_value(); }, client.get());
  EXPECT_EQ(client->down->reason, net::Reason::heartbeat_timeout);
  EXPECT_FALSE(client->heard("3"));
}

TEST_F(SimulatorTest, ItsHandshakeSaysWhatItIsToldTo) {
  for (const std::string on : {"on", "off"}) {
    start({{"upgrades", on}, {"max_payload", on}, {"ping_interval", "7s"}, {"ping_timeout", "20s"}});
    auto client = dial();
    until([&] { return !client->texts.empty(); });
    const auto handshake = nlohmann::json::parse(client->texts[0].substr(1));
    EXPECT_EQ(handshake.contains("upgrades"), on == "on");
    EXPECT_EQ(handshake.contains("maxPayload"), on == "on");
    EXPECT_EQ(handshake.at("pingInterval"), 7'000);
    EXPECT_EQ(handshake.at("pingTimeout"), 20'000);
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, ABinaryFrameHasItsTypeInFrontInProtocol3Only) {
  for (const int engine_io : {3, 4}) {
    start({{"binary_every", "1"}, {"pace", "even"}}, 1'000, 1);
    auto client = dial(engine_io);
    const std::string bytes("\x01\x02\x03\xFA", 4);
    until([&] { return client->heard(engine_io == 3 ? "\x04" + bytes : bytes); }, client.get());
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, ClosesOnAHeartbeatOfTheWrongDirectionAndOnASecondJoin) {
  const std::pair<int, std::string> cases[] = {{3, "3"}, {3, "40"}, {4, "2"}};
  for (const auto& [engine_io, frame] : cases) {
    start({});
    auto client = dial(engine_io);
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

TEST_F(SimulatorTest, SegmentsAreSmall) {
  start({{"segment", "7"}});
  boost::asio::ip::tcp::socket socket(io_);
  socket.connect({boost::asio::ip::make_address("127.0.0.1"), simulator_->port()});
  const std::string request =
      "GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  boost::asio::write(socket, boost::asio::buffer(request));
  std::string heard;
  std::size_t reads = 0;
  std::array<char, 4096> data{};
  std::function<void()> read = [&] {
    socket.async_read_some(boost::asio::buffer(data), [&](const boost::system::error_code& error, std::size_t size) {
      if (error) return;
      heard.append(data.data(), size);
      ++reads;
      read();
    });
  };
  read();
  until([&] { return heard.find("\r\n\r\n") != std::string::npos; });
  EXPECT_GT(reads, 5u) << heard.size() << " bytes, 7 at a time";
  socket.close();
}

TEST_F(SimulatorTest, SmallSegmentsChangeNothing) {
  start({{"segment", "7"}, {"pace", "even"}}, 5000, 50);
  auto client = dial();
  until([&] { return client->drafts.size() >= 50; });
  EXPECT_EQ(client->ids(), ids_);
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
  const auto subscribers = std::count_if(written_.begin(), written_.end(), [](const std::string& event) {
    return nlohmann::json::parse(event).at("type") == "subscriber";
  });
  EXPECT_GT(subscribers, 0);
  EXPECT_EQ(std::count(client->ignored.begin(), client->ignored.end(), event::Ignored::state), 9 * subscribers);
  EXPECT_EQ(client->sends, 1u + 200 / 5 + 200 / 50) << "the token, and what each fifth event and its double want";
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
    until([&, wanted = expected] { return client->texts.size() >= wanted; });
    const auto begin = std::chrono::steady_clock::now();
    until([&] { return std::chrono::steady_clock::now() - begin > 60ms; });
    EXPECT_EQ(client->texts.size(), expected) << stage;
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, RefusesBehavioursItDoesNotKnow) {
  EXPECT_THROW(start({{"temper", "bad"}}), std::invalid_argument);
  EXPECT_THROW(start({{"segment", "few"}}), std::invalid_argument);
  EXPECT_THROW(start({{"silence", "sometimes"}}), std::invalid_argument);
  EXPECT_GE(simulator_behaviours().size(), 25u);
}

/// The activities API of the simulator, asked over loopback.
class ActivitiesApi : public SimulatorTest {
 protected:
  net::HttpAnswer ask(const std::string& query, const std::string& authorization = "Bearer good") {
    net::HttpRequest request;
    request.url = api_url() + "kappa/v2/activities/" + query;
    if (!authorization.empty()) request.headers = {{"Authorization", authorization}};
    std::optional<net::HttpExchange::Result> result;
    const auto exchange =
        net::HttpExchange::start(io_, request, [&](net::HttpExchange::Result got) { result = std::move(got); });
    until([&] { return result.has_value(); });
    return std::holds_alternative<net::HttpAnswer>(*result) ? std::get<net::HttpAnswer>(*result) : net::HttpAnswer{};
  }
  std::string api_url() const {
    const std::string yaml = simulator_->connector_yaml();
    const auto begin = yaml.find("http://");
    return yaml.substr(begin, yaml.find('"', begin) - begin);
  }
  static std::string whole(const std::string& limit = "500") {
    return "5eb8a1f0c2d3e4f5a6b7c8d9?after=2020-01-01T00%3A00%3A00.000Z&before=2100-01-01T00%3A00%3A00.000Z&limit=" +
           limit;
  }
};

TEST_F(ActivitiesApi, TellsWhatWasSaidWhileNobodyWasThereNewestFirst) {
  start({{"unattended", "on"}, {"pace", "even"}, {"tokens", "good"}, {"history_page", "30"}}, 5'000, 40);
  until([&] { return simulator_->events_written() == 40; });
  const auto page = nlohmann::json::parse(ask(whole()).body);
  ASSERT_EQ(page.size(), 30U) << "no more at once";
  for (std::size_t i = 0; i < page.size(); ++i) EXPECT_EQ(page[i]["_id"], ids_[39 - i]);
  const std::string before = page[29]["createdAt"];
  EXPECT_EQ(nlohmann::json::parse(ask(whole("2")).body).size(), 2U);
  const auto older = nlohmann::json::parse(
      ask("5eb8a1f0c2d3e4f5a6b7c8d9?after=2020-01-01T00%3A00%3A00.000Z&limit=500&before=" + before).body);
  for (const auto& activity : older) EXPECT_LT(activity["createdAt"].get<std::string>(), before);
}

TEST_F(ActivitiesApi, KnowsWhoMayAskAndWhat) {
  start({{"tokens", "good"}});
  EXPECT_EQ(ask(whole()).status, 200);
  EXPECT_EQ(ask(whole(), "oAuth good").status, 200);
  for (const char* who : {"", "good", "apikey good", "Bearer bad"}) EXPECT_EQ(ask(whole(), who).status, 401) << who;
  EXPECT_EQ(ask("another?after=x").status, 403);
  EXPECT_EQ(ask(whole("501")).status, 400);
  EXPECT_EQ(ask(whole("0")).status, 400);
  EXPECT_EQ(ask("5eb8a1f0c2d3e4f5a6b7c8d9?limit=1").status, 400);
}

TEST_F(ActivitiesApi, MayRefuseTheFirstRequests) {
  start({{"history_fault", "429"}, {"history_fault_times", "1"}, {"retry_after", "7s"}});
  const auto refused = ask(whole());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(net::header_value(refused.headers, "Retry-After"), "7");
  EXPECT_EQ(ask(whole()).status, 200);
  simulator_.reset();
  for (const auto& [fault, status] :
       std::map<std::string, int>{{"401", 401}, {"403", 403}, {"500", 500}, {"nonsense", 200}, {"reset", 0}}) {
    start({{"history_fault", fault}});
    EXPECT_EQ(ask(whole()).status, status) << fault;
    simulator_.reset();
  }
  EXPECT_THROW(start({{"history_fault", "418"}}), std::invalid_argument);
}

}  // namespace
}  // namespace tributary::connectors::streamelements
