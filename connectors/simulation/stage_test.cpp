#include "connectors/simulation/stage.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// A Play of two words over loopback: what every simulator does. Everything waited for is awaited; the limit is for
// failures.

namespace tributary::connectors {
namespace {

using namespace std::chrono_literals;

class Toy final : public Play {
 public:
  explicit Toy(Stage& stage) : stage_(stage) {}
  net::UpgradeAnswer admit(const net::UpgradeRequest& request) override {
    net::UpgradeAnswer answer;
    if (request.target.substr(0, request.target.find('?')) != "/toy") answer.status = 404;
    return answer;
  }
  std::unique_ptr<Role> cast(Client& client, const net::UpgradeRequest&) override {
    struct ToyRole final : Role {
      explicit ToyRole(Client& c) : client(c) {}
      void opened() override { client.come_live(); }
      void heard(std::string_view payload, bool) override {
        if (payload == "drop") client.drop();
        if (payload == "close") client.close(4000, "asked");
      }
      Client& client;
    };
    return std::make_unique<ToyRole>(client);
  }
  void act(event::WallTime now) override {
    const auto listeners = stage_.listeners();
    if (listeners.empty()) return;
    const std::string text = std::to_string(++said_);
    for (auto* client : listeners) client->say(text);
    stage_.wrote("word", text, text, now);
  }
  std::string path() const override { return "/toy"; }
  std::string listener_path() const override { return "/toy"; }
  std::string connector_yaml(const std::string& url) const override { return "{url: \"" + url + "\"}"; }

