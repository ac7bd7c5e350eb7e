#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "event/assert.hpp"
#include "event/memory.hpp"

namespace tributary::relay {

/// A tail for tests: keeps copies, and answers only when it is told to `work`. What it holds outlives the outbox, so
/// that a second one can begin where the first one ended. Thread: that of its outbox.
class FakeTail final : public event::Tail {
 public:
  std::vector<event::TailLeft> left() override {
    asked_.clear(), news_.clear();
    TRIBUTARY_ASSERT(uncommitted_.empty());  // the tests of crashes and hand-overs commit, or crash, before
    appended_ = 0, committed_ = 0;
    std::vector<event::TailLeft> all;
    for (const auto& [lane, records] : lanes_) {
      if (records.empty()) continue;
      const auto notices = std::count_if(records.begin(), records.end(), [](const auto& one) {
        return one.second.event && one.second.event->kind == event::Kind::notice;
      });
      all.push_back({{lane.first, lane.second},
                     records.begin()->first,
                     records.rbegin()->first,
                     records.size(),
                     static_cast<std::uint64_t>(notices)});
    }
    return all;
  }
  void append(const event::LaneName& lane, event::TailRecord record) override {
    if (record.event) {
      auto copy = std::make_shared<event::Event>(*record.event);
      copy->receipt.reset();
      record.event = std::move(copy);
    }
    const auto number = record.number;
    ++appended_;
    if (!commits) uncommitted_.push_back({appended_, name(lane), number});
    TRIBUTARY_ASSERT(lanes_[name(lane)].emplace(number, std::move(record)).second);
  }
  void read(const event::LaneName& lane, std::uint64_t from, std::size_t bytes) override {
    for (const auto& asked : asked_) TRIBUTARY_ASSERT(asked.lane != lane);
    asked_.push_back({lane, from, bytes});
    if (at_once) work();
  }
  std::optional<event::TailNews> take() override {
    if (news_.empty()) return {};
    auto one = std::move(news_.front());
    news_.pop_front();
    return one;
  }
  void on_news(std::function<void()> wake) override { wake_ = std::move(wake); }
  std::uint64_t committed() const override { return commits ? appended_.load() : committed_; }
  void forget(const event::LaneName& lane, std::uint64_t first, std::uint64_t last) override {
    auto& records = lanes_[name(lane)];
    records.erase(records.lower_bound(first), records.upper_bound(last));
  }
  bool full() const override { return full_; }
  bool failing() const override { return failing_; }
  std::size_t held() const override { return held_; }
  void close(std::chrono::milliseconds) override { closed = true; }
  std::optional<event::TailKept> kept() const override {
    event::TailKept kept;
    for (const auto& [lane, records] : lanes_) {
      kept.records += records.size();
      kept.notices += static_cast<std::uint64_t>(std::count_if(records.begin(), records.end(), [](const auto& one) {
        return one.second.event && one.second.event->kind == event::Kind::notice;
      }));
    }
    return kept;
  }

