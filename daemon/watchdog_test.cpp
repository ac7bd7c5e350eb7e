#include "daemon/watchdog.hpp"

#include <gtest/gtest.h>

#include <future>

#include "daemon/loop_watch.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

TEST(Watchdog, LooksThreeTimesInTheTimeAndSaysNothingFalseOfASlowSink) {
  EXPECT_EQ(WatchdogTimes(30s).every, 10s);
  EXPECT_EQ(WatchdogTimes(30s).still, 15s);
  EXPECT_EQ(WatchdogTimes(2s).still, 3s) << "a sink without work goes round once a second";
  EXPECT_EQ(WatchdogTimes(1us).every, 10ms) << "and no busy loop";
}

TEST(Watchdog, PingsWhileEveryLoopGoesRoundAndStopsWhenOneDoesNot) {
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<bool> hangs{false};
  std::atomic<int> pings{0};
  std::promise<std::vector<std::string>> told;
  LoopWatch loops;
  loops.watch("sink events", [&] { return hangs ? rounds.load() : ++rounds; });
  auto now = event::SteadyTime(1h);
  const Watchdog watchdog(30ms, {[&](std::chrono::milliseconds still) { return loops.stalled(still, now += 1s); },
                                 [&] {
                                   if (++pings == 20) hangs = true;
                                 },
                                 [&](const auto& loops) { told.set_value(loops); }});
  EXPECT_EQ(told.get_future().get(), std::vector<std::string>{"sink events"}) << "and that is told once";
  EXPECT_EQ(pings, 22) << "it has three seconds";
}

TEST(Watchdog, DoesNothingWhenNobodyWaitsForPings) {
  const Watchdog watchdog(std::nullopt, {[](auto) -> std::vector<std::string> { throw std::logic_error("asked"); },
                                         [] { throw std::logic_error("pinged"); }, [](const auto&) {}});
}

}  // namespace
}  // namespace tributary::daemon
