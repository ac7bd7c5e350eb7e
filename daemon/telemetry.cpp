#include "daemon/telemetry.hpp"

namespace tributary::daemon {

const SignalRow& row(Signal signal) noexcept {
  static constexpr std::array<SignalRow, static_cast<std::size_t>(Signal::count)> rows{{
      {"program_started", Level::info},       {"program_stopping", Level::info},  {"program_stopped", Level::info},
      {"configuration_warning", Level::warn}, {"connector_up", Level::info},      {"connector_down", Level::warn},
      {"connector_waiting", Level::warn},     {"connector_parked", Level::error}, {"connector_unverified", Level::warn},
      {"connector_remark", Level::warn},      {"sink_news", Level::info},         {"lane_parked", Level::error},
      {"lane_resumed", Level::info},          {"record_refused", Level::warn},    {"record_too_large", Level::warn},
      {"dead_letter_failed", Level::error},   {"sink_latency", Level::info},      {"reloaded", Level::info},
      {"reload_refused", Level::warn},        {"internal_error", Level::error},   {"events_lost", Level::error},
  }};
  return rows[static_cast<std::size_t>(signal)];
}

void Telemetry::emit(Signal signal, std::string_view subject, std::string_view message, Fields fields) {
  emit(signal, row(signal).level, subject, message, std::move(fields));
}

void Telemetry::emit(Signal signal, Level level, std::string_view subject, std::string_view message, Fields fields) {
  counts_[static_cast<std::size_t>(signal)].fetch_add(1, std::memory_order_relaxed);
  log_.write({level, row(signal).name, subject, message, std::move(fields)});
}

}  // namespace tributary::daemon
