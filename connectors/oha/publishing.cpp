#include "connectors/oha/publishing.hpp"

#include <utility>

#include "connectors/link/chat_line.hpp"
#include "text/json.hpp"

namespace tributary::connectors::oha {
namespace {

using event::MessageResult;

std::string chat_frame(std::string_view words) {
  std::string frame = R"({"type":"chat","data":{"message":)";
  text::append_quoted(frame, words);
  return frame += "}}";
}

}  // namespace

/// What is awaited of the connection before stays so: a server that is slow may yet show it to us.
void Publishing::open(std::string username) {
  username_ = std::move(username);
  in_flight_.reset();
  settled_at_ = event::SteadyTime::max();
  paused_ = false;
}

void Publishing::paused(bool paused, const event::Now& now) {
  paused_ = paused;
  if (in_flight_) settled_at_ = paused ? event::SteadyTime::max() : now.steady + settling_time;
}

event::SteadyTime Publishing::may_say_at() const {
  return in_flight_ || paused_ ? event::SteadyTime::max() : event::SteadyTime::min();
}

void Publishing::say(const event::Message& message, const event::Now& now, Outcome& outcome) {
  const std::string words = chat_line(message.content, words_limit);
  if (words.empty()) {
    outcome.reports.push_back({message.number, MessageResult::refused, "empty", {}});
    return;
  }
  outcome.sends.push_back({chat_frame(words), false});
  outcome.reports.push_back({message.number, MessageResult::awaiting, {}, {}});
  said_.said(message.number, {}, words, now.steady);
  in_flight_ = message.number;
  settled_at_ = now.steady + settling_time;
}

bool Publishing::heard(std::string_view user, std::string_view words, const event::Now& now, Outcome& outcome) {
  if (username_.empty() || user == username_) {
    if (const auto own = said_.own({}, words, now.steady)) {
      if (own == in_flight_) settle({*own, MessageResult::sent, {}, {}}, outcome);
      return true;
    }
  }
  if (const auto copied = said_.copied({}, words, now.steady)) {
    outcome.reports.push_back({*copied, MessageResult::echoed, {}, {}});
  }
  return false;
}

void Publishing::error(std::string_view code, std::string_view words, Outcome& outcome) {
  if (!in_flight_) return;
  said_.take_back(*in_flight_);
  std::string detail(code);
  if (!words.empty()) detail.append(detail.empty() ? "" : ": ").append(words);
  settle({*in_flight_, MessageResult::refused, "upstream_error", std::move(detail)}, outcome);
}

void Publishing::tick(const event::Now& now, Outcome& outcome) {
  if (in_flight_ && now.steady >= settled_at_) settle({*in_flight_, MessageResult::sent, {}, {}}, outcome);
}

void Publishing::settle(event::MessageReport report, Outcome& outcome) {
  outcome.reports.push_back(std::move(report));
  in_flight_.reset();
  settled_at_ = event::SteadyTime::max();
}

}  // namespace tributary::connectors::oha
