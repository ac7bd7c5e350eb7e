// An outbox with memory for some ten events on a tail on disk, and a broker that fails at random: nothing is lost, and
// the order within a key is kept, also when the outbox ends in between and another one goes on.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>

#include "relay/dead_letter.hpp"
#include "relay/outbox.hpp"
#include "relay/outbox_fixture.hpp"
#include "spool/tail_fixture.hpp"

namespace tributary {
namespace {

using namespace std::chrono_literals;
using event::Verdict;

class OutboxOnDisk {
 public:
  explicit OutboxOnDisk(unsigned seed) : random_(seed) {
    settings_.memory = 16'000;
    settings_.exposure = std::chrono::milliseconds(seed % 3 == 0 ? 0 : 20);
    open();
  }
  void run() {
    const auto until = std::chrono::steady_clock::now() + 60s;
    for (int step = 0; step < 600 || (!done() && std::chrono::steady_clock::now() < until); ++step) {
      now_ += 10ms;
      faults_ = step < 600;
      if (step < 500 && random_() % 2 == 0) offer();
      if (faults_ && random_() % 150 == 0) again();
      outbox_->read_back();
      outbox_->write_behind(now_);
      send();
      if (random_() % 3 != 0) answer();
      ASSERT_TRUE(outbox_->ledger().balances());
      if (step >= 600) std::this_thread::yield();
    }
    ASSERT_TRUE(done()) << "stuck with " << outbox_->ledger().in_flight << " and " << outbox_->ledger().spooled;
    for (const auto& [key, count] : offered_) {
      int highest = 0;
      for (const int number : arrived_[key]) {
        ASSERT_LE(number, highest + 1) << key << " out of order";
        highest = std::max(highest, number);
      }
      EXPECT_EQ(highest, count) << key;
    }
    outbox_->drop_rest(event::Dropped::stopped);
    (*tail_)->close(60s);
    EXPECT_TRUE((*tail_)->left().empty()) << "what is finished is forgotten";
  }
  std::uint64_t recovered() const { return recovered_; }

 private:
  struct Sent {
    std::uint64_t token;
    std::string key;
    int number;
  };
  bool done() const { return outbox_->empty() && outbox_->ledger().spooled == 0; }
  void open() {
    if (tail_) tail_->end();
    tail_ = std::make_unique<spool::TailUser<spool::SinkTail>>(spool::opened(folder_ / "sink.spool", {}, observer_));
    outbox_ = std::make_unique<relay::Outbox>(settings_, "letters",
                                              static_cast<relay::Outbox::MakeLetter>(&relay::letter_of), &**tail_);
    outbox_->begin();
    recovered_ += outbox_->ledger().recovered;
  }
  /// The program ends, and is started again.
  void again() {
    for (const auto& one : std::exchange(under_way_, {})) outbox_->report({one.token, Verdict::purged, {}}, now_);
    outbox_->drop_rest(event::Dropped::stopped);
    (*tail_)->close(60s);
    outbox_->take_losses();
    ASSERT_EQ(event::sum(outbox_->ledger().dropped), 0U);
    outbox_.reset();
    open();
  }
  void offer() {
    const std::string key(1, static_cast<char>('a' + random_() % 4));
    outbox_->offer(relay::event_of(key, ++offered_[key]), "topic");
  }
  void send() {
    relay::Outbox::Next next;
    while (under_way_.size() < 20 && outbox_->next(now_, next)) {
      const auto answer = !faults_ || random_() % 50 != 0 ? event::Sent::accepted : event::Sent::denied;
      const Sent sent{next.token, std::string(next.event->key_text()), static_cast<int>(next.event->sequence)};
      outbox_->sent(next.token, answer, now_);
      if (answer == event::Sent::accepted) under_way_.push_back(sent);
    }
  }
  void answer() {
    while (!under_way_.empty()) {
      const Sent sent = under_way_.front();
      under_way_.pop_front();
      const bool fails = faults_ && random_() % 12 == 0;
      // Once one of a lane has failed, those behind it on the way do not arrive either.
      if (fails) broken_.insert(sent.key);
      const bool arrives = broken_.count(sent.key) == 0;
      if (arrives) arrived_[sent.key].push_back(sent.number);
      outbox_->report({sent.token, arrives ? Verdict::delivered : Verdict::retriable, "CODE"}, now_);
    }
    broken_.clear();
  }

  std::mt19937 random_;
  spool::TestFolder folder_;
  spool::TestObserver observer_;
  relay::Outbox::Settings settings_;
  std::unique_ptr<spool::TailUser<spool::SinkTail>> tail_;
  std::unique_ptr<relay::Outbox> outbox_;
  event::SteadyTime now_{std::chrono::steady_clock::now()};
  bool faults_ = true;
  std::deque<Sent> under_way_;
  std::set<std::string> broken_;
  std::map<std::string, int> offered_;
  std::map<std::string, std::vector<int>> arrived_;
  std::uint64_t recovered_ = 0;
};

TEST(OutboxOnDisk, LosesNothingAndKeepsTheOrderOverManyLives) {
  std::uint64_t recovered = 0;
  for (unsigned seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    OutboxOnDisk run(seed);
    run.run();
    recovered += run.recovered();
  }
  EXPECT_GT(recovered, 100U) << "the tail was used";
}

}  // namespace
}  // namespace tributary
