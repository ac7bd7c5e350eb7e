#include "daemon/sink_words.hpp"

#include <array>
#include <utility>

#include "config/values.hpp"
#include "sinks/write_fault.hpp"

namespace tributary::daemon {
namespace {

using What = relay::SinkAlert::What;

std::string number_of(std::uint64_t count, std::string_view one) {
  return std::to_string(count).append(" ").append(one).append(count == 1 ? "" : "s");
}

/// In whole units, as people say it: 8 s, 3 min, 2 h.
std::string lasted(std::chrono::milliseconds time) {
  const auto seconds = (time.count() + 500) / 1000;
  if (seconds < 300) return std::to_string(seconds) + " s";
  return seconds < 7200 ? std::to_string(seconds / 60) + " min" : std::to_string(seconds / 3600) + " h";
}

/// "3 events and 1 notice", without what is none.
std::string waiting(const relay::SinkAlert& alert) {
  if (alert.notices == 0) return number_of(alert.events, "event");
  const auto notices = number_of(alert.notices, "notice");
  return alert.events == 0 ? notices : number_of(alert.events, "event") + " and " + notices;
}

/// Which codes a downstream has for one and the same trouble, and the sentence for it around the stream's name.
struct Refusal {
  std::array<std::string_view, 4> codes;
  std::string_view before, after;
};
constexpr std::array<Refusal, 5> refusals{{
    {{"unknown_topic", "_UNKNOWN_TOPIC", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_PARTITION"},
     "topic ",
     " is missing, or an access list hides it: make it, set create_topics.enabled, or give our user Describe and "
     "Write"},
    {{"TOPIC_AUTHORIZATION_FAILED"}, "our user may not write to topic ", ": give it Write there"},
    {{"CLUSTER_AUTHORIZATION_FAILED", "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
     "our user may not be an idempotent producer, which topic ",
     " needs: give it Write on a topic, or IdempotentWrite on the cluster"},
    {{"TOPIC_EXCEPTION"}, "topic ", " has a name that Kafka does not take: change it under `topics`"},
    {{"POLICY_VIOLATION"}, "topic ", " is refused by a policy of the cluster: ask those who run it"},
}};

void record_refused(Telemetry& telemetry, const std::string& sink, const relay::SinkAlert& alert) {
  const bool too_large = alert.what == What::too_large;
  const std::string why = too_large ? "is larger than the topic takes (max.message.bytes)"
                                    : "is refused by the broker for itself (" + std::string(alert.code) + ")";
  telemetry.emit(
      too_large ? LogEvent::record_too_large : LogEvent::record_refused, sink,
      "an event for topic " + alert.stream + ", key " + alert.key + ", " + why +
          (alert.dropped ? "; it is dropped, because topics.dead_letter is off" : "; it is a dead letter now"),
      {{"reason", std::string(alert.code)}});
}

void fullness(Telemetry& telemetry, const std::string& sink, const SinkFacts& facts, const relay::SinkAlert& alert) {
  const std::string size = config::format(config::Size{facts.memory});
  const std::string connectors = number_of(facts.connectors, "connector");
  const std::string name = "sink " + sink;
  switch (alert.what) {
    case What::full:
      return telemetry.emit(LogEvent::sink_full, sink,
                            name + " is full (" + size + "): " + connectors +
                                (facts.connectors == 1 ? " stops reading" : " stop reading") + " until it has room");
    case What::still_full:
      return telemetry.emit(
          LogEvent::sink_full, Level::error, sink,
          name + " is full (" + size + ") for " + lasted(alert.lasted) + ": " + connectors +
              (facts.connectors == 1 ? " does not read" : " do not read") +
              ", and what the upstreams say meanwhile may be lost; see why it takes nothing, or is too slow");
    default:
      return telemetry.emit(LogEvent::sink_has_room, sink, name + " has room again after " + lasted(alert.lasted));
  }
}

}  // namespace

std::string refusal_of(std::string_view stream, std::string_view code) {
  for (const auto& refusal : refusals) {
    for (const auto known : refusal.codes) {
      if (known == code && !code.empty()) {
        return std::string(refusal.before).append(stream).append(refusal.after);
      }
    }
  }
  return std::string("the broker refuses topic ").append(stream).append(" (").append(code).append(")");
}

void report(Telemetry& telemetry, const std::string& sink, const SinkFacts& facts, const relay::SinkAlert& alert,
            bool told) {
  const Telemetry::Fields reason{{"reason", std::string(alert.code)}};
  switch (alert.what) {
    case What::lane_parked:
      if (told) {
        return telemetry.emit(
            LogEvent::lane_parked, Level::info, sink,
            "the events of topic " + alert.stream + ", which is missing, wait; those of other topics flow", reason);
      }
      return telemetry.emit(LogEvent::lane_parked, sink,
                            refusal_of(alert.stream, alert.code) + "; its events wait, those of other topics flow",
                            reason);
    case What::still_parked:
      return telemetry.emit(LogEvent::lane_parked, sink,
                            refusal_of(alert.stream, alert.code) + "; so for " + lasted(alert.lasted) + ", " +
                                waiting(alert) + " waiting",
                            reason);
    case What::lane_resumed:
      return telemetry.emit(LogEvent::lane_resumed, sink,
                            "topic " + alert.stream + " flows again after " + lasted(alert.lasted));
    case What::given_up:
      return telemetry.emit(
          LogEvent::lane_given_up, alert.events == 0 ? Level::warn : Level::error, sink,
          refusal_of(alert.stream, alert.code) + "; tried once more at the stop, " + waiting(alert) + " dropped",
          reason);
    case What::record_refused:
    case What::too_large:
      return record_refused(telemetry, sink, alert);
    case What::letter_failed:
      return telemetry.emit(LogEvent::dead_letter_failed, sink,
                            "a dead letter for topic " + alert.stream + ", key " + alert.key +
                                ", could not be produced (" + std::string(alert.code) + "); it is lost",
                            reason);
    case What::letters_full:
      return telemetry.emit(LogEvent::dead_letter_failed, sink,
                            "dead letters for " + alert.stream + " fill a quarter of the sink's memory (" +
                                config::format(config::Size{facts.memory}) +
                                "); further ones are lost until some are delivered");
    case What::newest_dropped:
      return telemetry.emit(LogEvent::spool_dropped, sink,
                            "the spool is at its size, and at_limit is drop_newest: " + waiting(alert) +
                                " that came since this was told last " +
                                (alert.events + alert.notices == 1 ? "was" : "were") + " dropped",
                            {{"reason", "dropped_newest"}, {"records", alert.events + alert.notices}});
    case What::full:
    case What::still_full:
    case What::room:
      return fullness(telemetry, sink, facts, alert);
  }
}

void report(Telemetry& telemetry, const std::string& sink, const event::SinkLedger& ledger, std::string_view stuck) {
  using event::Dropped;
  static constexpr std::array<std::pair<Dropped, std::string_view>, 6> whys{{
      {Dropped::stopped, "not delivered before the end"},
      {Dropped::denied, "for a topic that is missing or forbidden"},
      {Dropped::write_failed, "that could not be written"},
      {Dropped::refused, "that the upstream refused"},
      {Dropped::dead_letter_failed, "whose dead letter could not be delivered"},
      {Dropped::spool_lost, "that lay on disk in a file that was destroyed"},
  }};
  if (const auto lost = ledger.lost(); lost != 0) {
    std::string text = number_of(lost, "event") + " lost:";
    for (const auto& [reason, why] : whys) {
      const auto count = ledger.dropped[static_cast<std::size_t>(reason)];
      if (count == 0) continue;
      text += (text.back() == ':' ? " " : ", ") + std::to_string(count).append(" ").append(why);
      text.append(" (").append(name(reason)).append(")");
    }
    if (ledger.in_flight != 0) text += " and " + std::to_string(ledger.in_flight) + " of unknown fate";
    if (!stuck.empty()) text.append("; ").append(sinks::words_of_code(stuck));
    telemetry.emit(LogEvent::events_lost, sink, text);
  }
  if (ledger.notices_dropped != 0) {
    telemetry.emit(
        LogEvent::notices_lost, sink,
        number_of(ledger.notices_dropped, "notice") +
            " of the relay's own (connectorUp, connectorDown, gap, …) not delivered; no event is among them");
  }
}

}  // namespace tributary::daemon
