#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "event/ports.hpp"

namespace tributary::relay {

/// A wire for tests: keeps what it is sent, acknowledges at once, unless it is told to hold its reports.
/// What a test looks at (`Shared`) lives as long as the test holds it. Thread: any.
class FakeDownstream final : public event::Downstream {
 public:
  struct Shared {
    mutable std::mutex mutex;
    std::condition_variable woken;
    std::vector<std::string> records;  ///< the values, in the order in which they were acknowledged
    std::vector<std::string> letters;
    std::deque<std::pair<std::uint64_t, std::string>> held;
    std::atomic<bool> hold{false};  ///< nothing is acknowledged
    bool wake = false;
    bool closed = false;
    int rebuilt = 0;
    bool broken = false;
    bool hurried = false;
    std::atomic<bool> denies_notices{false};  ///< their topic is missing
    std::atomic<bool> denies_events{false};
    std::atomic<bool> stuck{false};
    std::vector<std::string> repaired;                        ///< to be told at the next look
    std::map<std::string, event::Sent, std::less<>> answers;  ///< by stream; without one it takes what it is sent
    std::map<std::string, int> refused;                       ///< by stream: so often something else was answered

    std::size_t count() const {
      const std::lock_guard lock(mutex);
      return records.size();
    }
    /// From now on this is what `send` says to records of the stream.
    void answer(const std::string& stream, event::Sent with) {
      const std::lock_guard lock(mutex);
      answers[stream] = with;
    }
    int refusals(const std::string& stream) {
      const std::lock_guard lock(mutex);
      return refused[stream];
    }
    void release() {
      {
        const std::lock_guard lock(mutex);
        hold = false;
        wake = true;
      }
      woken.notify_all();
    }
  };

  explicit FakeDownstream(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

  /// Events of the source `other` have a stream of their own.
  std::string_view stream_of(const event::Event& event) override {
    if (event.source == "other") return "others";
    return event.kind == event::Kind::state ? "" : event.kind == event::Kind::notice ? "relay" : "events";
  }
  std::string_view dead_letter_stream() const override { return "letters"; }
  event::Sent send(std::string_view stream, const event::Event& event, std::uint64_t token, event::Manner) override {
    if (event.kind == event::Kind::notice ? shared_->denies_notices : shared_->denies_events) {
      return event::Sent::denied;
    }
    return take(stream, token, std::string(event.json_text()));
  }
  event::Sent send(std::string_view stream, const event::DeadLetter& letter, std::uint64_t token,
                   event::Manner) override {
    return take(stream, token, "letter " + letter.value);
  }
  void poll(std::chrono::milliseconds timeout, std::vector<event::DeliveryReport>& reports) override {
    std::unique_lock lock(shared_->mutex);
    const auto ready = [&] { return shared_->wake || shared_->broken || (!shared_->hold && !shared_->held.empty()); };
    shared_->woken.wait_for(lock, timeout, ready);
    shared_->wake = false;
    if (shared_->hold || shared_->broken) return;
    for (; !shared_->held.empty(); shared_->held.pop_front()) {
      const auto& [token, text] = shared_->held.front();
      const bool letter = text.rfind("letter ", 0) == 0;
      (letter ? shared_->letters : shared_->records).push_back(letter ? text.substr(7) : text);
      reports.push_back({token, event::Verdict::delivered, {}});
    }
  }
  std::string_view why_denied() const override { return "unknown_topic"; }
  std::string_view stuck() const override { return shared_->stuck ? "ENOSPC" : ""; }
  void hurry() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->hurried = true;
  }
  void take_repaired(std::vector<std::string>& streams) override {
    const std::lock_guard lock(shared_->mutex);
    streams = std::exchange(shared_->repaired, {});
  }
  void wake() override {
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->wake = true;
    }
    shared_->woken.notify_all();
  }
  bool broken() const override {
    const std::lock_guard lock(shared_->mutex);
    return shared_->broken;
  }
  void rebuild(std::vector<event::DeliveryReport>& reports) override {
    const std::lock_guard lock(shared_->mutex);
    for (const auto& [token, text] : shared_->held) reports.push_back({token, event::Verdict::purged, {}});
    shared_->held.clear();
    shared_->broken = false;
    ++shared_->rebuilt;
  }
  std::vector<event::BrokerStanding> brokers() const override {
    event::BrokerStanding broker;
    broker.name = "fake:9092";
    return {broker};
  }
  void close() override {
    const std::lock_guard lock(shared_->mutex);
    shared_->closed = true;
  }

 private:
  event::Sent take(std::string_view stream, std::uint64_t token, std::string text) {
    const std::lock_guard lock(shared_->mutex);
    const auto told = shared_->answers.find(stream);
    if (told != shared_->answers.end() && told->second != event::Sent::accepted) {
      ++shared_->refused[std::string(stream)];
      return told->second;
    }
    shared_->held.emplace_back(token, std::move(text));
    return event::Sent::accepted;
  }

  std::shared_ptr<Shared> shared_;
};

/// Waits, at most ten seconds, until `condition` holds.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace tributary::relay
