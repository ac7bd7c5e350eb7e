#include "connectors/dlive/subscriptions.hpp"

#include <algorithm>

#include "connectors/json/json_parts.hpp"
#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

using namespace std::chrono_literals;

constexpr auto not_due = event::SteadyTime::max();
constexpr auto first_wait = 1s;
constexpr auto longest_wait = 60s;
constexpr auto lasting = 30s;  ///< a try that lived so long was none of a row of failures

/// An id that we may have given out, however it is written; 0 for any other.
std::uint64_t id_number(std::string_view id) {
  long long number = 0;
  return whole_number({Value::Kind::number, id}, number) && number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

std::string start_message(std::uint64_t id, bool chest, const std::string& streamer) {
  std::string text =
      "{\"id\":\"" + std::to_string(id) + R"(","type":"start","payload":{"query":"subscription($s:String!){)";
  text += chest ? "treasureChestMessageReceived" : "streamMessageReceived";
  text += R"((streamer:$s){__typename}}","variables":{"s":)";
  text::append_quoted(text, streamer);
  return text + "}}}";
}

}  // namespace

void Subscriptions::want(const std::vector<std::string>& streamers, bool chests, event::SteadyTime now,
                         Outcome& outcome) {
  std::vector<Subscription> wanted;
  for (const auto& streamer : streamers) {
    for (const bool chest : {false, true}) {
      if (chest && !chests) continue;
      const auto known = std::find_if(list_.begin(), list_.end(), [&](const Subscription& each) {
        return each.chest == chest && each.streamer == streamer;
      });
      if (known != list_.end()) {
        wanted.push_back(std::move(*known));
        list_.erase(known);
      } else {
        Subscription fresh;
        fresh.streamer = streamer;
        fresh.chest = chest;
        wanted.push_back(std::move(fresh));
      }
    }
  }
  for (const Subscription& old : list_) {
    if (old.id != 0) outcome.sends.push_back({"{\"id\":\"" + std::to_string(old.id) + R"(","type":"stop"})", false});
  }
  list_ = std::move(wanted);
  if (!up_) return;
  for (Subscription& each : list_) {
    if (each.id == 0 && !each.parked && each.retry_at == not_due) start(each, now, outcome);
  }
}

void Subscriptions::reset() {
  up_ = false;
  last_id_ = 0;
  for (Subscription& each : list_) {
    each.id = 0;
    each.failures = 0;
    each.parked = false;
    each.retry_at = not_due;
  }
}

void Subscriptions::start_all(event::SteadyTime now, Outcome& outcome) {
  up_ = true;
  for (Subscription& each : list_) start(each, now, outcome);
}

void Subscriptions::start(Subscription& subscription, event::SteadyTime now, Outcome& outcome) {
  subscription.id = ++last_id_;
  subscription.started = now;
  subscription.retry_at = not_due;
  outcome.sends.push_back({start_message(subscription.id, subscription.chest, subscription.streamer), false});
}

Subscriptions::Subscription* Subscriptions::find(std::string_view id, bool chest) {
  if (!id.empty()) {
    const std::uint64_t number = id_number(id);
    const auto found = std::find_if(list_.begin(), list_.end(),
                                    [&](const Subscription& each) { return number != 0 && each.id == number; });
    return found == list_.end() ? nullptr : &*found;
  }
  Subscription* only = nullptr;
  for (Subscription& each : list_) {
    if (each.id == 0 || each.chest != chest) continue;
    if (only != nullptr) return nullptr;
    only = &each;
  }
  return only;
}

bool Subscriptions::knows(std::string_view id) const {
  const std::uint64_t number = id_number(id);
  return number != 0 && number <= last_id_;
}

void Subscriptions::failed(Subscription& subscription, std::string_view words, event::SteadyTime now,
                           Outcome& outcome) {
  if (now - subscription.started >= lasting) subscription.failures = 0;
  subscription.id = 0;
  ++subscription.failures;
  Remark remark;
  remark.subject = subscription.streamer + (subscription.chest ? " (treasure chest)" : "");
  remark.detail = words;
  if (subscription.failures >= limit_) {
    subscription.parked = true;
    remark.code = "subscription_parked";
    remark.needs_person = true;
    remark.detail += "; failed " + std::to_string(subscription.failures) + " times, tried again on the next connection";
  } else {
    const auto doubled = first_wait * (std::int64_t{1} << std::min<std::uint32_t>(subscription.failures - 1, 6));
    subscription.retry_at = now + std::min<std::chrono::seconds>(doubled, longest_wait);
    remark.code = "subscription_failed";
  }
  outcome.remarks.push_back(std::move(remark));
}

event::SteadyTime Subscriptions::deadline() const {
  auto next = not_due;
  if (up_) {
    for (const Subscription& each : list_) next = std::min(next, each.retry_at);
  }
  return next;
}

void Subscriptions::tick(event::SteadyTime now, Outcome& outcome) {
  if (!up_) return;
  for (Subscription& each : list_) {
    if (each.retry_at <= now) start(each, now, outcome);
  }
}

}  // namespace tributary::connectors::dlive
