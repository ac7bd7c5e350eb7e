#include "daemon/telemetry.hpp"

#include <cmath>

namespace tributary::daemon {

const SignalRow& row(Signal signal) noexcept {
  static constexpr std::array<SignalRow, static_cast<std::size_t>(Signal::count)> rows{{
      {"program_started", Level::info},      {"program_stopping", Level::info},
      {"program_stopped", Level::info},      {"configuration_warning", Level::warn},
      {"connector_up", Level::info},         {"connector_down", Level::warn},
      {"connector_waiting", Level::warn},    {"connector_parked", Level::error},
      {"connector_unverified", Level::warn}, {"connector_remark", Level::warn},
      {"event_unrouted", Level::warn},       {"sink_news", Level::info},
      {"lane_parked", Level::error},         {"lane_resumed", Level::info},
      {"lane_given_up", Level::error},       {"sink_full", Level::warn},
      {"sink_has_room", Level::info},        {"record_refused", Level::warn},
      {"record_too_large", Level::warn},     {"dead_letter_failed", Level::error},
      {"sink_latency", Level::info},         {"reloaded", Level::info},
      {"reload_refused", Level::warn},       {"internal_error", Level::error},
      {"events_lost", Level::error},         {"notices_lost", Level::warn},
  }};
  return rows[static_cast<std::size_t>(signal)];
}

std::string_view name(Measure measure) noexcept {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Measure::count)> names{"channel_silence"};
  return names[static_cast<std::size_t>(measure)];
}

void Telemetry::measure(Measure measure, const std::string& connector, const std::string& channel, double value) {
  {
    const std::lock_guard lock(mutex_);
    series_[static_cast<std::size_t>(measure)][{connector, channel}] = value;
  }
  log_.write({Level::debug, name(measure), connector, channel, {{"seconds", std::to_string(std::llround(value))}}});
}

void Telemetry::keep_only(Measure measure, const std::string& connector, const std::set<std::string>& channels) {
  const std::lock_guard lock(mutex_);
  std::erase_if(series_[static_cast<std::size_t>(measure)],
                [&](const auto& one) { return one.first.first == connector && channels.count(one.first.second) == 0; });
}

Telemetry::Series Telemetry::series(Measure measure) const {
  const std::lock_guard lock(mutex_);
  return series_[static_cast<std::size_t>(measure)];
}

void Telemetry::emit(Signal signal, std::string_view subject, std::string_view message, Fields fields) {
  emit(signal, row(signal).level, subject, message, std::move(fields));
}

void Telemetry::emit(Signal signal, Level level, std::string_view subject, std::string_view message, Fields fields) {
  counts_[static_cast<std::size_t>(signal)].fetch_add(1, std::memory_order_relaxed);
  log_.write({level, row(signal).name, subject, message, std::move(fields)});
}

}  // namespace tributary::daemon
