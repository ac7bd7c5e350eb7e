#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "relay/dead_letter.hpp"
#include "relay/fake_tail.hpp"
#include "relay/outbox.hpp"
#include "relay/outbox_fixture.hpp"

namespace tributary::relay {
namespace {

using namespace std::chrono_literals;
using event::Sent;
using event::Verdict;

/// A broker with two partitions and a producer like ours, failing at random in every way. Records sent together go in
/// requests, several under way: one that is refused for a record ends the producer; those behind it are refused too,
/// but only where the partition knows the producer already.
class RandomFaults {
 public:
  explicit RandomFaults(unsigned seed, bool with_tail = false) : random_(seed) {
    settings_.opens_with_one = true;
    if (with_tail) {
      settings_.memory = memory;
      tail_ = std::make_unique<FakeTail>();
    }
    outbox_ = std::make_unique<Outbox>(settings_, "letters", static_cast<Outbox::MakeLetter>(&letter_of), tail_.get());
    outbox_->begin();
  }

  void run() {
    for (int step = 0; step < 4'000 && (step < 600 || !done()); ++step) {
      faults_ = step < 600;
      now_ += 50ms;
      if (step < 500 && random_() % 2 == 0) offer();
      if (tail_ && random_() % 2 == 0) tail_->work(random_() % 4);
      send();
      if (random_() % 3 != 0) answer();
      ASSERT_TRUE(outbox_->ledger().balances());
      if (!tail_) continue;
      ASSERT_LE(outbox_->bytes(), memory);
      ASSERT_GE(tail_->records(), outbox_->ledger().spooled);
      most_spooled_ = std::max(most_spooled_, outbox_->ledger().spooled);
    }
    ASSERT_TRUE(done()) << "stuck with " << outbox_->ledger().in_flight << " and " << outbox_->ledger().spooled;
    EXPECT_EQ(outbox_->ledger().offered, events_);
    EXPECT_EQ(outbox_->ledger().dead_lettered, poison_.size()) << "only the guilty";
    for (const auto& [key, count] : offered_) expect_order(key, count);
    if (tail_) {
      EXPECT_EQ(tail_->records(), 0U) << "what is finished is forgotten";
    }
  }
  std::uint64_t most_spooled() const { return most_spooled_; }
  std::uint64_t read_back() const { return tail_->given(); }

 private:
  static constexpr std::size_t memory = 16'000;  ///< about as many events

  bool done() const { return outbox_->empty() && outbox_->ledger().spooled == 0; }
  struct Record {
    std::uint64_t token;
    std::string key;
    int number;
  };
  using Request = std::vector<Record>;
  struct Partition {
    std::deque<Request> under_way;
    bool knows = false;
  };

