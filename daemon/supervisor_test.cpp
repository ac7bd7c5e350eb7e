#include "daemon/supervisor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "config/load.hpp"
#include "daemon/vocabulary.hpp"
#include "event/memory_in_process.hpp"
#include "sinks/handling.hpp"
#include "tests/support/fake_outbound.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// An input without a network: what became of it.
struct Double {
  std::optional<event::WallTime> last_seen;  ///< what it is told of the one before
  std::optional<event::WallTime> missed_since = event::WallTime{1s};
  int started = 0, stopped = 0, adopted = 0;
  bool adopts = false;         ///< takes over whatever comes
  bool holds_goodbye = false;  ///< a stop takes until `goodbye`
  std::function<void()> goodbye;
  bool alive = true;
  std::set<const event::Outbound*> serves;  ///< channel sinks
};

class DoubleInput final : public connectors::Input {
 public:
  DoubleInput(std::shared_ptr<Double> me, boost::asio::io_context& io, event::Intake& intake)
      : me_(std::move(me)), io_(io), intake_(intake) {}
  ~DoubleInput() override { me_->alive = false; }
  void start() override {
    ++me_->started;
    intake_.live();
    intake_.control(false);
    intake_.settle();
  }
  void stop(std::chrono::milliseconds, std::function<void()> stopped) override {
    ++me_->stopped;
    if (me_->holds_goodbye) {
      me_->goodbye = std::move(stopped);
    } else {
      boost::asio::post(io_, std::move(stopped));
    }
  }
  void attach(const event::OutboundPtr& outbound) override { me_->serves.insert(outbound.get()); }
  void detach(event::Outbound& outbound) override { me_->serves.erase(&outbound); }
  bool can_adopt(const connectors::Settings&) const override { return me_->adopts; }
  bool adopt(const std::shared_ptr<const connectors::Settings>&) override { return ++me_->adopted != 0; }
  connectors::LinkStatus status() const override { return {}; }
  std::optional<event::WallTime> missed_since() const override { return me_->missed_since; }
  std::vector<connectors::ChannelActivity> activity() const override { return {}; }

 private:
  std::shared_ptr<Double> me_;
  boost::asio::io_context& io_;
  event::Intake& intake_;
};

/// Which connectors a link says something of, and which are gone for good.
struct Observer final : connectors::LinkObserver {
  void changed(const std::string& connector, const connectors::LinkStatus&) override { seen.insert(connector); }
  void lost(const std::string&, const net::Ending&, bool) override {}
  void remarked(const std::string&, const connectors::Remark&) override {}
  void forget(const std::string& connector) override { forgotten.insert(connector); }
  std::set<std::string> seen, forgotten;
};

class SupervisorTest : public testing::Test {
 protected:
  using Settings = std::map<std::string, std::string>;  ///< connector → further keys

  static config::Settings settings_of(const Settings& connectors) {
    std::string text = "version: 1\nconnectors: {";
    for (const auto& [name, keys] : connectors) {
      text += name + ": {type: streamelements, url: 'ws://127.0.0.1:1', auth: {method: jwt, token: {value: x}}" +
              (keys.empty() ? "" : ", " + keys) + "}, ";
    }
    auto loaded = config::load_text(text + "}\n", "t.yaml", vocabulary());
    for (const auto& fault : loaded.faults) ADD_FAILURE() << config::format(fault);
    return std::move(*loaded.settings);
  }
  /// Doubles instead of links, by connector, the newest last.
  void double_them() {
    around.input = [this](const config::NamedSettings& connector, connectors::LinkSettings link,
                          const connectors::LinkSurroundings& place) {
      auto made = std::make_shared<Double>();
      made->last_seen = link.last_seen;
      made->adopts = adopts;
      made->holds_goodbye = hold_goodbyes;
      doubles[connector.name].push_back(made);
      return std::make_unique<DoubleInput>(made, place.io, place.intake);
    };
  }
  std::vector<std::string> want(const Settings& connectors, const std::function<void(config::Limits&)>& limit = {}) {
    if (!supervisor) supervisor = std::make_unique<Supervisor>(around);
    auto settings = settings_of(connectors);
    if (limit) limit(settings.limits);
    std::vector<std::string> said;
    for (const auto& change : supervisor->want(settings.connectors, settings.limits)) {
      constexpr const char* names[] = {"started", "stopped", "restarted", "adopted"};
      std::string text = std::string(names[static_cast<std::size_t>(change.what)]) + " " + change.connector;
      for (const auto& key : change.keys) text += " " + key;
      said.push_back(text);
    }
    return said;
  }
  void settle() {
    for (int i = 0; i < 10; ++i) io.poll();
  }
  template <class Condition>
  void until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < end) io.run_one_for(10ms);
    ASSERT_TRUE(condition());
  }
  std::uint64_t frames() const {
    event::ConnectorLedger sum;
    for (const auto& book : supervisor->books()) sum += book.ledger;
    return sum.frames;
  }
  ~SupervisorTest() override {
    bool stopped = false;
    supervisor->stop(100ms, [&] { stopped = true; });
    for (auto& [name, all] : doubles) {
      for (auto& one : all) {
        if (one->goodbye) boost::asio::post(io, std::exchange(one->goodbye, nullptr));
      }
    }
    until([&] { return stopped; });
    workers.join();
  }

  boost::asio::io_context io{1};
  boost::asio::thread_pool workers{1};
  net::DialBudget budget{0};
  relay::Taps taps;
  relay::Pipeline pipeline{std::make_shared<relay::RoutingTable>(),
                           std::get<schema::Schema>(sinks::schema_named("streamelements")), "01K9ZB4T", taps};
  Observer observer;
  Log log{[] {
    config::Log settings;
    settings.level = config::Log::Level::error;
    return settings;
  }()};
  Telemetry telemetry{log};
  Supervisor::Surroundings around{io, workers, budget, pipeline, observer, telemetry, Supervisor::link_of, 20ms};
  bool adopts = false, hold_goodbyes = false;
  std::map<std::string, std::vector<std::shared_ptr<Double>>> doubles;
  std::unique_ptr<Supervisor> supervisor;
};