 private:
  Stage& stage_;
  int said_ = 0;
};

class Listener final : public net::WebSocketListener {
 public:
  Listener(boost::asio::io_context& io, const std::string& url) {
    net::DialTarget target;
    target.url = url;
    socket = net::dial(io, target, *this);
  }
  ~Listener() override { socket->detach(); }
  void on_open(std::string_view) override { open = true; }
  void on_message(std::string_view payload, bool is_binary) override {
    is_binary ? ++binary : ++frames;
    heard.emplace_back(payload.substr(0, 64));
  }
  void on_pong() override {}
  void on_end(net::Ending ended) override { ending = std::move(ended); }
  std::shared_ptr<net::WebSocket> socket;
  bool open = false;
  int frames = 0, binary = 0;
  std::vector<std::string> heard;
  std::optional<net::Ending> ending;
};

class StageTest : public ::testing::Test {
 protected:
  void start(const std::map<std::string, std::string>& behaviours, double rate = 0, std::uint64_t count = 0) {
    SimulatorOptions options;
    options.rate = rate;
    options.count = count;
    options.written = [this](const WrittenEvent& event) { written.emplace_back(event.id); };
    const auto settings = read_behaviours<StageSettings>({}, behaviours);
    stage = std::make_unique<Stage>(io, options, settings, [](Stage& s) { return std::make_unique<Toy>(s); });
    stage->start();
  }
  template <class Condition>
  void until(Condition condition) {
    const auto limit = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io.restart();
      io.run_one_for(2ms);
    }
    ASSERT_TRUE(condition());
  }
  boost::asio::io_context io;
  std::unique_ptr<Stage> stage;
  std::vector<std::string> written;
};

TEST_F(StageTest, GivesEachEventToOneClientInTurn) {
  start({{"pace", "even"}}, 2'000, 300);
  Listener one(io, stage->url()), other(io, stage->url());
  until([&] { return one.frames + other.frames >= 300 && one.open && other.open; });
  EXPECT_EQ(one.frames + other.frames, 300);
  EXPECT_EQ(written.size(), 300u);
  EXPECT_EQ(stage->events_written(), 300u);
  EXPECT_NE(stage->account().find("connections=2 sessions=2 frames=300 events=300"), std::string::npos)
      << stage->account();
  EXPECT_EQ(stage->connector_yaml(), "{url: \"" + stage->url() + "\"}");
}

TEST_F(StageTest, LeavesOutWhoIsNotThereForTheShow) {
  start({{"pace", "even"}}, 2'000);
  EXPECT_EQ(stage->listener_url(), stage->url() + "?show=off");
  Listener aside(io, stage->listener_url());
  until([&] { return aside.open; });
  Listener watching(io, stage->url()), other(io, stage->url() + "?a=b&show=offer");
  until([&] { return watching.frames >= 100 && other.frames >= 100; });
  stage->end_show();
  until([&] { return watching.frames + other.frames == static_cast<int>(stage->events_written()); });
  EXPECT_EQ(aside.frames, 0);
}

TEST_F(StageTest, KeepsItsClientsWhenTheShowEnds) {
  start({{"pace", "even"}}, 5'000);
  Listener one(io, stage->url());
  until([&] { return one.frames >= 10; });
  stage->end_show();
  const auto written_then = stage->events_written();
  until([&] { return one.frames == static_cast<int>(written_then); });
  one.socket->send_text("close");
  until([&] { return one.ending.has_value(); });
  EXPECT_EQ(one.ending->close_code, 4000) << "it was still being listened to";
  EXPECT_EQ(stage->events_written(), written_then);
}

TEST_F(StageTest, IsMadeAndDestroyedWhereItsEventLoopDoesNotRun) {
  start({{"pace", "even"}}, 5'000);
  Listener one(io, stage->url());
  bool shown = false;
  std::thread([&] {
    until([&] { return one.frames >= 10; });
    shown = one.frames >= 10;
    stage->stop();
  }).join();
  EXPECT_TRUE(shown);
  stage.reset();
}

TEST_F(StageTest, OrEachToAll) {
  start({{"pace", "even"}, {"broadcast", "on"}}, 5'000);
  Listener one(io, stage->url());
  until([&] { return one.frames >= 10; });
  Listener other(io, stage->url());
  until([&] { return other.frames >= 20; });
  const auto of_one = [&] { return std::find(one.heard.begin(), one.heard.end(), other.heard[19]); };
  until([&] { return of_one() != one.heard.end(); });
  EXPECT_TRUE(std::equal(of_one() - 19, of_one(), other.heard.begin()));
}

TEST_F(StageTest, NotesWhatEachClientSaysAndIsTold) {
  const auto file = std::filesystem::temp_directory_path() / ("stage_test." + std::to_string(::getpid()));
  start({{"pace", "even"}, {"broadcast", "on"}, {"frames", file.string()}}, 1'000, 3);
  {
    Listener one(io, stage->url());
    until([&] { return one.frames == 3; });
    one.socket->send_text("\"quoted\"");
    one.socket->send_text("drop");
    until([&] { return one.ending.has_value(); });
  }
  std::vector<std::string> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::filesystem::remove(file);
  ASSERT_EQ(lines.size(), 7U);
  const auto of = [&](std::size_t i) {
    auto line = nlohmann::json::parse(lines[i]);
    EXPECT_EQ(line["client"], 1);
    EXPECT_GT(line["at"], 1'700'000'000'000);
    return line;
  };
  EXPECT_EQ(of(0)["open"], "/toy");
  EXPECT_EQ(of(1)["out"], "1");
  EXPECT_EQ(of(3)["out"], "3");
  EXPECT_EQ(of(4)["in"], "\"quoted\"");
  EXPECT_EQ(of(5)["in"], "drop");
  EXPECT_EQ(of(6)["end"], true);
  EXPECT_THROW(start({{"frames", "/nowhere/at/all"}}), std::invalid_argument);
}

TEST_F(StageTest, SaysWhereItListensInAUrlThatCanBeDialled) {
  SimulatorOptions options;
  options.host = "::1";
  Stage on_v6(io, options, StageSettings{}, [](Stage& s) { return std::make_unique<Toy>(s); });
  EXPECT_EQ(on_v6.url(), "ws://[::1]:0/toy");
}

TEST_F(StageTest, SaysGoodbye) {
  start({{"goodbye_after", "20ms"}});
  Listener closed(io, stage->url());
  until([&] { return closed.ending.has_value(); });
  EXPECT_EQ(closed.ending->reason, net::Reason::closed);
  stage.reset();
  start({{"goodbye_after", "20ms"}, {"goodbye", "reset"}});
  Listener dropped(io, stage->url());
  until([&] { return dropped.ending.has_value(); });
  EXPECT_TRUE(dropped.ending->reason == net::Reason::eof || dropped.ending->reason == net::Reason::reset);
}

TEST_F(StageTest, RolesMayEndTheirClientFromWithin) {
  start({});
  for (const std::string word : {"drop", "close"}) {
    Listener client(io, stage->url());
    until([&] { return client.open; });
    client.socket->send_text(word);
    until([&] { return client.ending.has_value(); });
    EXPECT_EQ(client.ending->close_code, word == "close" ? 4000 : 0);
  }
}

TEST_F(StageTest, SaysOddThingsWhenAsked) {
  start({{"pace", "even"}, {"binary_every", "10"}, {"garbage_every", "20"}, {"segment", "5"}}, 5'000, 100);
  Listener client(io, stage->url());
  until([&] { return client.frames >= 105 && client.binary >= 10; });
  EXPECT_EQ(client.frames, 105);
  EXPECT_EQ(client.binary, 10);
}

TEST_F(StageTest, MaySendAFrameThatIsTooLarge) {
  start({{"pace", "even"}, {"oversize_after", "3"}}, 1'000);
  Listener client(io, stage->url());
  until([&] { return client.ending.has_value(); });
  EXPECT_EQ(client.ending->reason, net::Reason::frame_too_large);
}

TEST_F(StageTest, RefusesWhomThePlayRefuses) {
  start({});
  Listener client(io, "ws://127.0.0.1:" + std::to_string(stage->port()) + "/other");
  until([&] { return client.ending.has_value(); });
  EXPECT_EQ(client.ending->reason, net::Reason::upgrade_refused);
}

TEST_F(StageTest, StopsAndCanBeDestroyedWithClients) {
  start({{"pace", "even"}}, 1'000);
  Listener client(io, stage->url());
  until([&] { return client.frames > 0; });
  stage->stop();
  until([&] { return client.ending.has_value(); });
  stage.reset();
  io.restart();
  io.run_for(20ms);
}

TEST(Behaviours, AreRefusedWhenUnknownOrWrong) {
  EXPECT_THROW(read_behaviours<StageSettings>({}, {{"temper", "bad"}}), std::invalid_argument);
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"pace", "slow"}, {"broadcast", "yes"}, {"burst", "-1"}, {"goodbye_after", "soon"}, {"goodbye", "wave"}}) {
    EXPECT_THROW(read_behaviours<StageSettings>({}, {{name, value}}), std::invalid_argument) << name;
  }
  EXPECT_EQ(describe_behaviours<StageSettings>({}).size(), StageSettings::table().size());
}

TEST(Cue, SetAnewForgetsWhatItWasSetFor) {
  boost::asio::io_context io;
  int first = 0, second = 0;
  {
    Cue cue(io), gone(io);
    cue.set(1ms, [&] { ++first; });
    cue.set(2ms, [&] {
      ++second;
      cue.cancel();  // from within
    });
    gone.set(1ms, [&] { ++first; });
    gone.cancel();
    io.run_for(50ms);
  }
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(Behaviours, AMisspelledOneIsGuessed) {
  const auto said = [](const std::string& name) -> std::string {
    try {
      read_behaviours<StageSettings>({}, {{name, "1"}});
    } catch (const std::invalid_argument& wrong) {
      return wrong.what();
    }
    return {};
  };
  EXPECT_EQ(said("brust"), "there is no behaviour `brust`; did you mean `burst`?");
  EXPECT_EQ(said("zzz"), "there is no behaviour `zzz`; `tributary simulate CONNECTOR --help` lists them");
  EXPECT_EQ(said("burst"), "");
}

}  // namespace
}  // namespace tributary::connectors
