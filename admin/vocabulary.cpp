#include "admin/vocabulary.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "event/assert.hpp"
#include "event/counts.hpp"

namespace tributary::admin {
namespace {

using Type = MetricType;
using Labels = std::vector<std::string_view>;

constexpr std::string_view program = "The program", connector = "Connectors", sink = "Sinks", broker = "Kafka brokers";

std::vector<Metric> of_program() {
  return {
      {"tributary_build_info", Type::gauge, {"version"}, "Always 1.", program},
      {"tributary_stopping", Type::gauge, {}, "1 once the program is told to stop.", program},
      {"tributary_stalled_loops", Type::gauge, {}, "Threads that have not advanced for some seconds.", program},
      {"tributary_reload_applied",
       Type::gauge,
       {},
       "1 if the last reload of the configuration was applied, 0 if it was refused. Not there before the first reload.",
       program},
      {"tributary_reload_timestamp_seconds", Type::gauge, {}, "Unix time of the last reload.", program},
      {"tributary_log_events_total",
       Type::counter,
       {"event", "level"},
       "Lines of the log by their word and level, whether or not the level is shown.",
       program},
      {"process_start_time_seconds", Type::gauge, {}, "Unix time at which the program started.", program},
      {"process_cpu_seconds_total", Type::counter, {}, "CPU time of the program, user and system.", program},
      {"process_resident_memory_bytes", Type::gauge, {}, "Memory that the program holds.", program},
      {"process_open_fds", Type::gauge, {}, "Files and sockets that are open.", program},
      {"process_max_fds", Type::gauge, {}, "How many may be open.", program},
  };
}

std::vector<Metric> of_connectors() {
  return {
      {"tributary_connector_info", Type::gauge, {"connector", "type"}, "Always 1: the type of a connector.", connector},
      {"tributary_connector_state",
       Type::gauge,
       {"connector", "state"},
       "1 for the state in which the connector is, 0 for every other: idle, dialing, handshaking, live, draining, "
       "waiting, parked.",
       connector},
      {"tributary_connector_state_age_seconds",
       Type::gauge,
       {"connector"},
       "Time since the connector entered its state.",
       connector},
      {"tributary_connector_needs_person",
       Type::gauge,
       {"connector"},
       "1 while the connector cannot recover by itself.",
       connector},
      {"tributary_connector_paused",
       Type::gauge,
       {"connector"},
       "1 while the connector does not read because a sink is full.",
       connector},
      {"tributary_connector_next_dial_seconds",
       Type::gauge,
       {"connector"},
       "Time until the next attempt; only while it waits for one.",
       connector},
      {"tributary_connector_frame_age_seconds",
       Type::gauge,
       {"connector"},
       "Time since the last message of the upstream in this run, control traffic as well; not there before the first.",
       connector},
      {"tributary_connector_event_age_seconds",
       Type::gauge,
       {"connector"},
       "Time since the last event in this run; not there before the first.",
       connector},
      {"tributary_connector_channels",
       Type::gauge,
       {"connector"},
       "Channels that are listened to on the live connection.",
       connector},
      {"tributary_connector_silence_seconds",
       Type::gauge,
       {"connector"},
       "The longest silence of all its channels.",
       connector},
      {"tributary_connector_channel_silence_seconds",
       Type::gauge,
       {"connector", "channel"},
       "Time since the last event of the channel, or since it is listened to. Of a connector with more than 100 "
       "channels only the first 100 by name.",
       connector},
      {"tributary_connector_credential_expiry_timestamp_seconds",
       Type::gauge,
       {"connector"},
       "Unix time at which the credential expires, where it says so itself.",
       connector},
      {"tributary_connector_dials_total", Type::counter, {"connector"}, "Attempts to connect.", connector},
      {"tributary_connector_endings_total",
       Type::counter,
       {"connector", "reason"},
       "Attempts and connections that ended, by reason. A reason is there from its first ending on.",
       connector},
  };
}

std::vector<Metric> of_sinks() {
  return {
      {"tributary_sink_info", Type::gauge, {"sink", "type"}, "Always 1: the type of a sink.", sink},
      {"tributary_sink_held_bytes", Type::gauge, {"sink"}, "Memory that its events hold.", sink},
      {"tributary_sink_memory_bytes", Type::gauge, {"sink"}, "The bound of that memory.", sink},
      {"tributary_sink_full", Type::gauge, {"sink"}, "1 while its memory is at the bound.", sink},
      {"tributary_sink_oldest_age_seconds",
       Type::gauge,
       {"sink"},
       "Age of its oldest event that is not finished; not there while all are.",
       sink},
      {"tributary_sink_spool_bytes", Type::gauge, {"sink"}, "Its file on disk.", sink},
      {"tributary_sink_spool_size_bytes", Type::gauge, {"sink"}, "The bound of that file.", sink},
      {"tributary_sink_failing", Type::gauge, {"sink"}, "1 while it writes nothing, or its disk fails.", sink},
      {"tributary_sink_parked_topics",
       Type::gauge,
       {"sink"},
       "Topics that the broker refuses, whose events wait.",
       sink},
      {"tributary_sink_breaker",
       Type::gauge,
       {"sink", "state"},
       "Of a channel sink: 1 for the state of its breaker, 0 for every other: closed, open, half_open.",
       sink},
      {"tributary_sink_copies_total",
       Type::counter,
       {"sink"},
       "Of a channel sink: times that somebody repeated what it said.",
       sink},
      {"tributary_delivery_seconds",
       Type::histogram,
       {"sink"},
       "From the reading of an event's frame to its acknowledgement by the downstream. Events that were on disk alone "
       "in between are not in it.",
       sink},
  };
}

std::vector<Metric> of_brokers() {
  return {
      {"tributary_broker_state",
       Type::gauge,
       {"sink", "broker", "state"},
       "1 for the state of the connection to the broker, 0 for every other: up, connecting, down, idle (not needed so "
       "far).",
       broker},
      {"tributary_broker_round_trip_seconds",
       Type::gauge,
       {"sink", "broker"},
       "Average time of a request in the last seconds.",
       broker},
      {"tributary_broker_waiting_requests", Type::gauge, {"sink", "broker"}, "Requests that are to be sent.", broker},
      {"tributary_broker_in_flight_requests",
       Type::gauge,
       {"sink", "broker"},
       "Requests that are sent and not answered.",
       broker},
      {"tributary_broker_requests_total", Type::counter, {"sink", "broker"}, "Requests sent.", broker},
      {"tributary_broker_retries_total", Type::counter, {"sink", "broker"}, "Requests sent again.", broker},
      {"tributary_broker_errors_total", Type::counter, {"sink", "broker"}, "Errors of sending and receiving.", broker},
      {"tributary_broker_timeouts_total",
       Type::counter,
       {"sink", "broker"},
       "Requests that were not answered in time.",
       broker},
  };
}

/// What of a book also falls.
bool is_gauge(std::string_view count) { return count == "in_flight" || count == "spooled"; }

/// Names of books, which live as long as the program: `tributary_sink_delivered_total`.
const std::string& interned(std::string_view book, std::string_view count) {
  static const auto names = [] {
    std::map<std::pair<std::string_view, std::string_view>, std::string> made;
    const auto add = [&](std::string_view of, const std::vector<event::Count>& counts) {
      for (const auto& one : counts) {
        made[{of, one.name}] =
            "tributary_" + std::string(of) + "_" + std::string(one.name) + (is_gauge(one.name) ? "" : "_total");
      }
    };
    add("connector", event::counts_of(event::ConnectorLedger{}));
    add("sink", event::counts_of(event::SinkLedger{}));
    return made;
  }();
  const auto found = names.find({book, count});
  TRIBUTARY_ASSERT(found != names.end());
  return found->second;
}

/// The name says it, as Prometheus asks.
std::string_view unit_of(std::string_view name) {
  for (const std::string_view unit : {"seconds", "bytes"}) {
    if (name.ends_with(unit) || name.ends_with(std::string(unit) + "_total")) return unit;
  }
  return "";
}

template <class Ledger>
void add_book(std::vector<Metric>& all, std::string_view book, std::string_view section) {
  for (const auto& count : event::counts_of(Ledger{})) {
    const std::string_view name = interned(book, count.name);
    if (!all.empty() && all.back().name == name) continue;  // the next reason of the same count
    Labels labels{book};
    if (!count.reason.empty()) labels.emplace_back("reason");
    all.push_back({name, is_gauge(count.name) ? Type::gauge : Type::counter, labels, count.help, section});
  }
}

}  // namespace

std::string_view name(MetricType type) noexcept {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "";
}

const std::vector<Metric>& metrics() {
  static const auto all = [] {
    auto made = of_program();
    const auto add = [&](std::vector<Metric> more) { made.insert(made.end(), more.begin(), more.end()); };
    add(of_connectors());
    add_book<event::ConnectorLedger>(made, "connector", connector);
    add(of_sinks());
    add_book<event::SinkLedger>(made, "sink", sink);
    add(of_brokers());
    return made;
  }();
  return all;
}

const Metric& metric(std::string_view name) {
  const auto& all = metrics();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  TRIBUTARY_ASSERT(found != all.end());
  return *found;
}

std::string_view metric_name(std::string_view book, std::string_view count) { return interned(book, count); }

std::string metrics_table() {
  std::string text;
  std::string_view section;
  for (const auto& one : metrics()) {
    if (one.section != section) {
      section = one.section;
      text += "\n## " + std::string(section) +
              "\n\n| metric | type | labels | unit | meaning |\n"
              "| --- | --- | --- | --- | --- |\n";
    }
    std::string labels;
    for (const auto& label : one.labels) labels += (labels.empty() ? "`" : ", `") + std::string(label) + "`";
    text += "| `" + std::string(one.name) + "` | " + std::string(name(one.type)) + " | " + labels + " | " +
            std::string(unit_of(one.name)) + " | " + std::string(one.help) + " |\n";
  }
  return text;
}

}  // namespace tributary::admin
