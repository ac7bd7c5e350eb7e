#include "admin/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "admin/vocabulary.hpp"
#include "event/assert.hpp"
#include "event/counts.hpp"
#include "text/printable.hpp"

namespace tributary::admin {
namespace {

/// Series of the channels of one connector.
constexpr std::size_t most_channels = 100;
/// Bytes. One that is not UTF-8 would cost Prometheus the whole page.
constexpr std::size_t longest_label = 256;

using event::WallTime;
using std::chrono::milliseconds;
using Values = std::initializer_list<std::string_view>;

double seconds(milliseconds span) { return static_cast<double>(span.count()) / 1'000; }
double seconds(WallTime time) { return seconds(time.time_since_epoch()); }

/// The families, in the order of the vocabulary. What is not in it cannot be written.
class Exposition {
 public:
  Exposition() : families_(metrics().size()) {
    for (std::size_t i = 0; i < families_.size(); ++i) {
      const auto& metric = metrics()[i];
      auto& family = families_[i];
      family.name = metric.name;
      family.help = metric.help;
      family.type = metric.type == MetricType::counter ? prometheus::MetricType::Counter
                    : metric.type == MetricType::gauge ? prometheus::MetricType::Gauge
                                                       : prometheus::MetricType::Histogram;
      places_.emplace(metric.name, i);
    }
  }

  /// `labels` are the values of the metric's labels, in their order.
  void set(std::string_view name, Values labels, double value) {
    auto& one = add(name, labels);
    if (metric_of(name).type == MetricType::counter) {
      one.counter.value = value;
    } else {
      one.gauge.value = value;
    }
  }
  void set(std::string_view name, Values labels, std::uint64_t value) { set(name, labels, static_cast<double>(value)); }
  void set(std::string_view name, Values labels, bool value) { set(name, labels, value ? 1.0 : 0.0); }
  template <class Value>
  void set(std::string_view name, Values labels, const std::optional<Value>& value) {
    if (value) set(name, labels, *value);
  }
  void set(std::string_view name, Values labels, milliseconds value) { set(name, labels, seconds(value)); }
  void set(std::string_view name, Values labels, WallTime value) { set(name, labels, seconds(value)); }
  void set(std::string_view name, Values labels, const HistogramView& value) {
    if (value.bounds.empty()) return;
    auto& made = add(name, labels).histogram;
    made.sample_count = value.count;
    made.sample_sum = value.sum;
    for (std::size_t i = 0; i < value.bounds.size(); ++i) made.bucket.push_back({value.counts[i], value.bounds[i]});
  }
  /// Every count of a book.
  template <class Ledger>
  void set_book(std::string_view book, const std::string& subject, const Ledger& ledger) {
    for (const auto& count : event::counts_of(ledger)) {
      const auto name = metric_name(book, count.name);
      if (count.reason.empty()) {
        set(name, {subject}, count.value);
      } else {
        set(name, {subject, count.reason}, count.value);
      }
    }
  }

  std::string text() {
    std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::size_t place_of(std::string_view name) const {
    const auto found = places_.find(name);
    TRIBUTARY_ASSERT(found != places_.end());
    return found->second;
  }
  const Metric& metric_of(std::string_view name) const { return metrics()[place_of(name)]; }

  prometheus::ClientMetric& add(std::string_view name, Values labels) {
    const auto& names = metric_of(name).labels;
    TRIBUTARY_ASSERT(names.size() == labels.size());
    auto& one = families_[place_of(name)].metric.emplace_back();
    auto label = names.begin();
    for (const auto& value : labels)
      one.label.push_back({std::string(*label++), text::printable(value, longest_label)});
    return one;
  }

  std::vector<prometheus::MetricFamily> families_;
  std::unordered_map<std::string_view, std::size_t> places_;
};

void write_program(Exposition& out, const Snapshot& snapshot, const ProcessView& process) {
  out.set("tributary_build_info", {snapshot.version}, true);
  out.set("tributary_stopping", {}, snapshot.stopping);
  out.set("tributary_stalled_loops", {}, std::uint64_t{snapshot.stalled.size()});
  if (snapshot.reload) {
    out.set("tributary_reload_applied", {}, snapshot.reload->applied);
    out.set("tributary_reload_timestamp_seconds", {}, snapshot.reload->at);
  }
  for (const auto& one : snapshot.log_events) out.set("tributary_log_events_total", {one.word, one.level}, one.count);
  out.set("process_start_time_seconds", {}, snapshot.started);
  out.set("process_cpu_seconds_total", {}, process.cpu);
  out.set("process_resident_memory_bytes", {}, process.memory);
  out.set("process_open_fds", {}, process.open_files);
  out.set("process_max_fds", {}, process.most_files);
}

void write_channels(Exposition& out, const ConnectorView& one) {
  if (one.state != net::State::live) return;
  out.set("tributary_connector_channels", {one.name}, std::uint64_t{one.channels.size()});
  if (one.channels.empty()) return;
  auto channels = one.channels;
  std::sort(channels.begin(), channels.end(), [](const auto& a, const auto& b) { return a.channel < b.channel; });
  milliseconds longest{};
  for (std::size_t i = 0; i < channels.size(); ++i) {
    longest = std::max(longest, channels[i].silence);
    if (i >= most_channels || (i != 0 && channels[i].channel == channels[i - 1].channel)) continue;
    out.set("tributary_connector_channel_silence_seconds", {one.name, channels[i].channel}, channels[i].silence);
  }
  out.set("tributary_connector_silence_seconds", {one.name}, longest);
}

void write_connector(Exposition& out, const ConnectorView& one) {
  using net::State;
  out.set("tributary_connector_info", {one.name, one.type}, true);
  for (const auto state :
       {State::idle, State::dialing, State::handshaking, State::live, State::draining, State::waiting, State::parked}) {
    out.set("tributary_connector_state", {one.name, net::name(state)}, one.state == state);
  }
  out.set("tributary_connector_state_age_seconds", {one.name}, one.state_for);
  out.set("tributary_connector_needs_person", {one.name}, one.needs_person);
  out.set("tributary_connector_paused", {one.name}, one.paused);
  out.set("tributary_connector_next_dial_seconds", {one.name}, one.dial_in);
  out.set("tributary_connector_frame_age_seconds", {one.name}, one.frame_age);
  out.set("tributary_connector_event_age_seconds", {one.name}, one.event_age);
  write_channels(out, one);
  out.set("tributary_connector_credential_expiry_timestamp_seconds", {one.name}, one.credential_expires);
  out.set("tributary_connector_dials_total", {one.name}, one.dials);
  for (std::size_t i = 1; i < one.endings.size(); ++i) {  // the first one is none
    if (one.endings[i] == 0) continue;
    out.set("tributary_connector_endings_total", {one.name, net::name(static_cast<net::Reason>(i))}, one.endings[i]);
  }
  out.set_book("connector", one.name, one.ledger);
}

/// Of librdkafka's words.
std::string_view state_of(const BrokerView& broker) {
  if (broker.up) return "up";
  if (broker.state == "INIT") return "idle";
  return broker.state == "DOWN" ? "down" : "connecting";
}

void write_broker(Exposition& out, const std::string& sink, const BrokerView& one) {
  for (const std::string_view state : {"up", "connecting", "down", "idle"}) {
    out.set("tributary_broker_state", {sink, one.name, state}, state_of(one) == state);
  }
  if (one.round_trip.count() != 0) {
    out.set("tributary_broker_round_trip_seconds", {sink, one.name}, static_cast<double>(one.round_trip.count()) / 1e6);
  }
  out.set("tributary_broker_waiting_requests", {sink, one.name}, one.waiting);
  out.set("tributary_broker_in_flight_requests", {sink, one.name}, one.in_flight);
  out.set("tributary_broker_requests_total", {sink, one.name}, one.sent);
  out.set("tributary_broker_retries_total", {sink, one.name}, one.retries);
  out.set("tributary_broker_errors_total", {sink, one.name}, one.errors);
  out.set("tributary_broker_timeouts_total", {sink, one.name}, one.timeouts);
}

void write_sink(Exposition& out, const SinkView& one) {
  out.set("tributary_sink_info", {one.name, one.type}, true);
  out.set("tributary_sink_held_bytes", {one.name}, one.held);
  if (one.memory != 0) out.set("tributary_sink_memory_bytes", {one.name}, one.memory);
  out.set("tributary_sink_full", {one.name}, one.full);
  out.set("tributary_sink_oldest_age_seconds", {one.name}, one.oldest_age);
  out.set("tributary_sink_spool_bytes", {one.name}, one.spool_bytes);
  out.set("tributary_sink_spool_size_bytes", {one.name}, one.spool_size);
  out.set("tributary_sink_failing", {one.name}, !one.failing.empty());
  out.set("tributary_sink_parked_topics", {one.name}, std::uint64_t{one.parked.size()});
  if (!one.breaker.empty()) {
    for (const std::string_view state : {"closed", "open", "half_open"}) {
      out.set("tributary_sink_breaker", {one.name, state}, one.breaker == state);
    }
    out.set("tributary_sink_copies_total", {one.name}, one.copies);
  }
  out.set("tributary_delivery_seconds", {one.name}, one.latency);
  out.set_book("sink", one.name, one.ledger);
  for (const auto& broker : one.brokers) write_broker(out, one.name, broker);
}

}  // namespace

std::string metrics_text(const Snapshot& snapshot, const ProcessView& process) {
  Exposition out;
  write_program(out, snapshot, process);
  for (const auto& one : snapshot.connectors) write_connector(out, one);
  for (const auto& one : snapshot.sinks) write_sink(out, one);
  return out.text();
}

}  // namespace tributary::admin
