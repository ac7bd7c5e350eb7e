#include "daemon/reporters.hpp"

#include "net/session.hpp"

namespace tributary::daemon {
namespace {

std::string in_seconds(std::chrono::milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string in_milliseconds(std::chrono::microseconds time) {
  const auto hundredths = (time.count() + 5) / 10;
  const std::string rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

std::string because(const net::Ending& ending) {
  std::string text{name(ending.reason)};
  if (!ending.detail.empty()) text += ": " + ending.detail;
  return text;
}

}  // namespace

void ConnectorReporter::lost(const std::string& connector, const net::Ending&, bool was_live) {
  was_live_ = was_live;
  if (was_live) down_since_.try_emplace(connector, std::chrono::steady_clock::now());
}

/// What is added to "live" when the connection was lost before.
std::string ConnectorReporter::after_a_gap(const std::string& connector, event::SteadyTime now) {
  const auto found = down_since_.find(connector);
  if (found == down_since_.end()) return {};
  const auto away = std::chrono::duration_cast<std::chrono::milliseconds>(now - found->second);
  down_since_.erase(found);
  return " again after " + in_seconds(away) + ", gap reported";
}

void ConnectorReporter::changed(const std::string& connector, const connectors::LinkStatus& status) {
  const Telemetry::Fields reason{{"reason", std::string(name(status.ending.reason))}};
  switch (status.state) {
    case net::State::live:
      telemetry_.emit(Signal::connector_up, connector, "live" + after_a_gap(connector, status.since),
                      {{"connection", std::to_string(status.connections)}});
      break;
    case net::State::waiting: {
      const auto signal = std::exchange(was_live_, false) ? Signal::connector_down : Signal::connector_waiting;
      telemetry_.emit(signal, status.needs_person() ? Level::error : Level::warn, connector,
                      because(status.ending) + (status.paused ? "; dialled when there is room"
                                                              : "; dialled again in " + in_seconds(status.wait)),
                      reason);
      break;
    }
    case net::State::parked:
      was_live_ = false;
      telemetry_.emit(
          Signal::connector_parked, connector,
          because(status.ending) + "; parked until that changes, looked at again in " + in_seconds(status.wait),
          reason);
      break;
    case net::State::dialing:
      if (unverified_.count(connector) != 0) {
        telemetry_.emit(Signal::connector_unverified, connector, "tls.insecure is set: nobody checks who answers");
      }
      break;
    case net::State::idle:
    case net::State::handshaking:
    case net::State::draining:
      break;
  }
}

void ConnectorReporter::remarked(const std::string& connector, const connectors::Remark& remark) {
  // By code and, where the upstream has codes of its own, by those: as many as are worth telling apart.
  std::string code(remark.code);
  if (remark.code == "upstream_error" && !remark.subject.empty()) code += ":" + remark.subject;
  if (remarks_.size() >= remarks_kept) code = remark.code;
  ++remarks_[{connector, std::move(code)}];
  std::string text{remark.code};
  if (!remark.subject.empty()) text += ": " + remark.subject;
  if (!remark.detail.empty()) text += ": " + remark.detail;
  telemetry_.emit(Signal::connector_remark, remark.needs_person ? Level::error : Level::warn, connector, text,
                  {{"reason", std::string(remark.code)}});
}

void SinkReporter::on_news(const sinks::News& news) {
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
  std::string text;
  if (!news.subject.empty()) text.append(news.subject).append(": ");
  text += news.text;
  telemetry_.emit(Signal::sink_news, level, sink_, text, {{"reason", std::string(name(news.sign))}});
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
  telemetry.emit(Signal::event_unrouted, connector, text + "; all such events are counted as `unrouted`",
                 {{"type", type}});
}

void report(Telemetry& telemetry, const std::string& sink, const relay::Latency& latency) {
  if (latency.count() == 0) return;
  const std::string half = in_milliseconds(latency.within(0.5));
  const std::string nearly_all = in_milliseconds(latency.within(0.99));
  const std::string all = in_milliseconds(latency.within(1));
  telemetry.emit(Signal::sink_latency, sink,
                 std::to_string(latency.count()) + " events acknowledged; from the reading of their frame half took " +
                     half + " ms at most, 99 % " + nearly_all + " ms, all " + all + " ms",
                 {{"p50_ms", half}, {"p99_ms", nearly_all}, {"worst_ms", all}});
}

}  // namespace tributary::daemon
