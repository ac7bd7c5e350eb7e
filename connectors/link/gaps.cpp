#include "connectors/link/gaps.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "net/reason.hpp"
#include "text/json.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace tributary::connectors {
namespace {

constexpr auto never_due = event::SteadyTime::max();
constexpr auto remembered_every = std::chrono::seconds(2);
constexpr std::size_t fault_limit = 300;  ///< bytes

void text_of(std::string& json, std::string_view key, std::string_view text) {
  json += json.size() > 1 ? ",\"" : "\"";
  json.append(key) += "\":";
  text::append_quoted(json, text);
}

}  // namespace

Gaps::Gaps(std::string_view source, const Protocol& protocol, event::Intake& intake,
           std::optional<event::WallTime> last_seen, event::ConnectorMemory* memory,
           std::function<void(const Filling&)> told)
    : source_(source), protocol_(protocol), intake_(intake), memory_(memory), told_(std::move(told)) {
  if (last_seen) anything_before_ = Missed{*last_seen, net::name(net::Reason::stopped)};
  if (memory_ == nullptr) return;
  for (auto& seen : memory_->last_seen()) before_.emplace(std::move(seen.channel), seen.at);
}

void Gaps::remember(const event::Now& now) {
  if (memory_ == nullptr || !last_frame_ || now.steady < remember_at_) return;
  remember_at_ = now.steady + remembered_every;
  remember_all(*last_frame_);
}

/// But not of channels with a gap that is not told yet, or was told by a stop: a restart must find it again.
void Gaps::remember_all(event::WallTime at) {
  for (const std::string& channel : protocol_.channels()) {
    const bool filling =
        std::any_of(filling_.begin(), filling_.end(), [&](const Gap& gap) { return gap.channel == channel; });
    if (!filling && !before_.contains(channel)) memory_->seen(channel, at);
  }
}

void Gaps::lost(std::string_view cause, const event::Now& now) {
  if (memory_ != nullptr && last_frame_ && !gap_) remember_all(*last_frame_);
  if (!gap_) gap_ = Missed{last_frame_.value_or(now.wall), cause, live_since_};
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
      for (auto& question : protocol_.backfill(gap.channel, gap.missed.asked_from(), gap.to + overlap, secrets))
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
  live_since_ = now.wall;
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
    judged.code = "internal";
  }
  take(gap, judged, now);
  if (!judged.fault.empty()) {
    judged.fault = text::printable(judged.fault, fault_limit);
    return judged.again ? try_again(std::move(judged), now) : give_up_first(std::move(judged), now);
  }
  gap.tries = 0;
  in_vain_ = false;
  gap.questions.pop_front();
  for (auto next = judged.next.rbegin(); next != judged.next.rend(); ++next) gap.questions.push_front(std::move(*next));
  go_on(now);
}

/// The time asked for is wider than the gap: what was heard in it dedupe knows by its id. What has none is taken only
/// where it was surely missed; of what has no time of the upstream's the protocol has judged.
bool Gaps::is_of(const Gap& gap, const event::Draft& draft) {
  const bool known_again = draft.identified && !draft.test;
  if (!draft.updated) return known_again;
  if (!known_again) return draft.created >= gap.missed.from && draft.created <= gap.to;
  return draft.created >= gap.missed.asked_from() && draft.created <= gap.to + overlap;
}

void Gaps::take(Gap& gap, BackfillAnswer& judged, const event::Now& now) {
  std::erase_if(judged.drafts, [&](const event::Draft& draft) { return !is_of(gap, draft); });
  for (event::Draft& draft : judged.drafts) draft.backfilled = true;
  if (!judged.backwards || judged.next.empty()) return pass_on(gap, judged.drafts, now);
  for (const event::Draft& draft : judged.drafts) gap.held_bytes += sizeof(draft) + draft.text.capacity();
  gap.held.push_back(std::move(judged.drafts));
  if (gap.held_bytes <= most_held) return;
  judged.fault = "more than " + std::to_string(most_held >> 20U) + " MiB were missed, the older part is not fetched";
}

void Gaps::pass_on(Gap& gap, std::vector<event::Draft>& drafts, const event::Now& now) {
  for (event::Draft& draft : drafts) {
    if (intake_.accept(std::move(draft), now)) ++gap.events;
  }
}

void Gaps::failed(std::string words, bool lasting, const event::Now& now) {
  if (!asking_) return;
  BackfillAnswer none;
  none.fault = std::move(words);
  none.code = "unreachable";
  none.again = std::chrono::milliseconds(0);
  lasting ? give_up_first(std::move(none), now) : try_again(std::move(none), now);
}

void Gaps::give_up_first(BackfillAnswer fault, const event::Now& now) {
  Gap& gap = filling_.front();
  gap.fault = std::move(fault.fault);
  gap.code = fault.code;
  gap.questions.clear();
  go_on(now);
}

/// What fails may be good a little later, but a gap is not kept open for ever.
void Gaps::try_again(BackfillAnswer fault, const event::Now& now) {
  Gap& gap = filling_.front();
  if (++gap.tries >= (in_vain_ ? 1U : most_tries)) {
    in_vain_ = true;
    return give_up_first(std::move(fault), now);
  }
  asking_ = false;
  ask_at_ = now.steady + std::max<std::chrono::milliseconds>(*fault.again, first_wait * (1U << (gap.tries - 1)));
  intake_.settle();
}

/// After an answer: the next request, or the next gap.
void Gaps::go_on(const event::Now& now) {
  asking_ = false;
  Gap& gap = filling_.front();
  if (gap.asked >= most_requests && !gap.questions.empty()) {
    gap.fault = "more than " + std::to_string(most_requests) + " requests";
    gap.code = "incomplete";
    gap.questions.clear();
  }
  if (gap.questions.empty()) {
    end(gap, now);
    filling_.pop_front();
  }
  if (filling_.empty()) {
    in_vain_ = false;
    tell_filling();
  } else {
    ask_at_ = now.steady + filling_.front().questions.front().after;
  }
  intake_.settle();
}

/// What waited for older pages goes out now, whether they came or not.
void Gaps::end(Gap& gap, const event::Now& now) {
  for (auto page = gap.held.rbegin(); page != gap.held.rend(); ++page) pass_on(gap, *page, now);
  publish(gap, now);
  add(gap);
}

void Gaps::add(const Gap& gap) {
  Filling& all = gap.fault.empty() ? filled_ : unfilled_;
  if (all.gaps++ == 0) {
    all.filled = gap.fault.empty();
    all.channel = gap.channel;
    all.reason = gap.code;
    all.detail = gap.fault;
  }
  all.events += gap.events;
  all.from = std::min(all.from, gap.missed.from);
  all.to = std::max(all.to, gap.to);
}

/// A connection of many channels has a gap of each: a line for all of them is enough.
void Gaps::tell_filling() {
  for (Filling* all : {&filled_, &unfilled_}) {
    if (const auto told = std::exchange(*all, {}); told.gaps != 0 && told_) told_(told);
  }
}

event::SteadyTime Gaps::deadline() const { return asking_ || filling_.empty() ? never_due : ask_at_; }

void Gaps::give_up(const event::Now& now) {
  asking_ = false;
  for (Gap& gap : filling_) {
    gap.fault = "stopped before it was filled";
    gap.code = "stopped";
    end(gap, now);
    const auto known = before_.try_emplace(gap.channel, gap.missed.from).first;
    known->second = std::min(known->second, gap.missed.from);
  }
  filling_.clear();
  tell_filling();
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