TEST_F(SupervisorTest, AChannelSinkPublishesOnItsConnectorWheneverThatRuns) {
  double_them();
  const auto sink = std::make_shared<support::FakeOutbound>(), later = std::make_shared<support::FakeOutbound>();
  want({});
  supervisor->serve({{"stage", {sink}}});
  want({{"stage", ""}, {"hall", ""}});
  ASSERT_EQ(doubles["stage"].size(), 1U);
  EXPECT_TRUE(doubles["stage"][0]->serves.contains(sink.get()));
  EXPECT_TRUE(doubles["hall"][0]->serves.empty());
  supervisor->serve({{"stage", {sink, later}}});
  EXPECT_EQ(doubles["stage"][0]->serves.size(), 2U);
  want({{"stage", "ping_interval: 7s"}, {"hall", ""}});
  settle();
  ASSERT_EQ(doubles["stage"].size(), 2U) << "made anew";
  EXPECT_EQ(doubles["stage"][1]->serves.size(), 2U);
  supervisor->serve({{"stage", {later}}, {"nobody", {sink}}});
  EXPECT_EQ(doubles["stage"][1]->serves, std::set<const event::Outbound*>{later.get()});
  supervisor->serve({{"hall", {later}}});
  EXPECT_TRUE(doubles["stage"][1]->serves.empty());
  EXPECT_EQ(doubles["hall"][0]->serves, std::set<const event::Outbound*>{later.get()});
}

TEST_F(SupervisorTest, StartsEveryConnectorThatIsWanted) {
  EXPECT_EQ(want({{"broken", ""}, {"whole", ""}}), (std::vector<std::string>{"started broken", "started whole"}));
  until([&] { return observer.seen == std::set<std::string>{"broken", "whole"}; });
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 0U);
}

TEST_F(SupervisorTest, OneThatCannotBeMadeIsParkedAndMadeAgainAndTheOthersRun) {
  int attempts = 0;
  around.input = [&](const config::NamedSettings& connector, connectors::LinkSettings link,
                     const connectors::LinkSurroundings& place) {
    if (connector.name == "broken" && ++attempts < 3) throw std::runtime_error("of no use");
    return Supervisor::link_of(connector, std::move(link), place);
  };
  want({{"broken", ""}, {"whole", ""}});
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 1U);
  until([&] { return observer.seen.count("whole") == 1; });
  until([&] { return observer.seen.count("broken") == 1; });
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 2U);
}

TEST_F(SupervisorTest, OneThatCannotBeMadeMayGoBeforeItIsTriedAgain) {
  around.input = [&](const config::NamedSettings&, connectors::LinkSettings,
                     const connectors::LinkSurroundings&) -> std::unique_ptr<connectors::Input> {
    throw std::runtime_error("of no use");
  };
  want({{"broken", ""}});
  EXPECT_EQ(want({}), std::vector<std::string>{"stopped broken"});
  until([&] { return observer.forgotten.count("broken") == 1; });
}

TEST_F(SupervisorTest, WhatHasNotChangedIsNotTouched) {
  double_them();
  want({{"one", ""}, {"two", ""}});
  EXPECT_EQ(want({{"one", ""}, {"three", ""}, {"two", "ping_interval: 7s"}}),
            (std::vector<std::string>{"started three", "restarted two connectors.two.ping_interval"}));
  settle();
  EXPECT_EQ(doubles["one"].size(), 1U);
  EXPECT_EQ(doubles["one"][0]->stopped, 0);
  ASSERT_EQ(doubles["two"].size(), 2U);
  EXPECT_EQ(doubles["two"][0]->last_seen, std::nullopt);
  EXPECT_EQ(doubles["two"][1]->last_seen, event::WallTime{1s}) << "so that it reports what was missed between the two";
  EXPECT_FALSE(doubles["two"][0]->alive);
  EXPECT_EQ(doubles["two"][1]->started, 1);
  EXPECT_EQ(want({{"one", ""}, {"three", ""}, {"two", "ping_interval: 7s"}}), std::vector<std::string>{});
}