  void offer() {
    const std::string key(1, static_cast<char>('a' + random_() % 4));
    const int number = ++offered_[key];
    if (random_() % 40 == 0) poison_.insert(key + std::to_string(number));
    outbox_->offer(event_of(key, number), "topic");
    ++events_;
  }
  void send() {
    std::array<Request, 2> batches;
    outbox_->read_back();
    for (Outbox::Next next; outbox_->next(now_, next);) {
      if (faults_ && random_() % 20 == 0) {
        outbox_->sent(next.token, Sent::full, now_);
        break;
      }
      if (faults_ && random_() % 100 == 0) {
        outbox_->sent(next.token, Sent::denied, now_);
        continue;
      }
      outbox_->sent(next.token, Sent::accepted, now_);
      if (next.letter != nullptr) {
        letters_.push_back(next.token);
        continue;
      }
      const Record record{next.token, std::string(next.event->key_text()), static_cast<int>(next.event->sequence)};
      if (next.manner == event::Manner::alone) {
        ASSERT_FALSE(alone_) << "one at a time";
        alone_ = record;
        continue;
      }
      const auto number = static_cast<std::size_t>(record.key[0] - 'a') / 2;
      auto& batch = batches.at(number);
      batch.push_back(record);
      if (random_() % 4 == 0) partitions_.at(number).under_way.push_back(std::exchange(batch, {}));
    }
    for (std::size_t i = 0; i < 2; ++i) {
      if (!batches.at(i).empty()) partitions_.at(i).under_way.push_back(std::move(batches.at(i)));
    }
  }
  void answer() {
    for (auto token : std::exchange(letters_, {})) outbox_->report({token, Verdict::delivered, {}}, now_);
    if (alone_ && random_() % 2 == 0) {
      const auto record = *std::exchange(alone_, {});
      tell(record, poisoned(record) ? Verdict::record_fault : verdict());
    }
    auto& partition = partitions_.at(random_() % 2);
    if (partition.under_way.empty()) return;
    const auto request = partition.under_way.front();
    partition.under_way.pop_front();
    const bool refused = std::any_of(request.begin(), request.end(), [&](const auto& one) { return poisoned(one); });
    const auto answer = refused ? Verdict::record_fault : verdict();
    for (const auto& record : request) tell(record, answer);
    if (answer != Verdict::delivered) return rebuild();
    partition.knows = true;
  }
  /// After a gap: what the broker has already may still be taken where it cannot see the gap.
  void rebuild() {
    for (auto& partition : partitions_) {
      for (const auto& request : partition.under_way) {
        const bool refused =
            std::any_of(request.begin(), request.end(), [&](const auto& one) { return poisoned(one); });
        const bool taken = !refused && !partition.knows && random_() % 2 == 0;
        for (const auto& record : request) tell(record, taken ? Verdict::delivered : Verdict::purged);
      }
      partition = {};
    }
    outbox_->rebuilt();
  }
  Verdict verdict() {
    switch (faults_ ? random_() % 12 : 11) {
      case 0:
        return Verdict::retriable;
      case 1:
        return Verdict::purged;
      case 2:
        return Verdict::denied;
      default:
        return Verdict::delivered;
    }
  }
  void tell(const Record& record, Verdict verdict) {
    if (verdict == Verdict::delivered) log_[record.key].push_back(record.number);
    outbox_->report({record.token, verdict, "CODE"}, now_);
  }
  bool poisoned(const Record& record) const { return poison_.count(record.key + std::to_string(record.number)) != 0; }
  void expect_order(const std::string& key, int count) {
    std::vector<int> first;  // by first arrival
    for (int number : log_[key]) {
      if (first.empty() || number > first.back()) first.push_back(number);
    }
    std::vector<int> wanted;
    for (int number = 1; number <= count; ++number) {
      if (poison_.count(key + std::to_string(number)) == 0) wanted.push_back(number);
    }
    EXPECT_EQ(first, wanted) << "key " << key;
  }

  std::mt19937 random_;
  Outbox::Settings settings_;
  std::unique_ptr<FakeTail> tail_;
  std::uint64_t most_spooled_ = 0;
  std::unique_ptr<Outbox> outbox_;
  event::SteadyTime now_{1h};
  bool faults_ = true;
  std::uint64_t events_ = 0;
  std::array<Partition, 2> partitions_;
  std::optional<Record> alone_;
  std::vector<std::uint64_t> letters_;
  std::map<std::string, std::vector<int>> log_;  ///< what the broker has, by key
  std::map<std::string, int> offered_;
  std::set<std::string> poison_;
};

TEST(OutboxUnderRandomFaults, LosesNothingAndKeepsTheOrder) {
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomFaults(seed).run();
  }
}

/// Memory for some ten events: most of what waits lies on the tail, and comes back when it likes.
TEST(OutboxUnderRandomFaults, WithATailLosesNothingKeepsTheOrderAndItsBound) {
  std::uint64_t spooled = 0, read = 0;
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomFaults faults(seed, true);
    faults.run();
    spooled = std::max(spooled, faults.most_spooled());
    read += faults.read_back();
  }
  EXPECT_GT(spooled, 100U) << "the tail was used";
  EXPECT_GT(read, 10'000U);
}

}  // namespace
}  // namespace tributary::relay
