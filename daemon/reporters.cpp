#include "daemon/reporters.hpp"

#include "daemon/status.hpp"
#include "net/session.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

std::string in_seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// With two decimals.
FieldValue milliseconds(std::chrono::microseconds time) { return {static_cast<double>(time.count()) / 1000, 2}; }
/// 4.61 ms, 96.5 s.
std::string short_or_long(std::chrono::microseconds time) {
  if (time < std::chrono::seconds(1)) return milliseconds(time).text() + " ms";
  return in_seconds(std::chrono::duration_cast<std::chrono::milliseconds>(time));
}

using namespace std::chrono_literals;

constexpr auto away_limit = 10min;
constexpr auto away_repeat = 30min;
constexpr auto malformed_repeat = 1min;
constexpr std::size_t most_named = 5;

/// `, channels ada, bob and 3 more`
std::string named(const std::vector<std::string>& channels) {
  if (channels.empty()) return {};
  std::string text = channels.size() == 1 ? ", channel " : ", channels ";
  for (std::size_t i = 0; i < channels.size() && i < most_named; ++i) text += (i == 0 ? "" : ", ") + channels[i];
  if (channels.size() > most_named) text += " and " + std::to_string(channels.size() - most_named) + " more";
  return text;
}

/// What to do about a gap that was not filled; "": nothing.
std::string_view advice_on(std::string_view reason) {
  if (reason == "refused") return "give the connector a token that may read it: the next gap has the same fault";
  if (reason == "rate_limited") return "does another program ask with the same token?";
  if (reason == "unreachable") return "look at the API and the way there (`api_url`, `proxy`)";
  if (reason == "wrong_answer") return "look at `api_url`";
  if (reason == "internal") return "please report it";
  return {};
}

std::string because(const net::Ending& ending) {
  std::string text{name(ending.reason)};
  if (!ending.detail.empty()) text += ": " + ending.detail;
  return text;
}

}  // namespace

ConnectorReporter::Attempts ConnectorReporter::attempts(const std::string& connector) const {
  thread_.check();
  const auto found = attempts_.find(connector);
  return found == attempts_.end() ? Attempts{} : found->second;
}

void ConnectorReporter::lost(const std::string& connector, const net::Ending& ending, bool was_live) {
  thread_.check();
  auto& endings = attempts_[connector].endings;
  const auto reason = static_cast<std::size_t>(ending.reason);
  if (endings.size() <= reason) endings.resize(reason + 1);
  ++endings[reason];
  if (was_live) {
    were_live_.insert(connector);
  } else {
    were_live_.erase(connector);
  }
}

void ConnectorReporter::forget(const std::string& connector) {
  thread_.check();
  away_.erase(connector);
  were_live_.erase(connector);
  down_since_.erase(connector);
  std::erase_if(nonsense_, [&](const auto& one) { return one.first.first == connector; });
  std::erase_if(remarks_, [&](const auto& one) { return one.first.first == connector; });
}

/// What is added to "live" when the connection was lost before.
std::string ConnectorReporter::after_a_gap(const std::string& connector, event::SteadyTime now) {
  const auto found = down_since_.find(connector);
  if (found == down_since_.end()) return {};
  const auto away = std::chrono::duration_cast<std::chrono::milliseconds>(now - found->second);
  down_since_.erase(found);
  return "; again after " + in_seconds(away) + ", gap reported";
}

void ConnectorReporter::changed(const std::string& connector, const connectors::LinkStatus& status) {
  thread_.check();
  const Telemetry::Fields reason{{"reason", std::string(name(status.ending.reason))}};
  switch (status.state) {
    case net::State::live:
      away_.erase(connector);
      telemetry_.emit(LogEvent::connector_up, connector,
                      "live" + (status.upstream.empty() ? "" : " at " + status.upstream) + named(status.channels) +
                          after_a_gap(connector, status.since),
                      {{"connection", status.connections}, {"upstream", status.upstream}});
      break;
    case net::State::waiting:
      waiting(connector, status);
      break;
    case net::State::parked:
      away_.erase(connector);
      if (were_live_.erase(connector) != 0) down_since_.try_emplace(connector, status.since);
      telemetry_.emit(
          LogEvent::connector_parked, connector,
          because(status.ending) + (status.needs_restart
                                        ? "; parked: that cannot change while the program runs; set it and start again"
                                        : "; parked until that changes, looked at again in " + in_seconds(status.wait)),
          reason);
      break;
    case net::State::dialing:
      ++attempts_[connector].dials;
      if (unverified_.count(connector) != 0) {
        telemetry_.emit(LogEvent::connector_unverified, connector, "tls.insecure is set: nobody checks who answers");
      }
      break;
    case net::State::idle:
    case net::State::draining:
      were_live_.erase(connector);  // a stop: nothing is dialled again
      break;
    case net::State::handshaking:
      break;
  }
}

