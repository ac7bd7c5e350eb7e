#include "connectors/dlive/publishing.hpp"

#include <algorithm>
#include <utility>

#include "connectors/link/chat_line.hpp"

namespace tributary::connectors::dlive {
namespace {

using event::MessageResult;

/// Of a request without an answer: it may have got there.
bool may_have_arrived(net::Reason reason) {
  return reason == net::Reason::eof || reason == net::Reason::reset || reason == net::Reason::dial_timeout ||
         reason == net::Reason::protocol_error || reason == net::Reason::frame_too_large;
}

}  // namespace

void Publishing::say(const event::Message& message, const std::string& api_url, const event::Now& now,
                     Outcome& outcome) {
  const auto speaker = std::dynamic_pointer_cast<const Speaker>(message.address);
  const std::string words = speaker ? chat_line(message.content, speaker->length) : std::string();
  if (words.empty()) {
    outcome.reports.push_back({message.number, MessageResult::refused, "empty", {}});
    return;
  }
  outcome.posts.push_back(
      {message.number, mutation_of(api_url, speaker->streamer, words), speaker->token, "authorization"});
  outcome.reports.push_back({message.number, MessageResult::awaiting, {}, {}});
  said_.said(message.number, speaker->streamer, words, now.steady);
  known(speaker).said = now.steady;
  in_flight_ = {message.number, speaker};
}

void Publishing::answered(std::uint64_t number, const std::variant<net::HttpAnswer, net::Ending>& result,
                          const event::Now& now, Outcome& outcome) {
  if (!in_flight_ || in_flight_->number != number) return;
  const auto speaker = std::exchange(in_flight_, std::nullopt)->speaker;
  next_at_ = now.steady + pace;
  if (const auto* const ending = std::get_if<net::Ending>(&result)) {
    if (may_have_arrived(ending->reason)) {
      outcome.reports.push_back({number, MessageResult::unconfirmed, net::name(ending->reason), ending->detail});
    } else {
      said_.take_back(number);
      next_at_ = now.steady + unreachable_wait;
    }
    return;
  }
  MutationAnswer answer = judge_mutation(std::get<net::HttpAnswer>(result), now.wall);
  next_at_ = now.steady + std::max<event::SteadyTime::duration>(pace, answer.wait);
  // Whether an answer that says nothing means that nothing was said, the subscription tells.
  const bool not_said = answer.result == MessageResult::refused || answer.result == MessageResult::returned;
  if (not_said && answer.reason != "not_json" && answer.reason != "wrong_shape") said_.take_back(number);
  if (!answer.username.empty()) known(speaker).username = answer.username;
  if (!answer.id.empty()) remember(answer.id, number, now.steady);
  outcome.reports.push_back({number, answer.result, answer.reason, std::move(answer.detail)});
}

bool Publishing::awaits_nothing(const event::Now& now) {
  while (!ids_.empty() && now.steady - ids_.front().at > ids_kept) ids_.pop_front();
  return said_.empty(now.steady) && ids_.empty();
}

bool Publishing::heard(std::string_view streamer, const ChatWords& chat, const event::Now& now, Outcome& outcome) {
  const auto own_id =
      std::find_if(ids_.begin(), ids_.end(), [&](const OwnId& own) { return !own.id.empty() && own.id == chat.id; });
  if (own_id != ids_.end()) {
    said_.came_back(own_id->number);
    return true;
  }
  if (may_be_us(streamer, chat.user, now.steady)) {
    if (const auto own = said_.own(streamer, chat.words, now.steady)) {
      if (!chat.id.empty()) remember(chat.id, *own, now.steady);
      if (in_flight_ && own == in_flight_->number) outcome.reports.push_back({*own, MessageResult::sent, {}, {}});
      return true;
    }
  }
  if (const auto copied = said_.copied(streamer, chat.words, now.steady)) {
    outcome.reports.push_back({*copied, MessageResult::echoed, {}, {}});
  }
  return false;
}

/// Who we are the answers tell; before the first one, whoever says exactly our words is taken for us.
bool Publishing::may_be_us(std::string_view streamer, std::string_view user, event::SteadyTime now) const {
  return std::any_of(speakers_.begin(), speakers_.end(), [&](const Known& each) {
    if (each.speaker->streamer != streamer) return false;
    return each.username.empty() ? now - each.said <= SaidLately::own_window : each.username == user;
  });
}

Publishing::Known& Publishing::known(const std::shared_ptr<const Speaker>& speaker) {
  const auto found =
      std::find_if(speakers_.begin(), speakers_.end(), [&](const Known& each) { return each.speaker == speaker; });
  if (found != speakers_.end()) return *found;
  if (speakers_.size() >= speakers_limit) speakers_.erase(speakers_.begin());
  return speakers_.emplace_back(Known{speaker, {}, {}});
}

void Publishing::remember(std::string id, std::uint64_t number, event::SteadyTime now) {
  if (std::any_of(ids_.begin(), ids_.end(), [&](const OwnId& own) { return own.id == id; })) return;
  if (ids_.size() >= ids_limit) ids_.pop_front();
  ids_.push_back({std::move(id), number, now});
}

}  // namespace tributary::connectors::dlive
