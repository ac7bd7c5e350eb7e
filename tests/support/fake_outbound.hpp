#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/assert.hpp"
#include "event/channel.hpp"

namespace tributary::support {

/// A channel sink that gives what a test puts into it and keeps what it is told; it is as strict as the real one, which
/// tests/support/outbound_conformance.hpp holds both to. Owned by a test. Thread: the test's.
class FakeOutbound : public event::Outbound {
 public:
  const std::string& name() const override { return name_; }
  void live(bool live, const event::Now&) override {
    lives.push_back(live);
    if (live) not_before = event::SteadyTime::min();
  }
  void paused(bool paused, const event::Now&) override { pauses.push_back(paused); }
  std::optional<event::Message> take(const event::Now& now) override {
    ++asked;
    if (due(now) > now.steady) return std::nullopt;
    event::Message message = std::move(waiting.front());
    waiting.pop_front();
    message.attempt = said_[message.number] + 1;
    open_[message.number] = {message, false};
    return message;
  }
  event::SteadyTime due(const event::Now& now) const override {
    return is_live() && !waiting.empty() ? std::max(not_before, now.steady) : event::SteadyTime::max();
  }
  void report(const event::MessageReport& report, const event::Now& now) override {
    using event::MessageResult;
    const auto at = open_.find(report.number);
    const bool known = at != open_.end() && !(report.result == MessageResult::awaiting && at->second.awaiting);
    if (!known && report.result != MessageResult::echoed) {
      ignored.push_back(words_of(report));
      return;
    }
    reports.push_back(report);
    if (report.result == MessageResult::awaiting) {
      at->second.awaiting = true;
      ++said_[report.number];
    } else if (report.result == MessageResult::returned) {
      if (at->second.awaiting) --said_[report.number];
      waiting.push_front(std::move(at->second.message));
      open_.erase(at);
      not_before = now.steady + after_returned;
      if (work_ && is_live()) work_();
    } else if (report.result == MessageResult::unconfirmed) {
      if (!at->second.awaiting) ++said_[report.number];
      open_.erase(at);
    } else if (report.result != MessageResult::echoed) {
      open_.erase(at);
    }
    if (when_reported) when_reported(report);
  }
  void heard(const event::Draft& draft, const event::Now&) override { heard_events.push_back(draft.text); }
  void on_work(std::function<void()> work) override { work_ = std::move(work); }

  /// Puts a message in and says so. The number of one that awaits a word or was unconfirmed: it is said again.
  void put(std::uint64_t number, std::string content, event::Form form = event::Form::text) {
    event::Message message;
    message.number = number;
    message.form = form;
    message.content = std::move(content);
    message.event = event_of(number);
    message.address = address;
    const auto same = [&](const event::Message& other) { return other.number == number; };
    TRIBUTARY_ASSERT(std::none_of(waiting.begin(), waiting.end(), same));
    TRIBUTARY_ASSERT(open_.count(number) == 0 || open_.at(number).awaiting);
    waiting.push_back(std::move(message));
    if (work_ && is_live()) work_();
  }
  bool is_live() const { return !lives.empty() && lives.back(); }
  bool served() const { return static_cast<bool>(work_); }
  /// `sent 1`, `refused 2 too_large`, …
  std::vector<std::string> words() const {
    std::vector<std::string> all;
    for (const event::MessageReport& report : reports) all.push_back(words_of(report));
    return all;
  }
  static std::string words_of(const event::MessageReport& report) {
    std::string text = std::string(event::name(report.result)) + " " + std::to_string(report.number);
    return report.reason.empty() ? text : text + " " + std::string(report.reason);
  }

  std::deque<event::Message> waiting;
  std::vector<event::MessageReport> reports;
  std::vector<std::string> ignored;  ///< reports of what was never given, or has had its last word
  std::vector<std::string> heard_events;
  std::vector<bool> lives, pauses;
  int asked = 0;
  std::shared_ptr<const event::Address> address;  ///< of each message
  event::SteadyTime not_before = event::SteadyTime::min();
  static constexpr std::chrono::milliseconds after_returned{1'000};
  std::function<void(const event::MessageReport&)> when_reported;

 private:
  /// An event whose `_id` is the number in 24 digits.
  static event::EventPtr event_of(std::uint64_t number) {
    auto made = std::make_shared<event::Event>();
    std::string digits = std::to_string(number);
    digits.insert(0, 24 - std::min<std::size_t>(24, digits.size()), '0');
    made->text = "{\"_id\":\"" + digits + "\"}";
    made->json = {0, static_cast<std::uint32_t>(made->text.size())};
    made->id = {8, 24};
    return made;
  }

  const std::string name_ = "fake";
  std::function<void()> work_;
  struct Open {
    event::Message message;
    bool awaiting = false;
  };
  std::map<std::uint64_t, Open> open_;      ///< given, and without a last word
  std::map<std::uint64_t, unsigned> said_;  ///< how often it was handed to the upstream
};

}  // namespace tributary::support
