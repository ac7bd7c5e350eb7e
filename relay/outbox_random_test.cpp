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
    make();
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
  /// The process ends at random moments, and another one begins with what is committed. An event that was read, kept
  /// and committed, or acknowledged, arrives; the others may be lost.
  void run_with_crashes(std::chrono::milliseconds exposure) {
    settings_.exposure = exposure;
    tail_->commits = false;
    crashing_ = true;
    make();
    for (int step = 0; step < 4'000 && (step < 600 || !done()); ++step) {
      faults_ = step < 600;
      now_ += 10ms;
      if (step < 500 && random_() % 2 == 0) offer();
      if (random_() % 2 == 0) tail_->work(random_() % 4);
      if (random_() % 4 == 0) tail_->commit(random_() % 8);
      if (step >= 600) tail_->commit();
      send();
      if (random_() % 3 != 0) answer();
      ASSERT_TRUE(outbox_->ledger().balances());
      if (step < 500 && random_() % 60 == 0) crash();
    }
    ASSERT_TRUE(done()) << "stuck with " << outbox_->ledger().in_flight << " and " << outbox_->ledger().spooled;
    for (const auto& [key, count] : offered_) expect_order(key, count);
    EXPECT_EQ(tail_->records(), 0U);
  }
  int crashes() const { return crashes_; }
  std::uint64_t lost() const { return may_be_lost_.size(); }
  std::uint64_t most_spooled() const { return most_spooled_; }
  std::uint64_t read_back() const { return tail_->given(); }

 private:
  static constexpr std::size_t memory = 16'000;  ///< about as many events

  void make() {
    outbox_ = std::make_unique<Outbox>(settings_, "letters", static_cast<Outbox::MakeLetter>(&letter_of), tail_.get());
    outbox_->begin();
  }
  /// What is under way may still be taken; nobody hears of it.
  void crash() {
    ++crashes_;
    expect_exposure();
    for (auto& partition : partitions_) {
      for (const auto& request : partition.under_way) {
        const bool refused =
            std::any_of(request.begin(), request.end(), [&](const auto& one) { return poisoned(one); });
        if (refused || random_() % 2 == 0) break;
        for (const auto& record : request) log_[record.key].push_back(record.number);
      }
      partition = {};
    }
    if (alone_ && !poisoned(*alone_) && random_() % 2 == 0) log_[alone_->key].push_back(alone_->number);
    alone_.reset();
    letters_.clear();
    tail_->crash();
    outbox_.reset();
    for (const auto& [key, count] : offered_) {
      const auto kept = tail_->kept({"topic", key});
      for (int number = 1; number <= count; ++number) {
        const auto& there = log_[key];
        if (kept.count(static_cast<std::uint64_t>(number)) != 0) continue;
        if (std::find(there.begin(), there.end(), number) != there.end()) continue;
        may_be_lost_.insert(key + std::to_string(number));
      }
    }
    make();
  }
  /// Whatever is older than the exposure is on the tail, committed or about to be, or taken.
  void expect_exposure() {
    for (const auto& [name, received] : received_) {
      if (received + settings_.exposure > now_ || poison_.count(name) != 0 || may_be_lost_.count(name) != 0) continue;
      const int number = std::stoi(name.substr(1));
      const auto& there = log_[name.substr(0, 1)];
      EXPECT_TRUE(tail_->kept({"topic", name.substr(0, 1)}).count(static_cast<std::uint64_t>(number)) != 0 ||
                  std::find(there.begin(), there.end(), number) != there.end())
          << name;
    }
  }
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
    auto event = std::make_shared<event::Event>(*event_of(key, number));
    event->received_steady = now_;
    received_[key + std::to_string(number)] = now_;
    outbox_->offer(std::move(event), "topic");
    ++events_;
  }
  void send() {
    std::array<Request, 2> batches;
    outbox_->read_back();
    if (crashing_) outbox_->write_behind(now_);
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
      if (crashing_ && settings_.exposure == 0ms) {
        const event::LaneName lane{std::string(next.stream), std::string(next.event->key_text())};
        ASSERT_TRUE(tail_->is_committed(lane, next.token)) << "nothing is sent before its commit";
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
      const bool lost = may_be_lost_.count(key + std::to_string(number)) != 0 &&
                        std::find(first.begin(), first.end(), number) == first.end();
      if (!lost && poison_.count(key + std::to_string(number)) == 0) wanted.push_back(number);
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
  std::set<std::string> may_be_lost_;  ///< was neither committed nor taken when a process ended
  std::map<std::string, event::SteadyTime> received_;
  bool crashing_ = false;
  int crashes_ = 0;
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

TEST(OutboxUnderRandomFaults, ACrashLosesOnlyWhatWasNotSafe) {
  int crashes = 0;
  std::uint64_t lost = 0;
  for (unsigned seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomFaults faults(seed, true);
    faults.run_with_crashes(seed % 2 == 0 ? 0ms : 20ms);
    crashes += faults.crashes();
    lost += faults.lost();
  }
  EXPECT_GT(crashes, 1'000);
  EXPECT_GT(lost, 1'000U) << "the crashes found something that was not safe";
}

}  // namespace
}  // namespace tributary::relay
