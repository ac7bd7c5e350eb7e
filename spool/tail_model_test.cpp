#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "spool/disk_fixture.hpp"
#include "spool/tail_fixture.hpp"

namespace tributary::spool {
namespace {

using namespace std::chrono_literals;

/// A tail over several lives on a disk that forgets what was not synced, against a model of what was promised:
///  1. what `committed` had counted and was not forgotten is there, with its own bytes;
///  2. nothing is there that was not appended;
///  3. what is there although it was forgotten is, within its lane, followed by everything that was committed;
///  4. what is there although it was not counted follows nothing that is missing.
class ModelRun {
 public:
  ModelRun(unsigned seed, bool lies) : random_(seed), disk_("tributary-model") {
    if (lies) disk_.lie();
    settings_.vfs = disk_.name();
    settings_.retry_first = 1ms;
    settings_.retry_most = 2ms;
    settings_.log = 32u << 10;
  }

  /// False: a promise was broken; `fault` says which.
  bool run() {
    for (int life = 0; life < 4; ++life) {
      auto opened = SinkTail::open("sink.spool", settings_, observer_);
      if (auto* words = std::get_if<std::string>(&opened)) return broken("cannot be opened: " + *words);
      TailUser tail(std::move(std::get<0>(opened)));
      if (!compare(tail)) return false;
      const bool crashes = random_() % 4 != 0;
      if (crashes) disk_.freeze_after(random_() % 300);
      live(tail);
      if (!crashes) tail->close(60s);
      counted_ = tail->committed();
      if (!crashes && counted_ != tickets_) return broken("not committed at the end");
      tail.end();
      disk_.crash(random_);
    }
    return true;
  }
  const std::string& fault() const { return fault_; }
  std::uint64_t survived() const { return survived_; }
  std::uint64_t came_back() const { return came_back_; }

 private:
  struct Record {
    std::string words;
    std::uint64_t ticket = 0;  ///< 0: of an earlier life
    bool forgotten = false;
    bool was_committed = false;  ///< seen before it was forgotten
  };
  using Records = std::map<std::uint64_t, Record>;

  bool broken(std::string words) {
    if (fault_.empty()) fault_ = std::move(words);
    return false;
  }

