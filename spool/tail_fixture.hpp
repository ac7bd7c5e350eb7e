#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "spool/tail.hpp"

namespace tributary::spool {

/// A folder that goes with the test.
class TestFolder {
 public:
  TestFolder() {
    auto name = (std::filesystem::temp_directory_path() / "tributary-spool-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Remembers what it is told. Thread: any.
class TestObserver final : public Observer {
 public:
  void on_news(const SpoolNews& news) override {
    const std::lock_guard lock(mutex_);
    SpoolNews kept = news;
    kept.file = {};
    told_.push_back(std::move(kept));
    changed_.notify_all();
  }
  std::size_t count(SpoolSign sign) const {
    const std::lock_guard lock(mutex_);
    return counted(sign);
  }
  /// The first news of this kind; waits for it.
  SpoolNews wait(SpoolSign sign) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(60), [&] { return counted(sign) != 0; })) << name(sign);
    for (const auto& news : told_) {
      if (news.sign == sign) return news;
    }
    return {};
  }

 private:
  std::size_t counted(SpoolSign sign) const {
    std::size_t count = 0;
    for (const auto& news : told_) count += news.sign == sign ? 1 : 0;
    return count;
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<SpoolNews> told_;
};

/// An event of a lane whose words are `words`.
inline std::shared_ptr<event::Event> spooled_event(const std::string& key, const std::string& words,
                                                   event::Kind kind = event::Kind::activity) {
  auto event = std::make_shared<event::Event>();
  event->kind = kind;
  event->text = R"({"_id":"507f1f77bcf86cd799439011","type":"tip","provider":"p","flagged":false,"data":{"message":")" +
                words + R"("},"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.789Z"})";
  const auto size = static_cast<std::uint32_t>(event->text.size());
  event->json = {0, size};
  event->id = {8, 24};
  event->type = {42, 3};
  event->provider = {59, 1};
  event->key = {size, static_cast<std::uint32_t>(key.size())};
  event->text += key;
  event->source = "streamelements";
  event->connector = std::make_shared<const std::string>("stage");
  event->created = event->received = event::WallTime(std::chrono::hours(500'000));
  event->sequence = 7;
  return event;
}

/// A tail, and who listens to its news. Thread: the test's.
template <class Tail>
class TailUser {
 public:
  explicit TailUser(std::unique_ptr<Tail> tail) : tail_(std::move(tail)) {
    tail_->on_news([this] {
      const std::lock_guard lock(mutex_);
      ++wakes_;
      woken_.notify_all();
    });
  }
  ~TailUser() {
    if (tail_) tail_->on_news({});
  }
  Tail* operator->() { return tail_.get(); }
  Tail& operator*() { return *tail_; }
  void end() {
    tail_->on_news({});
    tail_.reset();
  }

  /// Until `ready`, which may have changed when the tail has woken us.
  bool wait(const std::function<bool()>& ready) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto seen = wakes_;
      lock.unlock();
      if (ready()) return true;
      lock.lock();
      if (!woken_.wait_until(lock, until, [&] { return wakes_ != seen; })) return false;
    }
  }
  bool wait_committed(std::uint64_t count) {
    return wait([&] { return tail_->committed() >= count; });
  }
  event::TailNews news() {
    std::optional<event::TailNews> news;
    EXPECT_TRUE(wait([&] { return (news = tail_->take()).has_value(); }));
    return news ? std::move(*news) : event::TailNews();
  }
  /// Asks, and gives the answer; losses that are told before are kept in `lost`.
  event::TailRead read(const event::LaneName& lane, std::uint64_t from, std::size_t bytes = 1u << 20) {
    tail_->read(lane, from, bytes);
    for (;;) {
      auto told = news();
      if (auto* answer = std::get_if<event::TailRead>(&told)) return std::move(*answer);
      lost.push_back(std::get<event::TailLost>(told));
      if (testing::Test::HasFailure()) return {};
    }
  }
  std::vector<std::uint64_t> numbers(const event::LaneName& lane, std::uint64_t from = 0) {
    std::vector<std::uint64_t> all;
    for (const auto& record : read(lane, from, 1u << 30).records) all.push_back(record.number);
    return all;
  }
  void append(const event::LaneName& lane, std::uint64_t number, const std::string& words = "words") {
    tail_->append(lane, {number, spooled_event(lane.key, words), nullptr});
  }

  std::vector<event::TailLost> lost;

 private:
  std::unique_ptr<Tail> tail_;
  std::mutex mutex_;
  std::condition_variable woken_;
  std::uint64_t wakes_ = 0;
};

template <class Tail>
TailUser(std::unique_ptr<Tail>) -> TailUser<Tail>;

/// Opens one that must be there.
inline std::unique_ptr<SinkTail> opened(const std::filesystem::path& file, const SinkTail::Settings& settings,
                                        Observer& observer) {
  auto tail = SinkTail::open(file, settings, observer);
  if (const auto* fault = std::get_if<std::string>(&tail)) {
    ADD_FAILURE() << *fault;
    return nullptr;
  }
  return std::move(std::get<0>(tail));
}

}  // namespace tributary::spool
