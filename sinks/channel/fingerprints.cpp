#include "sinks/channel/fingerprints.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "sinks/channel/event_strings.hpp"

namespace tributary::sinks::channel {
namespace {

constexpr std::size_t telling = 8;       ///< bytes of a text from which on it is known inside another one
constexpr std::size_t telling_cut = 64;  ///< bytes from which on the beginning of a text is known: channels cut

std::size_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

}  // namespace

void Fingerprints::said(const event::Message& message, event::SteadyTime now) {
  forget(now);
  unsaid(message.number);
  Said made{
      message.number, now, std::string(message.event->id_text()), std::string(message.event->created_at_text()), {}};
  if (message.form == event::Form::text) {
    made.text = message.content;
    each_string_of_data(message.event->json_text(),
                        [&](std::string_view text) { made.passed = made.passed || text == made.text; });
  }
  said_.push_back(std::move(made));
  if (said_.size() > most_said) said_.pop_front();
}

void Fingerprints::unsaid(std::uint64_t number) {
  std::erase_if(said_, [&](const Said& each) { return each.number == number; });
}

/// What repeats our own text is our own, come back from the channel.
void Fingerprints::heard(std::string_view json, event::SteadyTime now) {
  forget(now);
  each_string_of_data(json, [&](std::string_view text) {
    if (text.empty()) return;
    if (std::any_of(said_.begin(), said_.end(),
                    [&](const Said& each) { return each.text == text || each.id == text; })) {
      return;
    }
    heard_.push_back({now, hash_of(text)});
    ++hashes_[heard_.back().hash];
  });
  forget(now);
}

std::optional<Fingerprints::Round> Fingerprints::came_round(const event::Message& message, event::SteadyTime now) {
  forget(now);
  std::optional<Round> found;
  const auto own_id = message.event->id_text();
  std::vector<const Said*> named;  // whose `_id` is there; the event itself is, when its time is there, too
  std::set<std::string, std::less<>> texts;
  const bool paid = each_string_of_data(message.event->json_text(), [&](std::string_view text) {
    for (const Said& each : said_) {
      if (each.number == message.number) continue;
      if (text == each.id && text != own_id) named.push_back(&each);
      if (text == each.created_at) texts.emplace(text);
      if (!each.returns_in(text)) continue;
      if (!found) found.emplace();
      if (!each.passed) found->number = each.number;
    }
  });
  if (paid) return std::nullopt;
  for (const Said* each : named) {
    if (!each->created_at.empty() && texts.count(each->created_at) == 0) continue;
    if (!found) found.emplace();
    found->number = each->number;
  }
  const bool there = (message.form == event::Form::text && was_heard(message.content)) ||
                     (message.form == event::Form::event && was_heard(own_id));
  if (there && !found) found.emplace();
  return found;
}

bool Fingerprints::Said::returns_in(std::string_view text_of_event) const {
  if (text.empty()) return false;
  if (text == text_of_event) return true;
  if (passed) return false;
  return (text.size() >= telling && text_of_event.find(text) != std::string_view::npos) ||
         (text_of_event.size() >= telling_cut && text.starts_with(text_of_event));
}

bool Fingerprints::was_heard(std::string_view text) const { return hashes_.count(hash_of(text)) != 0; }

void Fingerprints::forget(event::SteadyTime now) {
  while (!said_.empty() && said_.front().at + window <= now) said_.pop_front();
  while (!heard_.empty() && (heard_.front().at + window <= now || heard_.size() > most_heard)) {
    const auto at = hashes_.find(heard_.front().hash);
    if (--at->second == 0) hashes_.erase(at);
    heard_.pop_front();
  }
}

}  // namespace tributary::sinks::channel
