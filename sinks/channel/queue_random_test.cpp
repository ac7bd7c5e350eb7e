#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>

#include "sinks/channel/queue.hpp"
#include "sinks/test_events.hpp"

namespace tributary::sinks::channel {
namespace {

using namespace std::chrono_literals;
using event::MessageResult;

event::EventPtr sized_event_at(event::SteadyTime received, std::size_t padding) {
  auto made = std::make_shared<event::Event>(*make_event({.padding = std::string(padding, 'x')}));
  made->received_steady = received;
  return made;
}

/// Whatever happens in whatever order: the book balances, bytes stay below the limit, nothing is given twice without a
/// reason, and at the end nothing is left.
class RandomChannelQueue : public testing::TestWithParam<unsigned> {};

TEST_P(RandomChannelQueue, Balances) {
  std::mt19937 random(GetParam());
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  QueueSettings settings;
  settings.memory = 20'000;
  settings.max_age = std::chrono::milliseconds(pick(2) * 3'000);
  settings.confirm_timeout = std::chrono::milliseconds(pick(2) * 1'000);
  settings.resend = pick(3);
  if (pick(2) == 0) settings.rate = {5, 3};
  if (pick(2) == 0) settings.breaker = {0.5, 2s, 5s};
  Queue queue(settings);
  event::SteadyTime now{1h};
  std::set<std::uint64_t> given, awaiting;
  std::uint64_t offered = 0;
  for (int step = 0; step < 2'000; ++step) {
    switch (pick(6)) {
      case 0:
      case 1:
        queue.offer(sized_event_at(now - std::chrono::milliseconds(pick(100)), pick(3'000)), now);
        ++offered;
        break;
      case 2:
        if (const auto taken = queue.take(now)) {
          EXPECT_TRUE(given.insert(taken->number).second) << "it is on its way already";
          EXPECT_TRUE(taken->event);
          EXPECT_LE(taken->attempt, settings.resend + 1);
          awaiting.erase(taken->number);
        } else {
          EXPECT_GT(queue.due(now), now) << "asked again at once, without end";
        }
        break;
      case 3:
        if (!given.empty()) {
          const auto number = *given.begin();
          given.erase(given.begin());
          const auto result = static_cast<MessageResult>(pick(8));
          if (pick(20) == 0) {
            queue.came_round(number, pick(2) == 0 ? std::optional(number - 1) : std::nullopt, now);
            break;
          }
          queue.report(number, result, now);
          if (result == MessageResult::awaiting) awaiting.insert(number);
          if (result == MessageResult::echoed) given.insert(number);
        }
        break;
      case 4:
        if (!awaiting.empty()) {
          constexpr MessageResult words[] = {MessageResult::confirmed, MessageResult::unconfirmed,
                                             MessageResult::returned};
          queue.report(*awaiting.begin(), words[pick(3)], now);
          awaiting.erase(awaiting.begin());
        }
        break;
      default:
        now += std::chrono::milliseconds(pick(500));
    }
    ASSERT_TRUE(queue.ledger().balances()) << "step " << step;
    ASSERT_LE(queue.bytes(), settings.memory + given.size() * 5'000) << "step " << step;
  }
  queue.drop_rest();
  EXPECT_EQ(queue.ledger().offered, offered);
  EXPECT_TRUE(queue.ledger().balances());
  EXPECT_EQ(queue.ledger().in_flight, 0U);
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_TRUE(queue.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomChannelQueue, testing::Range(1U, 21U));

}  // namespace
}  // namespace tributary::sinks::channel
