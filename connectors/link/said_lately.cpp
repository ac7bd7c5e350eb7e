#include "connectors/link/said_lately.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace tributary::connectors {
namespace {

constexpr std::size_t shortest_id = 8;  ///< a shorter one stands in many texts by chance

bool of_a_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace

void SaidLately::said(const event::Message& message, const event::Now& now) {
  forget(now.steady);
  if (said_.size() >= limit) forget_oldest();
  Said said{now.steady, message.number, hash_of(message.content), hash_of(message.content), {}, {}};
  if (message.event) {
    said.id = message.event->id_text();
    said.created_at = message.event->created_at_text();
    const std::string words = message.form == event::Form::text ? std::string() : words_of(*message.event);
    if (words.size() >= shortest_words) said.words = hash_of(words);
  }
  if (said.id.size() < shortest_id) said.id.clear();
  by_text_[said.text] = by_text_[said.words] = said.number;
  if (!said.id.empty()) by_id_[said.id] = {said.number, said.created_at};
  said_.push_back(std::move(said));
}

/// What a person would write again of an event. Of one that somebody paid for nothing: its words are as good a sentence
/// as any, and what comes round of it is no longer paid for.
std::string SaidLately::words_of(const event::Event& event) {
  Value whole;
  if (!parts_.read(json_, event.json_text(), whole)) return {};
  const auto& data = parts_.members(parts_.members(whole)["data"]);
  const Value amount = data["amount"];
  const bool paid =
      amount.kind == Value::Kind::number && amount.text.find_first_of("123456789") < amount.text.find('e');
  return paid ? std::string() : plain_text(data["message"]);
}

void SaidLately::forget(event::SteadyTime now) {
  while (!said_.empty() && now - said_.front().at > window) forget_oldest();
}

void SaidLately::forget_oldest() {
  const Said& oldest = said_.front();
  for (const std::size_t hash : {oldest.text, oldest.words}) {
    const auto text = by_text_.find(hash);
    if (text != by_text_.end() && text->second == oldest.number) by_text_.erase(text);
  }
  const auto id = by_id_.find(oldest.id);
  if (id != by_id_.end() && id->second.number == oldest.number) by_id_.erase(id);
  said_.pop_front();
}

std::optional<std::uint64_t> SaidLately::repeated_by(std::string_view content, const event::Now& now) {
  forget(now.steady);
  if (said_.empty()) return std::nullopt;
  if (const auto same = by_text_.find(hash_of(content)); same != by_text_.end()) return same->second;
  if (by_id_.empty()) return std::nullopt;
  std::string word;
  for (std::size_t at = 0; at < content.size();) {
    std::size_t end = at;
    while (end < content.size() && of_a_word(content[end])) ++end;
    if (end - at >= shortest_id && end - at <= 256) {
      word.assign(content, at, end - at);
      const auto known = by_id_.find(word);
      if (known != by_id_.end() && content.find(known->second.created_at) != std::string_view::npos) {
        return known->second.number;
      }
    }
    at = end + 1;
  }
  return std::nullopt;
}

void SaidLately::put_off(event::SteadyTime::duration pause) {
  for (Said& said : said_) said.at += pause;
}

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
