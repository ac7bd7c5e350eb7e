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

/// No name of a channel has a line break in it.
std::size_t hash_of(std::string_view channel, std::string_view words) {
  return hash_of(std::string(channel).append("\n").append(words));
}

}  // namespace

void SaidLately::said(const event::Message& message, const event::Now& now) {
  forget(now.steady);
  Said said{now.steady, message.number, hash_of(message.content), hash_of(message.content), {}, {}};
  if (message.event) {
    said.id = message.event->id_text();
    said.created_at = message.event->created_at_text();
    const std::string words = message.form == event::Form::text ? std::string() : words_of(*message.event);
    if (words.size() >= shortest_words) said.words = hash_of(words);
  }
  if (said.id.size() < shortest_id) said.id.clear();
  add(std::move(said));
}

void SaidLately::said(std::uint64_t number, std::string_view channel, std::string_view words, event::SteadyTime now) {
  forget(now);
  const std::size_t hash = hash_of(channel, words);
  add({now, number, hash, hash, {}, {}});
}

void SaidLately::add(Said said) {
  if (said_.size() >= limit) forget_oldest();
  know(said);
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

void SaidLately::take_back(std::uint64_t number) {
  for (std::size_t i = 0; i < said_.size(); ++i) {
    if (said_[i].number != number) continue;
    if (i < old_) {
      --old_;
    } else {
      know_no_more(said_[i]);
    }
    said_.erase(said_.begin() + static_cast<std::ptrdiff_t>(i--));
  }
  for (std::size_t i = old_; i < said_.size(); ++i) know(said_[i]);  // one of the same text may be the last one now
}

void SaidLately::came_back(std::uint64_t number) {
  for (Said& said : said_) said.back |= said.number == number;
}

void SaidLately::put_off(event::SteadyTime::duration pause) {
  for (Said& said : said_) said.at += pause;
}

bool SaidLately::empty(event::SteadyTime now) {
  forget(now);
  return said_.empty();
}

void SaidLately::forget(event::SteadyTime now) {
  for (; old_ < said_.size() && now - said_[old_].at > copy_window; ++old_) know_no_more(said_[old_]);
  while (!said_.empty() && now - said_.front().at > own_window) forget_oldest();
}

void SaidLately::forget_oldest() {
  if (old_ == 0) {
    know_no_more(said_.front());
  } else {
    --old_;
  }
  said_.pop_front();
}

void SaidLately::know(const Said& said) {
  by_text_[said.text] = by_text_[said.words] = said.number;
  if (!said.id.empty()) by_id_[said.id] = {said.number, said.created_at};
}

void SaidLately::know_no_more(const Said& said) {
  for (const std::size_t hash : {said.text, said.words}) {
    const auto text = by_text_.find(hash);
    if (text != by_text_.end() && text->second == said.number) by_text_.erase(text);
  }
  const auto id = by_id_.find(said.id);
  if (id != by_id_.end() && id->second.number == said.number) by_id_.erase(id);
}

std::optional<std::uint64_t> SaidLately::own(std::string_view channel, std::string_view words, event::SteadyTime now) {
  forget(now);
  const std::size_t hash = hash_of(channel, words);
  const auto found =
      std::find_if(said_.begin(), said_.end(), [&](const Said& said) { return !said.back && said.text == hash; });
  if (found == said_.end()) return std::nullopt;
  found->back = true;
  return found->number;
}

bool SaidLately::awaits(std::string_view channel, std::string_view words, event::SteadyTime now) const {
  const std::size_t hash = hash_of(channel, words);
  return std::any_of(said_.begin(), said_.end(),
                     [&](const Said& said) { return !said.back && now - said.at <= own_window && said.text == hash; });
}

std::optional<std::uint64_t> SaidLately::copied(std::string_view channel, std::string_view words,
                                                event::SteadyTime now) {
  forget(now);
  const auto found = by_text_.find(hash_of(channel, words));
  return found == by_text_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> SaidLately::repeated_by(std::string_view content, const event::Now& now) {
  forget(now.steady);
  if (by_text_.empty()) return std::nullopt;
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

}  // namespace tributary::connectors
