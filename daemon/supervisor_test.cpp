#include "daemon/supervisor.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "config/load.hpp"
#include "daemon/vocabulary.hpp"
#include "sinks/handling.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

/// Which connectors have a link that says something of itself.
struct Observer final : connectors::LinkObserver {
  void changed(const std::string& connector, const connectors::LinkStatus&) override { seen.insert(connector); }
  void lost(const std::string&, const net::Ending&, bool) override {}
  void remarked(const std::string&, const connectors::Remark&) override {}
  std::set<std::string> seen;
};

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() {
    const std::string one = ": {type: streamelements, url: 'ws://127.0.0.1:1', auth: {method: jwt, token: {value: x}}}";
    loaded =
        config::load_text("version: 1\nconnectors: {broken" + one + ", whole" + one + "}\n", "t.yaml", vocabulary());
    for (auto& connector : loaded.settings->connectors) wanted.push_back(&connector);
  }
  void start(std::function<std::unique_ptr<connectors::Protocol>(const config::NamedSettings&)> protocol) {
    supervisor = std::make_unique<Supervisor>(Supervisor::Surroundings{
        io, workers, budget, pipeline, observer, telemetry, loaded.settings->limits, std::move(protocol), 20ms});
    supervisor->want(wanted);
  }
  template <class Condition>
  void until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < end) io.run_one_for(10ms);
    ASSERT_TRUE(condition());
  }
  ~SupervisorTest() override {
    bool stopped = false;
    supervisor->stop(100ms, [&] { stopped = true; });
    until([&] { return stopped; });
    workers.join();
  }

  config::Loaded loaded;
  std::vector<config::NamedSettings*> wanted;
  boost::asio::io_context io{1};
  boost::asio::thread_pool workers{1};
  net::DialBudget budget{0};
  relay::Pipeline pipeline{{}, {}, std::get<schema::Schema>(sinks::schema_named("streamelements")), "01K9ZB4T"};
  Observer observer;
  Log log{[] {
    config::Log settings;
    settings.level = config::Log::Level::error;
    return settings;
  }()};
  Telemetry telemetry{log};
  std::unique_ptr<Supervisor> supervisor;
};

TEST_F(SupervisorTest, StartsEveryConnectorThatIsWanted) {
  start(Supervisor::protocol_of);
  until([&] { return observer.seen == std::set<std::string>{"broken", "whole"}; });
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 0U);
}

TEST_F(SupervisorTest, OneThatCannotBeMadeIsParkedAndMadeAgainAndTheOthersRun) {
  int attempts = 0;
  start([&](const config::NamedSettings& connector) {
    if (connector.name == "broken" && ++attempts < 3) throw std::runtime_error("of no use");
    return Supervisor::protocol_of(connector);
  });
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 1U);
  until([&] { return observer.seen.count("whole") == 1; });
  until([&] { return observer.seen.count("broken") == 1; });
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(telemetry.count(LogEvent::connector_parked), 2U);
}

}  // namespace
}  // namespace tributary::daemon
