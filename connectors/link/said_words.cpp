#include "connectors/link/said_words.hpp"

#include <algorithm>

namespace tributary::connectors {

void SaidWords::said(std::uint64_t number, std::string_view channel, std::string_view words, event::SteadyTime now) {
  forget(now);
  if (entries_.size() >= limit) entries_.pop_front();
  entries_.push_back({number, std::string(channel), std::string(words), now});
}

void SaidWords::take_back(std::uint64_t number) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.number == number; });
}

void SaidWords::came_back(std::uint64_t number) {
  for (Entry& entry : entries_) entry.back |= entry.number == number;
}

void SaidWords::forget(event::SteadyTime now) {
  while (!entries_.empty() && now - entries_.front().at > own_window) entries_.pop_front();
}

bool SaidWords::empty(event::SteadyTime now) {
  forget(now);
  return entries_.empty();
}

std::optional<std::uint64_t> SaidWords::own(std::string_view channel, std::string_view words, event::SteadyTime now) {
  forget(now);
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return !entry.back && entry.channel == channel && entry.words == words;
  });
  if (found == entries_.end()) return std::nullopt;
  found->back = true;
  return found->number;
}

bool SaidWords::awaits(std::string_view channel, std::string_view words, event::SteadyTime now) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return !entry.back && now - entry.at <= own_window && entry.channel == channel && entry.words == words;
  });
}

std::optional<std::uint64_t> SaidWords::copied(std::string_view channel, std::string_view words,
                                               event::SteadyTime now) {
  forget(now);
  const auto found = std::find_if(entries_.rbegin(), entries_.rend(), [&](const Entry& entry) {
    if (now - entry.at > copy_window || entry.channel != channel) return false;
    return entry.words == words;
  });
  return found == entries_.rend() ? std::nullopt : std::optional(found->number);
}

}  // namespace tributary::connectors