/// Each attempt is told, as WARN; once it has been away for long, that is told instead, as ERROR and seldom.
void ConnectorReporter::waiting(const std::string& connector, const connectors::LinkStatus& status) {
  const bool was_live = were_live_.erase(connector) != 0;
  if (was_live) down_since_.try_emplace(connector, status.since);
  const std::string words = because(status.ending) + (status.paused ? "; dialled when there is room"
                                                                    : "; dialled again in " + in_seconds(status.wait));
  const Telemetry::Fields reason{{"reason", std::string(name(status.ending.reason))}};
  const auto signal = was_live ? LogEvent::connector_down : LogEvent::connector_waiting;
  if (status.needs_person() || status.paused) {  // the latter waits for room in a sink, which speaks for itself
    away_.erase(connector);
    return telemetry_.emit(signal, status.needs_person() ? Level::error : Level::warn, connector, words, reason);
  }
  Away& away = away_.try_emplace(connector, Away{status.since, {}}).first->second;
  const auto lasted = status.since - away.since;
  if (lasted < away_limit) return telemetry_.emit(signal, connector, words, reason);
  if (away.told != event::SteadyTime{} && status.since - away.told < away_repeat) return;
  away.told = status.since;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(lasted).count();
  telemetry_.emit(
      LogEvent::connector_away, connector,
      "not live for " + std::to_string(minutes) + " minutes: " + words + "; look at the upstream and the way there",
      {reason.front(), {"minutes", minutes}});
}

void ConnectorReporter::not_understood(const std::string& connector, const event::Malformed& fault,
                                       const event::Now& now) {
  thread_.check();
  Nonsense& nonsense = nonsense_[{connector, fault.reason}];
  ++nonsense.count;
  if (nonsense.count != 1 && now.steady - nonsense.told < malformed_repeat) return;
  nonsense.told = now.steady;
  std::string text = "a frame that cannot be understood (" + std::string(fault.reason) + ")";
  if (!fault.detail.empty()) text += ": " + fault.detail;
  text += nonsense.count == 1 ? "; it becomes a dead letter"
                              : "; " + std::to_string(nonsense.count) + " such frames so far";
  telemetry_.emit(LogEvent::frame_malformed, connector, text,
                  {{"reason", std::string(fault.reason)}, {"frames", nonsense.count}});
}

void ConnectorReporter::remarked(const std::string& connector, const connectors::Remark& remark) {
  thread_.check();
  // By code and, where the upstream has codes of its own, by those: as many as are worth telling apart.
  std::string code(remark.code);
  if (remark.code == "upstream_error" && !remark.subject.empty()) code += ":" + remark.subject;
  if (remarks_.size() >= remarks_kept) code = remark.code;
  ++remarks_[{connector, std::move(code)}];
  std::string text{remark.code};
  if (!remark.subject.empty()) text += ": " + remark.subject;
  if (!remark.detail.empty()) text += ": " + remark.detail;
  telemetry_.emit(LogEvent::connector_remark, remark.needs_person ? Level::error : Level::warn, connector, text,
                  {{"reason", std::string(remark.code)}});
}

void ConnectorReporter::asked_for(const std::string& connector, const connectors::Filling& filling) {
  thread_.check();
  const std::string which = filling.gaps == 1
                                ? filling.channel.empty() ? "the gap" : "the gap of channel " + filling.channel
                                : std::to_string(filling.gaps) + " gaps";
  const std::string when = " from " + text::to_text(filling.from) + " to " + text::to_text(filling.to);
  const std::string events = counted(filling.events, "event") + (filling.events == 1 ? " that was" : " that were") +
                             " missed " + (filling.events == 1 ? "has come" : "have come");
  Telemetry::Fields fields{{"gaps", filling.gaps}, {"events", filling.events}};
  if (filling.filled) {
    return telemetry_.emit(LogEvent::gap_filled, connector, which + when + " filled: " + events, std::move(fields));
  }
  fields.insert(fields.begin(), {"reason", std::string(filling.reason)});
  std::string text = which + when + " not filled, or not whole: ";
  text.append(filling.detail).append("; ").append(events);
  if (const auto advice = advice_on(filling.reason); !advice.empty()) text.append("; ").append(advice);
  const bool person = filling.reason == "refused" || filling.reason == "wrong_answer" || filling.reason == "internal";
  telemetry_.emit(LogEvent::gap_unfilled, person ? Level::error : Level::warn, connector, text, std::move(fields));
}