  void live(TailUser<SinkTail>& tail) {
    tickets_ = 0;
    for (auto steps = 20 + random_() % 80; steps > 0; --steps) {
      const auto key = std::string(1, static_cast<char>('a' + random_() % 3));
      const event::LaneName lane{"topic", key};
      switch (random_() % 8) {
        case 0:
          forget(tail, lane);
          break;
        case 1:
          if (random_() % 4 == 0) tail->read(lane, 0, 1'000);
          break;
        case 2:
          std::this_thread::yield();
          break;
        case 3:
          if (random_() % 8 == 0) disk_.refuse_writes(random_() % 2 == 0 ? 13 : 10);  // SQLITE_FULL, SQLITE_IOERR
          if (random_() % 2 == 0) disk_.refuse_writes(0);
          break;
        default:
          for (auto count = 1 + random_() % 6; count > 0; --count) {
            const auto size = random_() % 10 == 0 ? random_() % 9'000 : random_() % 400;
            Record record{key + std::to_string(++number_) + std::string(size, 'x'), ++tickets_};
            tail.append(lane, number_, record.words);
            lanes_[key][number_] = std::move(record);
          }
      }
    }
    disk_.refuse_writes(0);
  }

  /// A lane is finished from its beginning, as the outbox does it.
  void forget(TailUser<SinkTail>& tail, const event::LaneName& lane) {
    const auto committed = tail->committed();
    std::uint64_t first = 0, last = 0;
    auto count = random_() % 5;
    for (auto& [number, record] : lanes_[lane.key]) {
      if (record.forgotten) continue;
      if (count-- == 0) break;
      record.forgotten = true;
      record.was_committed = record.ticket <= committed;
      last = number;
      if (first == 0) first = number;
    }
    if (last != 0) tail->forget(lane, first, last);
  }

  bool compare(TailUser<SinkTail>& tail) {
    const auto unread = observer_.count(SpoolSign::cannot_read);
    std::map<std::string, event::TailLeft> left;
    for (auto& one : tail->left()) left[one.lane.key] = one;
    std::set<std::uint64_t> missing_tickets;
    std::uint64_t highest_ticket = 0;
    for (auto& [key, records] : lanes_) {
      Records there;
      if (left.count(key) != 0) {
        tail->read({"topic", key}, 0, 1u << 30);
        std::optional<event::TailNews> news;
        while (!(news = tail->take()) && observer_.count(SpoolSign::cannot_read) == unread) std::this_thread::yield();
        if (!news) return broken("cannot be read");
        for (const auto& record : std::get<event::TailRead>(*news).records) {
          const auto known = records.find(record.number);
          if (known == records.end()) return broken("invented " + key + std::to_string(record.number));
          if (!record.event || record.event->text != spooled_event(key, known->second.words)->text) {
            return broken("other bytes at " + key + std::to_string(record.number));
          }
          there.insert(*known);
        }
      }
      if (!as_promised(key, records, there)) return false;
      for (const auto& [number, record] : records) {
        if (record.forgotten) continue;
        if (there.count(number) == 0) missing_tickets.insert(record.ticket);
        if (there.count(number) != 0) highest_ticket = std::max(highest_ticket, record.ticket);
      }
      const auto& told = left[key];
      if (told.records != there.size()) return broken("left counts " + std::to_string(told.records));
      if (!there.empty() && (told.first != there.begin()->first || told.last != there.rbegin()->first)) {
        return broken("left names other numbers");
      }
      for (auto& [number, record] : there) {
        ++survived_;
        if (record.forgotten) ++came_back_;
        record.ticket = 0;
        record.forgotten = record.was_committed = false;
      }
      records = std::move(there);
    }
    if (!missing_tickets.empty() && *missing_tickets.begin() < highest_ticket) return broken("a later one survived");
    return true;
  }

  bool as_promised(const std::string& key, const Records& records, const Records& there) {
    bool back = false;  // a forgotten one has come back
    for (const auto& [number, record] : records) {
      const bool is_there = there.count(number) != 0;
      const auto name = key + std::to_string(number);
      if (!record.forgotten && record.ticket <= counted_ && !is_there) return broken("lost " + name);
      if (back && record.was_committed && !is_there) return broken("a gap at " + name);
      back |= is_there && record.forgotten;
    }
    return true;
  }

  std::mt19937 random_;
  TestDisk disk_;
  TestObserver observer_;
  SinkTail::Settings settings_;
  std::map<std::string, Records> lanes_;
  std::uint64_t number_ = 0, tickets_ = 0, counted_ = 0, survived_ = 0, came_back_ = 0;
  std::string fault_;
};

unsigned schedules() {
  const char* many = std::getenv("TRIBUTARY_SPOOL_SCHEDULES");
  return many == nullptr ? 300 : static_cast<unsigned>(std::atoi(many));
}

TEST(SpoolModel, WhatIsCommittedSurvivesEveryCrash) {
  std::uint64_t survived = 0, came_back = 0;
  for (unsigned seed = 1; seed <= schedules(); ++seed) {
    ModelRun run(seed, false);
    ASSERT_TRUE(run.run()) << "seed " << seed << ": " << run.fault();
    survived += run.survived(), came_back += run.came_back();
  }
  EXPECT_GT(survived, schedules() * 20);
  EXPECT_GT(came_back, 0U);
}

/// The test can fail: a disk that says that it has synced, and has not, is found out.
TEST(SpoolModel, ADiskThatDoesNotSyncIsFoundOut) {
  unsigned found = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) found += ModelRun(seed, true).run() ? 0U : 1U;
  EXPECT_GT(found, 10U);
}

}  // namespace
}  // namespace tributary::spool
