#include "connectors/link/gaps.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "net/reason.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

constexpr auto never_due = event::SteadyTime::max();
constexpr auto remembered_every = std::chrono::seconds(2);

void text_of(std::string& json, std::string_view key, std::string_view text) {
  json += json.size() > 1 ? ",\"" : "\"";
  json.append(key) += "\":";
  text::append_quoted(json, text);
}

}  // namespace

Gaps::Gaps(std::string_view source, const Protocol& protocol, event::Intake& intake,
           std::optional<event::WallTime> last_seen, event::ConnectorMemory* memory)
    : source_(source), protocol_(protocol), intake_(intake), memory_(memory) {
  if (last_seen) anything_before_ = Missed{*last_seen, net::name(net::Reason::stopped)};
  if (memory_ == nullptr) return;
  for (auto& seen : memory_->last_seen()) before_.emplace(std::move(seen.channel), seen.at);
}

void Gaps::remember(const event::Now& now) {
  if (memory_ == nullptr || !last_frame_ || now.steady < remember_at_) return;
  remember_at_ = now.steady + remembered_every;
  remember_all(*last_frame_);
}

/// But not of channels with a gap that is not told yet: a restart must find it again.
void Gaps::remember_all(event::WallTime at) {
  for (const std::string& channel : protocol_.channels()) {
    const bool filling =
        std::any_of(filling_.begin(), filling_.end(), [&](const Gap& gap) { return gap.channel == channel; });
    if (!filling) memory_->seen(channel, at);
  }
}

void Gaps::lost(std::string_view cause, const event::Now& now) {
  if (memory_ != nullptr && last_frame_ && !gap_) remember_all(*last_frame_);
  if (!gap_) gap_ = Missed{last_frame_.value_or(now.wall), cause};
}

void Gaps::forget_all_but(const std::vector<std::string>& now, const std::vector<std::string>& before) {
  for (const std::string& channel : before) {
    if (std::find(now.begin(), now.end(), channel) != now.end()) continue;
    before_.erase(channel);
    if (memory_ != nullptr) memory_->forget(channel);
  }
}

/// What a channel that is served again has missed.
std::optional<Gaps::Missed> Gaps::missed_of(const std::string& channel) {
  const auto known = before_.find(channel);
  if (known != before_.end()) {
    const Missed missed{known->second, net::name(net::Reason::stopped)};
    before_.erase(known);
    return gap_ && gap_->from < missed.from ? gap_ : missed;
  }
  return gap_ ? gap_ : anything_before_;
}

void Gaps::found(const std::vector<std::string>& secrets, const event::Now& now) {
  auto channels = protocol_.channels();
  if (channels.empty()) channels.emplace_back();
  for (std::string& channel : channels) {
    const auto missed = missed_of(channel);
    if (!missed) continue;
    Gap gap{
        std::move(channel), *missed, std::max(missed->from, now.wall), {}};  // the wall clock may have been set back
    if (filling_.size() < most_open) {
      for (auto& question : protocol_.backfill(gap.channel, gap.missed.from, gap.to, secrets))
        gap.questions.push_back(std::move(question));
    }
    if (gap.questions.empty()) {
      publish(gap, now);
      continue;
    }
    filling_.push_back(std::move(gap));
    if (filling_.size() == 1) ask_at_ = now.steady + filling_.front().questions.front().after;
  }
  gap_.reset();
  anything_before_.reset();
}

std::optional<net::HttpRequest> Gaps::next(const event::Now& now) {
  if (asking_ || filling_.empty() || now.steady < ask_at_) return {};
  asking_ = true;
  ++filling_.front().asked;
  return filling_.front().questions.front().request;
}

void Gaps::answered(const net::HttpAnswer& answer, const event::Now& now) {
  if (!asking_) return;
  Gap& gap = filling_.front();
  BackfillAnswer judged;
  try {
    judged = gap.questions.front().judge(answer, now);
  } catch (const std::exception& thrown) {
    judged = {};
    judged.fault = std::string("a fault of this program, please report it: ") + thrown.what();
  }
  for (event::Draft& draft : judged.drafts) {
    draft.backfilled = true;
    ++gap.events;
    intake_.accept(std::move(draft), now);
  }
  if (!judged.fault.empty()) return failed(std::move(judged.fault), now);
  gap.questions.pop_front();
  for (auto next = judged.next.rbegin(); next != judged.next.rend(); ++next) gap.questions.push_front(std::move(*next));
  go_on(now);
}

void Gaps::failed(std::string words, const event::Now& now) {
  if (!asking_) return;
  filling_.front().fault = std::move(words);
  filling_.front().questions.clear();
  go_on(now);
}

/// After an answer: the next request, or the next gap.
void Gaps::go_on(const event::Now& now) {
  asking_ = false;
  Gap& gap = filling_.front();
  if (gap.asked >= most_requests && !gap.questions.empty()) {
    gap.fault = "more than " + std::to_string(most_requests) + " requests";
    gap.questions.clear();
  }
  if (gap.questions.empty()) {
    publish(gap, now);
    filling_.pop_front();
  }
  if (!filling_.empty()) ask_at_ = now.steady + filling_.front().questions.front().after;
  intake_.settle();
}

event::SteadyTime Gaps::deadline() const { return asking_ || filling_.empty() ? never_due : ask_at_; }

void Gaps::give_up(const event::Now& now) {
  asking_ = false;
  for (Gap& gap : filling_) {
    gap.fault = "stopped before it was filled";
    publish(gap, now);
  }
  filling_.clear();
}

void Gaps::publish(const Gap& gap, const event::Now& now) {
  std::string data = "{";
  text_of(data, "from", text::to_text(gap.missed.from));
  text_of(data, "to", text::to_text(gap.to));
  text_of(data, "cause", gap.missed.cause);
  const bool filled = gap.asked != 0 && gap.fault.empty();
  data += filled ? ",\"backfilled\":true" : ",\"backfilled\":false";
  if (gap.asked != 0) {
    data += ",\"events\":";
    text::append_number(data, gap.events);
  }
  if (!gap.fault.empty()) text_of(data, "detail", gap.fault);
  data += '}';
  event::Notice note;
  note.type = "gap";
  note.data_json = std::move(data);
  note.channel_source = gap.channel.empty() ? std::string_view() : source_;
  note.channel = gap.channel;
  intake_.notice(note, now);
}

}  // namespace tributary::connectors
