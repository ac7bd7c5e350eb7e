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

#include "connectors/users/config.hpp"
#include "connectors/users/session.hpp"
#include "net/websocket.hpp"

// The simulator against our own client over loopback. Everything waited for is awaited; the limit is for failures.

namespace tributary::connectors::users {
namespace {

using namespace std::chrono_literals;

event::Now now() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

struct Dialling {
  std::string origin = "trusted-host", key;
  std::chrono::milliseconds patience = 10s;
};

/// A Session with a socket and nothing else.
class Client final : public net::WebSocketListener {
 public:
  Client(boost::asio::io_context& io, const std::string& url, const Dialling& how)
      : session_("test", config(url, how)) {
    socket_ = net::dial(io, std::get<net::DialTarget>(session_.dial({how.key}, now())), *this);
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
  void on_end(net::Ending ended) override {
    ending = std::move(ended);
    session_.explain(*ending);
  }
  void tick() {
    if (now().steady >= session_.deadline()) apply([this](Outcome& o) { session_.tick(now(), o); });
  }
  void send(std::string_view frame) { socket_->send_text(frame); }
  void send_binary(std::string_view frame) { socket_->send_binary(frame); }
  std::vector<std::string> ids() const {
    std::vector<std::string> list;
    for (const auto& draft : drafts) list.emplace_back(draft.identified ? std::string(draft.id.of(draft.text)) : "");
    return list;
  }
  std::vector<nlohmann::json> echoes() const {
    std::vector<nlohmann::json> list;
    for (const auto& draft : drafts) {
      if (draft.type.of(draft.text) == "echo") list.push_back(nlohmann::json::parse(draft.text + "}}")["data"]);
    }
    return list;
  }

  bool live = false;
  std::uint64_t frames = 0, malformed = 0, probes = 0;
  std::vector<event::Draft> drafts;
  std::vector<std::string_view> remarks;
  std::optional<net::Ending> ending;

 private:
  static Config config(const std::string& url, const Dialling& how) {
    Config config;
    config.url = url;
    config.origin = how.origin;
    config.label = "simulated-accounts";
    config.probe_interval = 50ms;
    config.common.timeouts.handshake = how.patience;
    if (!how.key.empty()) config.api_key.emplace();
    return config;
  }
  template <class Step>
  void apply(Step step) {
    Outcome outcome;
    step(outcome);
    live |= outcome.live;
    malformed += outcome.kind == event::FrameKind::malformed;
    for (auto& draft : outcome.drafts) drafts.push_back(std::move(draft));
    for (const auto& remark : outcome.remarks) remarks.push_back(remark.code);
    probes += outcome.sends.size();
    for (const auto& frame : outcome.sends) socket_->send_text(frame.payload);
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
    options.written = [this](const WrittenEvent& event) {
      ids_.emplace_back(event.id);
      written_.emplace_back(event.json);
    };
    simulator_ = make_simulator(io_, options);
    simulator_->start();
  }
  std::unique_ptr<Client> dial(const Dialling& how = {}) {
    return std::make_unique<Client>(io_, simulator_->url(), how);
  }
  /// Runs until it is so; fails after a long while.
  template <class Condition>
  void until(Condition condition, const std::vector<Client*>& ticking) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      for (auto* client : ticking) client->tick();
      io_.restart();
      io_.run_one_for(2ms);
    }
    ASSERT_TRUE(condition());
  }

