#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/channel.hpp"

namespace tributary::support {

/// A channel sink that gives what a test puts into it and keeps what it is told. What is returned is given again,
/// first. Owned by a test. Thread: the test's.
class FakeOutbound : public event::Outbound {
 public:
  const std::string& name() const override { return name_; }
  void live(bool live, const event::Now&) override { lives.push_back(live); }
  std::optional<event::Message> take(const event::Now& now) override {
    ++asked;
    if (due(now) > now.steady) return std::nullopt;
    event::Message message = std::move(waiting.front());
    waiting.pop_front();
    message.attempt = ++attempts_[message.number];
    given_[message.number] = message;
    return message;
  }
  event::SteadyTime due(const event::Now&) const override {
    return waiting.empty() ? event::SteadyTime::max() : not_before;
  }
  void report(const event::MessageReport& report, const event::Now&) override {
    reports.push_back(report);
    if (report.result == event::MessageResult::returned) {
      --attempts_[report.number];
      waiting.push_front(given_[report.number]);
    }
    if (when_reported) when_reported(report);
  }
  void on_work(std::function<void()> work) override { work_ = std::move(work); }

  /// Puts a message in and says so.
  void put(std::uint64_t number, std::string content, event::Form form = event::Form::text) {
    event::Message message;
    message.number = number;
    message.form = form;
    message.content = std::move(content);
    message.event = event_of(number);
    message.address = address;
    waiting.push_back(std::move(message));
    if (work_) work_();
  }
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
  std::vector<bool> lives;
  int asked = 0;
  std::shared_ptr<const event::Address> address;  ///< of each message
  event::SteadyTime not_before = event::SteadyTime::min();
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
  std::map<std::uint64_t, unsigned> attempts_;
  std::map<std::uint64_t, event::Message> given_;
};

}  // namespace tributary::support
