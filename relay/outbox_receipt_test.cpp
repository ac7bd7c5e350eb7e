#include <gtest/gtest.h>

#include "event/receipt.hpp"
#include "relay/dead_letter.hpp"
#include "relay/fake_tail.hpp"
#include "relay/outbox.hpp"
#include "relay/outbox_fixture.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;

/// One event with a receipt, and what became of it.
class OutboxReceipt : public testing::Test {
 protected:
  OutboxReceipt() { make("letters"); }
  void make(std::string letters, event::Tail* tail = nullptr) {
    outbox = std::make_unique<Outbox>(settings, std::move(letters), static_cast<Outbox::MakeLetter>(&letter_of), tail);
  }
  void offer() {
    auto event = std::make_shared<event::Event>(*event_of("a", 1));
    event->receipt = std::make_shared<event::Receipt>([this](bool kept) { told += kept ? "kept" : "lost"; });
    outbox->offer(std::move(event), "topic");
  }
  std::uint64_t send(Sent answer = Sent::accepted) {
    Outbox::Next next;
    EXPECT_TRUE(outbox->next(now, next));
    outbox->sent(next.token, answer, now);
    return next.token;
  }
  void send_and(Verdict verdict) { outbox->report({send(), verdict, "CODE"}, now); }

  Outbox::Settings settings;
  std::string told;
  event::SteadyTime now{1h};
  std::unique_ptr<Outbox> outbox;
};

TEST_F(OutboxReceipt, IsKeptWhenTheEventIsDelivered) {
  offer();
  const auto token = send();
  EXPECT_EQ(told, "");
  outbox->report({token, Verdict::delivered, {}}, now);
  EXPECT_EQ(told, "kept");
}

TEST_F(OutboxReceipt, GoesWithTheDeadLetterAndIsKeptWhenThatIsDelivered) {
  offer();
  send(Sent::too_large);
  EXPECT_EQ(told, "") << "its letter has it now";
  send_and(Verdict::delivered);
  EXPECT_EQ(told, "kept");
}

TEST_F(OutboxReceipt, IsLostWithTheDeadLetter) {
  offer();
  send(Sent::too_large);
  send(Sent::too_large);
  EXPECT_EQ(told, "lost");
}

TEST_F(OutboxReceipt, IsKeptWhenTheConfigurationWantsTheEventDropped) {
  make("");
  offer();
  send(Sent::too_large);
  EXPECT_EQ(told, "kept") << "dead letters are off";
}

TEST_F(OutboxReceipt, IsLostWhenTheEventCannotBeWritten) {
  offer();
  send_and(Verdict::failed);
  EXPECT_EQ(told, "lost");
}

TEST_F(OutboxReceipt, IsLostAtTheStop) {
  offer();
  send();
  outbox->drop_rest(event::Dropped::stopped);
  EXPECT_EQ(told, "lost");
}

TEST_F(OutboxReceipt, IsLostWithAnOutboxThatGoesUnfinished) {
  offer();
  outbox.reset();
  EXPECT_EQ(told, "lost");
}

TEST_F(OutboxReceipt, IsKeptOnceTheTailHasTheEvent) {
  FakeTail tail;
  make("letters", &tail);
  offer();
  send();
  outbox->drop_rest(event::Dropped::stopped);
  EXPECT_EQ(told, "kept");
  outbox.reset();
}

}  // namespace
}  // namespace tributary::relay
