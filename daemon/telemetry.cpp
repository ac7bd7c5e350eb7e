#include "daemon/telemetry.hpp"

#include <cmath>

namespace tributary::daemon {

const LogEventRow& row(LogEvent signal) noexcept {
  // WARN: it recovers by itself, or costs no event. ERROR: it stays so, or events are lost, until a person acts.
  static constexpr std::array<LogEventRow, static_cast<std::size_t>(LogEvent::count)> rows{{
      {"program_started", Level::info},
      {"program_stopping", Level::info},
      {"program_stopped", Level::info},
      {"status", Level::info},
      {"configuration_warning", Level::warn},  // it runs as written; perhaps something else was meant
      {"connector_up", Level::info},
      {"connector_down", Level::warn},        // dialled again; ERROR where only a person can let it in
      {"connector_waiting", Level::warn},     // likewise
      {"connector_away", Level::error},       // dialling alone has not helped for long
      {"connector_parked", Level::error},     // nothing is tried until a secret can be read or a bug is mended
      {"connector_unverified", Level::warn},  // it works, and the file asks for it
      {"connector_remark", Level::warn},      // the remark itself knows whether a person is needed
      {"gap_filled", Level::info},
      {"gap_unfilled", Level::warn},     // ERROR where the next gap will have the same fault
      {"frame_malformed", Level::warn},  // that frame alone is a dead letter; the connection goes on
      {"event_unrouted", Level::warn},   // what no route takes may be meant to go nowhere
      {"sink_news", Level::info},        // the news themselves know how urgent they are
      {"lane_parked", Level::error},     // a topic must be made, or access to it be given
      {"lane_resumed", Level::info},
      {"lane_given_up", Level::error},  // its events are lost
      {"sink_full", Level::warn},       // reading goes on when there is room; ERROR once that takes long
      {"sink_has_room", Level::info},
      {"message_failed", Level::warn},  // one message; ERROR where the upstream lets nobody speak
      {"breaker_opened", Level::warn},  // it closes by itself when nothing comes back any more
      {"breaker_closed", Level::info},
      {"events_dropped", Level::warn},  // as the configuration asks
      {"spool_found", Level::info},
      {"spool_left", Level::warn},  // perhaps it is meant to wait
      {"spool_waits", Level::info},
      {"spool_failing", Level::error},  // the disk needs a person; until then a crash loses events
      {"spool_works", Level::info},
      {"spool_full", Level::warn},  // it empties when Kafka takes events
      {"spool_has_room", Level::info},
      {"spool_dropped", Level::warn},          // as the configuration asks
      {"spool_damaged", Level::error},         // see what the disk has; some events may be lost
      {"spool_record_corrupt", Level::error},  // likewise
      {"spool_not_committed", Level::error},   // events are lost
      {"record_refused", Level::warn},         // one event is a dead letter; the others flow
      {"record_too_large", Level::warn},       // likewise
      {"dead_letter_failed", Level::error},    // an event is lost, and so will be the next
      {"sink_latency", Level::info},
      {"recording_failed", Level::warn},  // no event is among what is lost; it is tried again
      {"recording_works", Level::info},
      {"recording_incomplete", Level::warn},  // likewise
      {"reloaded", Level::info},
      {"reload_refused", Level::error},  // what a person asked for does not happen until the file is right
      {"loop_stalled", Level::error},    // a service manager with a watchdog ends the program; else a person must
      {"admin_listening", Level::info},
      {"admin_unavailable", Level::warn},  // the relay runs without it; ERROR where a token must be mended
      {"internal_error", Level::error},    // to be reported
      {"events_lost", Level::error},       // they do not come back
      {"notices_lost", Level::warn},       // no event is among them
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
  log_.write({Level::debug, name(measure), connector, channel, {{"seconds", std::llround(value)}}});
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

std::uint64_t Telemetry::count(LogEvent signal) const {
  std::uint64_t sum = 0;
  for (const auto& at_level : counts_[static_cast<std::size_t>(signal)]) sum += at_level;
  return sum;
}

void Telemetry::emit(LogEvent signal, std::string_view subject, std::string_view message, Fields fields) {
  emit(signal, row(signal).level, subject, message, std::move(fields));
}

void Telemetry::emit(LogEvent signal, Level level, std::string_view subject, std::string_view message, Fields fields) {
  counts_[static_cast<std::size_t>(signal)][static_cast<std::size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  log_.write({level, row(signal).name, subject, message, std::move(fields)});
}

}  // namespace tributary::daemon