void ChannelReporter::told(const event::MessageReport& report) {
  using event::MessageResult;
  if (report.reason.empty()) return;
  std::string_view what;
  switch (report.result) {
    case MessageResult::refused:
    case MessageResult::unsupported:
      what = "not said: ";
      break;
    case MessageResult::unconfirmed:
      what = "nobody knows whether it arrived: ";
      break;
    case MessageResult::returned:
      what = "not said yet, tried again: ";
      break;
    case MessageResult::sent:
    case MessageResult::awaiting:
    case MessageResult::confirmed:
    case MessageResult::echoed:
      return;
  }
  const std::uint64_t count = ++failures_[std::string(report.reason)];
  if ((count & (count - 1)) != 0) return;
  std::string text = std::string(what) + std::string(report.reason);
  if (!report.detail.empty()) text += ": " + report.detail;
  if (count > 1) text += "; " + std::to_string(count) + " messages so far";
  const bool person = report.reason == "credential_refused" || report.reason == "credential_unreadable" ||
                      report.reason == "not_authenticated" || report.reason == "no_echo" ||
                      report.reason == "unsupported";
  telemetry_.emit(LogEvent::message_failed, person ? Level::error : Level::warn, sink_, text,
                  {{"reason", std::string(report.reason)}, {"messages", count}});
}

void ChannelReporter::breaker(const sinks::channel::BreakerStanding& standing) {
  using sinks::channel::BreakerState;
  if (standing.state == BreakerState::open) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(standing.open_for).count();
    if (standing.inherited) {
      open_ = true;
      telemetry_.emit(LogEvent::breaker_opened, sink_,
                      "open as before the reload: nothing that comes from a channel is carried here for " +
                          std::to_string(seconds) + " s more, then one message is tried");
      return;
    }
    telemetry_.emit(LogEvent::breaker_opened, sink_,
                    std::to_string(standing.heard) + " of the last " + std::to_string(standing.said) +
                        " messages that were carried here from a channel came back: no more are carried for " +
                        std::to_string(seconds) + " s, then one is tried; other events are not held up");
    open_ = true;
  } else if (standing.state == BreakerState::half_open) {
    open_ = open_ || standing.inherited;
  } else if (standing.state == BreakerState::closed && std::exchange(open_, false)) {
    telemetry_.emit(LogEvent::breaker_closed, sink_, "what is carried here does not come back any more");
  }
}

void SinkReporter::on_news(const sinks::News& news) {
  thread_.check();
  Level level = Level::info;
  switch (news.urgency) {
    case sinks::Urgency::debug:
      level = Level::debug;
      break;
    case sinks::Urgency::info:
      level = Level::info;
      break;
    case sinks::Urgency::warning:
      level = Level::warn;
      break;
    case sinks::Urgency::error:
      level = Level::error;
      break;
  }
  using sinks::Sign;
  if (news.sign == Sign::topic_missing || news.sign == Sign::topic_not_created) missing_.emplace(news.subject);
  if (news.sign == Sign::topic_found) missing_.erase(std::string(news.subject));
  std::string text;
  if (!news.subject.empty()) text.append(news.subject).append(": ");
  text += news.text;
  telemetry_.emit(LogEvent::sink_news, level, sink_, text, {{"reason", std::string(name(news.sign))}});
}

void report(Telemetry& telemetry, const std::string& connector, const relay::Unrouted& unrouted) {
  using Why = relay::Unrouted::Why;
  const std::string type(unrouted.type);
  std::string text = "an event of type `" + type + "` goes nowhere: ";
  switch (unrouted.why) {
    case Why::no_route:
      text += "no route takes from this connector; add `{from: [" + connector + "], to: [SINK]}` to `routes`";
      break;
    case Why::no_type:
      text += "no route of this connector takes that type; add it to the `types` of a route, or leave `types` out";
      break;
    case Why::not_taken:
      text += unrouted.kind == event::Kind::state
                  ? "no sink of its routes takes session state; set `topics.state` of a kafka sink"
                  : "no sink of its routes takes events; set `topics.events` of a kafka sink";
      break;
  }
  telemetry.emit(LogEvent::event_unrouted, connector, text + "; all such events are counted as `unrouted`",
                 {{"type", type}});
}

void report(Telemetry& telemetry, const std::string& sink, const relay::Latency& latency) {
  if (latency.count() == 0) return;
  const std::string half = short_or_long(latency.within(0.5));
  const std::string nearly_all = short_or_long(latency.within(0.99));
  const std::string all = short_or_long(latency.within(1));
  telemetry.emit(LogEvent::sink_latency, sink,
                 std::to_string(latency.count()) +
                     " events acknowledged, counted from when their frame was read: half within " + half +
                     ", 99 % within " + nearly_all + ", all within " + all,
                 {{"events", latency.count()},
                  {"p50_ms", milliseconds(latency.within(0.5))},
                  {"p99_ms", milliseconds(latency.within(0.99))},
                  {"worst_ms", milliseconds(latency.within(1))}});
}

}  // namespace tributary::daemon
