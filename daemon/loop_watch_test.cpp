#include "daemon/loop_watch.hpp"

#include <gtest/gtest.h>

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

struct LoopWatchTest : testing::Test {
  void watch(const std::string& name, std::optional<std::uint64_t>& rounds) {
    loops.watch(name, [&rounds] { return rounds; });
  }
  Names at(std::chrono::milliseconds time) { return loops.stalled(10s, event::SteadyTime(1h + time)); }

  LoopWatch loops;
  std::optional<std::uint64_t> main = 0, sink = 0;
};

TEST_F(LoopWatchTest, ALoopThatGoesRoundIsNeverStalled) {
  watch("main", main);
  for (int i = 0; i < 100; ++i, ++*main) EXPECT_EQ(at(i * 7s), Names{});
}

TEST_F(LoopWatchTest, ALoopThatDoesNotRunIsStalledOnceTheTimeIsOver) {
  watch("main", main);
  watch("sink events", sink);
  EXPECT_EQ(at(0s), Names{});
  ++*main;
  EXPECT_EQ(at(9'999ms), Names{});
  EXPECT_EQ(at(10s), Names{"sink events"});
  EXPECT_EQ(at(25s), (Names{"main", "sink events"}));
}

TEST_F(LoopWatchTest, ALoopThatGoesOnIsNotStalledAnyMore) {
  watch("main", main);
  at(0s);
  EXPECT_EQ(at(11s), Names{"main"});
  ++*main;
  EXPECT_EQ(at(12s), Names{});
  EXPECT_EQ(at(21s), Names{});
  EXPECT_EQ(at(22s), Names{"main"});
}

TEST_F(LoopWatchTest, NobodyIsBlamedForTheTimeInWhichNobodyLooked) {
  watch("main", main);
  at(0s);
  ++*main;  // asked by that look, it went round; then it slept until it is asked again
  EXPECT_EQ(at(1h), Names{});
  EXPECT_EQ(at(1h + 10s), Names{"main"});
}

TEST_F(LoopWatchTest, ALoopThatHasEndedIsForgotten) {
  watch("sink events", sink);
  at(0s);
  sink.reset();
  EXPECT_EQ(at(11s), Names{});
  sink = 0;
  EXPECT_EQ(at(30s), Names{}) << "and not looked at again";
}

TEST_F(LoopWatchTest, TwoLoopsOfOneNameAreTwo) {
  std::optional<std::uint64_t> heir = 0;
  watch("sink events", sink);
  watch("sink events", heir);
  at(0s);
  ++*heir;
  EXPECT_EQ(at(10s), Names{"sink events"});
}

TEST_F(LoopWatchTest, WhatMayTakeLongIsPardonedUntilThen) {
  watch("main", main);
  at(0s);
  loops.pardon("main", event::SteadyTime(1h + 60s));
  EXPECT_EQ(at(59s), Names{});
  EXPECT_EQ(at(61s), Names{});
  EXPECT_EQ(at(69s), Names{"main"}) << "ten seconds after it was last excused";
  loops.pardon("main", event::SteadyTime(1h + 600s));
  EXPECT_EQ(at(70s), Names{});
  loops.pardon("main", event::SteadyTime(1h + 71s));  // it is done
  EXPECT_EQ(at(80s), Names{"main"});
}

}  // namespace
}  // namespace tributary::daemon
