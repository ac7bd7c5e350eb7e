#include "connectors/users/own_echoes.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace tributary::connectors::users {

void OwnEchoes::said(std::string_view text, std::uint64_t number, event::SteadyTime now) {
  forget(now);
  if (in_order_.size() >= limit) forget_oldest();
  const std::size_t hash = std::hash<std::string_view>{}(text);
  by_text_[hash].push_back({now, number, std::nullopt, 0});
  in_order_.emplace_back(now, hash);
}

void OwnEchoes::forget(event::SteadyTime now) {
  while (!in_order_.empty() && now - in_order_.front().first > patience) forget_oldest();
}

/// The oldest of all is also the oldest of its text.
void OwnEchoes::forget_oldest() {
  const auto at = by_text_.find(in_order_.front().second);
  in_order_.pop_front();
  at->second.pop_front();
  if (at->second.empty()) by_text_.erase(at);
}

std::optional<OwnEchoes::Heard> OwnEchoes::heard(std::string_view text, std::uint32_t copies,
                                                 std::chrono::milliseconds together, event::SteadyTime now) {
  forget(now);
  const auto at = by_text_.find(std::hash<std::string_view>{}(text));
  if (at == by_text_.end()) return std::nullopt;
  for (Saying& saying : at->second) {  // another copy of one that was heard just now
    if (saying.copies_left == 0 || now - *saying.heard_at > together) continue;
    --saying.copies_left;
    return Heard{saying.number, false};
  }
  for (Saying& saying : at->second) {
    if (saying.heard_at) continue;
    saying.heard_at = now;
    saying.copies_left = copies - 1;
    return Heard{saying.number, true};
  }
  return std::nullopt;
}

bool OwnEchoes::awaits(event::SteadyTime now) {
  forget(now);
  return std::any_of(by_text_.begin(), by_text_.end(), [](const auto& of_text) {
    return std::any_of(of_text.second.begin(), of_text.second.end(), [](const Saying& one) { return !one.heard_at; });
  });
}

void OwnEchoes::put_off(event::SteadyTime::duration pause) {
  for (auto& [at, hash] : in_order_) at += pause;
  for (auto& [hash, sayings] : by_text_) {
    for (Saying& saying : sayings) {
      saying.at += pause;
      if (saying.heard_at) *saying.heard_at += pause;
    }
  }
}

}  // namespace tributary::connectors::users