TEST_F(SupervisorTest, WhatWasMissedBeforeOneThatWasNeverLiveIsStillMissedAfterIt) {
  double_them();
  want({{"one", ""}});
  want({{"one", "ping_interval: 7s"}});
  settle();
  doubles["one"].back()->missed_since.reset();  // never live, and not told of anything
  want({{"one", "ping_interval: 8s"}});
  settle();
  ASSERT_EQ(doubles["one"].size(), 3U);
  EXPECT_EQ(doubles["one"][2]->last_seen, event::WallTime{1s});
}

TEST_F(SupervisorTest, WhatCanTakeOverItsSettingsKeepsItsConnection) {
  double_them();
  adopts = true;
  want({{"one", ""}});
  EXPECT_EQ(want({{"one", "ping_interval: 7s"}}), std::vector<std::string>{"adopted one connectors.one.ping_interval"});
  settle();
  ASSERT_EQ(doubles["one"].size(), 1U);
  EXPECT_EQ(doubles["one"][0]->adopted, 1);
  EXPECT_EQ(doubles["one"][0]->stopped, 0);
}

TEST_F(SupervisorTest, LimitsThatAllDependOnHaveAllConnectAnew) {
  double_them();
  adopts = true;
  want({{"one", ""}});
  EXPECT_EQ(want({{"one", ""}}, [](config::Limits& limits) { limits.pause = 3s; }),
            std::vector<std::string>{"restarted one limits.pause"});
  settle();
  EXPECT_EQ(doubles["one"].size(), 2U);
}

TEST_F(SupervisorTest, TheBookOfOneThatIsGoneStaysAndGoesOnWhenItComesAgain) {
  double_them();
  want({{"one", ""}, {"two", ""}});
  EXPECT_EQ(frames(), 2U);
  want({{"two", ""}});
  settle();
  EXPECT_EQ(observer.forgotten, std::set<std::string>{"one"});
  EXPECT_EQ(frames(), 2U);
  want({{"one", ""}, {"two", ""}});
  EXPECT_EQ(frames(), 3U);
  EXPECT_EQ(supervisor->books().size(), 2U);
}

TEST_F(SupervisorTest, HandsOutTheMemoryOfEachConnector) {
  event::MemoryInProcess memory;
  around.memory = &memory;
  std::vector<event::ConnectorMemory*> handed;
  around.input = [&](const config::NamedSettings& connector, connectors::LinkSettings link,
                     const connectors::LinkSurroundings& place) {
    handed.push_back(link.memory);
    return Supervisor::link_of(connector, std::move(link), place);
  };
  want({{"one", ""}, {"two", ""}});
  EXPECT_EQ(handed, (std::vector<event::ConnectorMemory*>{&memory.connector("one"), &memory.connector("two")}));
}

TEST_F(SupervisorTest, OneThatIsWantedAgainWhileItSaysGoodbyeIsStartedAfterwards) {
  double_them();
  hold_goodbyes = true;
  want({{"one", ""}});
  want({});
  EXPECT_EQ(want({{"one", "ping_interval: 7s"}}), std::vector<std::string>{"started one connectors.one.ping_interval"});
  settle();
  ASSERT_EQ(doubles["one"].size(), 1U) << "never two connections of one connector at a time";
  EXPECT_EQ(want({{"one", "ping_interval: 8s"}}),
            std::vector<std::string>{"restarted one connectors.one.ping_interval"});
  boost::asio::post(io, std::exchange(doubles["one"][0]->goodbye, nullptr));
  settle();
  ASSERT_EQ(doubles["one"].size(), 2U);
  EXPECT_EQ(doubles["one"][1]->started, 1);
  EXPECT_TRUE(observer.forgotten.empty());
}

TEST_F(SupervisorTest, BooksMayBeReadFromAnotherThreadWhileConnectorsComeAndGo) {
  double_them();
  want({{"one", ""}});
  std::atomic<bool> enough{false};
  std::uint64_t least = 0;
  bool fell = false;
  std::thread reader([&] {
    for (bool last = false; !last;) {
      last = enough;  // once more, however late this thread comes to run
      const auto now = frames();
      fell = fell || now < least;
      least = now;
    }
  });
  for (int i = 0; i < 200; ++i) {
    want(i % 2 == 0 ? Settings{{"one", ""}, {"two", ""}} : Settings{{"one", i % 4 == 1 ? "ping_interval: 7s" : ""}});
    settle();
  }
  enough = true;
  reader.join();
  EXPECT_FALSE(fell);
  EXPECT_GT(least, 100U);
}

}  // namespace
}  // namespace tributary::daemon