  boost::asio::io_context io_;
  std::unique_ptr<Simulator> simulator_;
  std::vector<std::string> ids_, written_;
};

TEST_F(SimulatorTest, TellsEverythingOnceInEachForm) {
  for (const std::string form : {"lists", "single", "newer"}) {
    ids_.clear(), written_.clear();
    start({{"pace", "even"}, {"form", form}}, 20'000, 600);
    auto client = dial();
    until([&] { return client->drafts.size() >= 600 && client->drafts.size() >= written_.size(); }, {client.get()});
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
    auto client = dial({origin, "", 10s});
    until([&] { return client->ending.has_value(); }, {client.get()});
    EXPECT_TRUE(client->ending->reason == net::Reason::eof || client->ending->reason == net::Reason::reset);
    EXPECT_EQ(client->ending->detail, "the server dropped the socket after the upgrade: is `origin` approved?");
    EXPECT_EQ(client->probes, 1u) << "the upgrade was answered with 101";
    EXPECT_FALSE(client->live);
  }
  auto client = dial({"www.example.com", "", 10s});
  until([&] { return client->live; }, {client.get()});
}

TEST_F(SimulatorTest, LosesWhatComesInItsDeafPeriod) {
  start({{"deaf", "120ms"}});
  auto client = dial();
  until([&] { return client->live; }, {client.get()});
  EXPECT_GE(client->probes, 3u);
  EXPECT_NE(simulator_->account().find("unheard="), std::string::npos);
}

TEST_F(SimulatorTest, SaysEverythingAsOftenAsPatternsMatch) {
  for (const std::map<std::string, std::string>& copies :
       {std::map<std::string, std::string>{{"origins", "trusted-host,trusted-*,*"}}, {{"copies", "3"}}}) {
    ids_.clear();
    auto behaviours = copies;
    behaviours["pace"] = "even";
    behaviours["deaf"] = "1ms";
    start(behaviours);
    auto client = dial();
    until([&] { return client->live && client->frames >= 3; }, {client.get()});
    client->send(R"({"eventType":10,"message":"one"})");
    client->send(R"({"eventType":10,"message":"two"})");
    client->send(R"({"eventType":10,"message":"two"})");
    const auto before = client->frames;
    until([&] { return client->frames >= before + 9; }, {client.get()});
    std::vector<std::string> said;
    for (const auto& echo : client->echoes()) said.push_back(echo["message"]);
    EXPECT_EQ(said, (std::vector<std::string>{"one", "two", "two"}));
    client.reset(), simulator_.reset();
  }
}

TEST_F(SimulatorTest, WritesTheShowAsOftenToo) {
  start({{"copies", "2"}, {"pace", "even"}, {"form", "single"}}, 2000, 100);
  auto client = dial();
  until([&] { return client->live; }, {client.get()});
  until([&] { return simulator_->events_written() == 100 && client->frames >= 202; }, {client.get()});
  EXPECT_GE(client->frames, 202u);
  EXPECT_LT(client->drafts.size(), 200u);  // those before the probe's second answer came twice
  EXPECT_GE(client->drafts.size(), 100u);
}

TEST_F(SimulatorTest, EchoesToTheCallerOrToAllAndKeepsOnlyTheMessage) {
  start({});
  auto caller = dial(), other = dial();
  until([&] { return caller->live && other->live; }, {caller.get(), other.get()});
  caller->send(R"({"eventType":10,"message":"direct","more":1})");
  caller->send(R"({"eventType":"10","message":"to all","broadcast":true,"more":1})");
  until([&] { return caller->echoes().size() == 2 && other->echoes().size() == 1; }, {});
  EXPECT_EQ(caller->echoes()[0], (nlohmann::json{{"message", "direct"}}));
  EXPECT_EQ(caller->echoes()[1], (nlohmann::json{{"message", "to all"}}));
  EXPECT_EQ(other->echoes()[0], (nlohmann::json{{"message", "to all"}}));
}

TEST_F(SimulatorTest, DoesNotAnswerBadInputAndStaysOpen) {
  start({});
  auto client = dial();
  until([&] { return client->live; }, {client.get()});
  const auto before = client->frames;
  for (const std::string bad :
       {"no json", "[]", "{}", R"({"eventType":3})", R"({"eventType":10})", R"({"eventType":10,"message":5})"}) {
    client->send(bad);
  }
  client->send_binary("{}");
  client->send(R"({"eventType":10,"message":"still here"})");
  until([&] { return client->echoes().size() == 1; }, {client.get()});
  EXPECT_EQ(client->frames, before + 1);
  EXPECT_FALSE(client->ending);
}

TEST_F(SimulatorTest, TheNewerServerWantsAKeyAndHasNoEcho) {
  start({{"form", "newer"}, {"keys", "good,better"}, {"pace", "even"}}, 500);
  auto bad = dial({"trusted-host", "bad", 10s});
  until([&] { return bad->ending.has_value(); }, {bad.get()});
  auto client = dial({"trusted-host", "better", 300ms});
  until([&] { return client->live; }, {client.get()});
  EXPECT_EQ(client->remarks, (std::vector<std::string_view>{"listen_only"}));
  EXPECT_GE(client->probes, 5u);
  EXPECT_GT(client->drafts.size(), 0u) << "what came before is not lost";
}

TEST_F(SimulatorTest, DropsAndSendsOddities) {
  start({{"goodbye_after", "40ms"},
         {"goodbye", "reset"},
         {"garbage_every", "2"},
         {"binary_every", "2"},
         {"pace", "even"}},
        2000);
  auto client = dial();
  until([&] { return client->ending.has_value(); }, {client.get()});
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
