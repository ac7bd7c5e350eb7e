#include "event/thread_check.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace tributary::event {
namespace {

TEST(ThreadCheck, LetsTheThreadThatCameFirstComeAgain) {
  const ThreadCheck thread;
  thread.check();
  thread.check();
}

TEST(ThreadCheck, AnObjectCanBeHandedOver) {
  ThreadCheck thread;
  thread.check();
  thread.hand_over();
  std::thread([&] { thread.check(); }).join();
}

TEST(ThreadCheck, TwoObjectsMayBelongToTwoThreads) {
  const ThreadCheck ours, theirs;
  ours.check();
  std::thread([&] { theirs.check(); }).join();
}

#ifndef NDEBUG
TEST(ThreadCheckDeathTest, AnotherThreadEndsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const ThreadCheck thread;
  thread.check();
  EXPECT_DEATH(std::thread([&] { thread.check(); }).join(), "called on another thread than before");
}
#else
TEST(ThreadCheck, CostsNothingInARelease) { EXPECT_TRUE(std::is_empty_v<ThreadCheck>); }
#endif

}  // namespace
}  // namespace tributary::event