  /// Answers the next `most` questions, out of order when there are several.
  void work(std::size_t most = 1'000) {
    for (; most > 0 && !asked_.empty(); --most) {
      const Asked asked = asked_.back();
      asked_.pop_back();
      event::TailRead answer{asked.lane, asked.from, {}};
      std::size_t bytes = 0;
      auto& records = lanes_[name(asked.lane)];
      for (auto at = records.lower_bound(asked.from); at != records.end() && bytes < asked.bytes; ++at) {
        const auto& record = at->second;
        bytes += record.event ? record.event->bytes() : record.letter->value.size();
        answer.records.push_back(damaged_.count(record.number) != 0 ? stand_in(record) : record);
        ++given_;
      }
      news_.push_back(std::move(answer));
      tell();
    }
  }
  /// Answers the one question with this instead: what a disk that two programs wrote to may hold.
  void answer(event::TailRead answer) {
    asked_.clear();
    news_.push_back(std::move(answer));
    tell();
  }
  /// Somebody destroys what lies there.
  void destroy() { lanes_.clear(); }
  void damage(std::uint64_t number) { damaged_[number] = true; }
  void set_full(bool full) { full_ = full; }              ///< any thread
  void set_failing(bool failing) { failing_ = failing; }  ///< any thread
  void set_held(std::size_t held) { held_ = held; }       ///< any thread
  void commit(std::uint64_t appends = 1'000'000) {
    committed_ = std::min(committed_ + appends, appended_.load());
    while (!uncommitted_.empty() && uncommitted_.front().append <= committed_) uncommitted_.pop_front();
    tell();
  }
  /// The process ends without a word: what is not committed has never been.
  void crash() {
    for (const auto& one : uncommitted_) lanes_[one.lane].erase(one.number);
    uncommitted_.clear();
  }
  /// By the policy at the cap, or because it could not be committed.
  void lose(const event::LaneName& lane, std::uint64_t number, event::Dropped reason = event::Dropped::limit) {
    auto& records = lanes_[name(lane)];
    const auto record = records.find(number);
    TRIBUTARY_ASSERT(record != records.end());
    const bool notice = record->second.event && record->second.event->kind == event::Kind::notice;
    news_.push_back(event::TailLost{lane, {{number, notice}}, reason});
    records.erase(record);
    tell();
  }
  std::size_t records() const {
    std::size_t all = 0;
    for (const auto& [lane, records] : lanes_) all += records.size();
    return all;
  }
  /// The sequence numbers of the events of a lane.
  std::set<std::uint64_t> kept(const event::LaneName& lane) const {
    std::set<std::uint64_t> sequences;
    const auto found = lanes_.find(name(lane));
    if (found == lanes_.end()) return sequences;
    for (const auto& [number, record] : found->second) {
      if (record.event) sequences.insert(record.event->sequence);
    }
    return sequences;
  }
  bool is_committed(const event::LaneName& lane, std::uint64_t number) const {
    const auto found = lanes_.find(name(lane));
    if (found == lanes_.end() || found->second.count(number) == 0) return false;
    return std::none_of(uncommitted_.begin(), uncommitted_.end(),
                        [&](const auto& one) { return one.lane == name(lane) && one.number == number; });
  }
  std::uint64_t given() const { return given_; }
  std::uint64_t appended() const { return appended_; }
  std::size_t asked() const { return asked_.size(); }

  bool commits = true;   ///< at once; else as `commit` says
  bool at_once = false;  ///< answers by itself, on the asker's thread
  bool closed = false;

 private:
  struct Asked {
    event::LaneName lane;
    std::uint64_t from;
    std::size_t bytes;
  };
  void tell() const {
    if (wake_) wake_();
  }
  using Name = std::pair<std::string, std::string>;
  struct Uncommitted {
    std::uint64_t append;
    Name lane;
    std::uint64_t number;
  };
  static Name name(const event::LaneName& lane) { return {lane.stream, lane.key}; }
  static event::TailRecord stand_in(const event::TailRecord& record) {
    auto letter = std::make_shared<event::DeadLetter>();
    letter->reason = "spool_corrupt";
    letter->connector = std::make_shared<const std::string>("stage");
    return {record.number, nullptr, std::move(letter), record.event && record.event->kind == event::Kind::notice};
  }

  std::map<std::pair<std::string, std::string>, std::map<std::uint64_t, event::TailRecord>> lanes_;
  std::deque<Asked> asked_;
  std::deque<event::TailNews> news_;
  std::map<std::uint64_t, bool> damaged_;
  std::function<void()> wake_;
  std::uint64_t given_ = 0;
  std::deque<Uncommitted> uncommitted_;
  std::atomic<std::uint64_t> appended_{0};
  std::uint64_t committed_ = 0;
  std::atomic<bool> full_{false}, failing_{false};
  std::atomic<std::size_t> held_{0};
};

}  // namespace tributary::relay
