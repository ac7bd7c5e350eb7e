#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/log.hpp"

namespace tributary::daemon {

/// Everything that can happen to the program and is worth a line and a count. Emitting one does both.
enum class LogEvent : std::uint8_t {
  program_started,
  program_stopping,
  program_stopped,
  status,  ///< now and then: how every connector and sink stands
  configuration_warning,
  connector_up,
  connector_down,        ///< a live connection ended; it is dialled again
  connector_waiting,     ///< an attempt failed; it is tried again
  connector_away,        ///< not live for over ten minutes, told again every half hour
  connector_parked,      ///< a person must act
  connector_unverified,  ///< dialled with tls.insecure
  connector_remark,      ///< something to know while it stays connected, see connectors::Remark
  gap_filled,            ///< what was missed has been read back
  gap_unfilled,          ///< it has been asked for, and did not come, or not whole
  frame_malformed,       ///< a frame that cannot be understood; each reason is told once a minute at most
  event_unrouted,        ///< the first event of a connector that no sink gets; the account counts them all
  sink_news,             ///< what a sink's wire noticed, see sinks::Sign
  lane_parked,           ///< the events of one topic wait: it is forbidden or missing; others flow
  lane_resumed,
  lane_given_up,   ///< at the stop: the topic is refused still, so that its events are dropped
  sink_full,       ///< the connectors that feed it stop reading
  sink_has_room,   ///< they read again
  message_failed,  ///< a channel sink's: not said, perhaps not arrived, or to be said later
  breaker_opened,  ///< what a channel sink says comes back: it says nothing for a while
  breaker_closed,
  events_dropped,        ///< by the limits of a channel sink, since the last status
  spool_found,           ///< at the start: what an earlier run left on disk for a sink
  spool_left,            ///< at the start: what lies there, and no sink delivers
  spool_waits,           ///< at the end: what waits on disk for the next start
  spool_failing,         ///< the disk cannot be written or read: events are in memory alone
  spool_works,           ///< again
  spool_full,            ///< at its size
  spool_has_room,        ///< again
  spool_dropped,         ///< at its size, the oldest were dropped
  spool_damaged,         ///< a file is set aside; what verifies goes on
  spool_record_corrupt,  ///< single records: dead letters
  spool_not_committed,   ///< at the end: what could not be written
  record_refused,        ///< the broker refused one record for itself: dead-lettered
  record_too_large,
  dead_letter_failed,    ///< a dead letter could not be produced
  sink_latency,          ///< at the end: how long a sink took to have its events acknowledged
  recording_failed,      ///< frames are not kept: the directory or its disk
  recording_works,       ///< again
  recording_incomplete,  ///< the disk is slower than the frames
  reloaded,              ///< the changed configuration is in force
  reload_refused,        ///< the running configuration goes on, and why
  loop_stalled,          ///< main, an io thread or a sink's thread has not gone round for long
  admin_listening,       ///< where the admin port is
  admin_unavailable,     ///< there is none, or something of it does not work
  internal_error,        ///< a bug of ours that was contained
  events_lost,           ///< at the end: events that a sink did not deliver although it should
  notices_lost,          ///< at the end: the relay's own notices that were not delivered
  count
};

/// The word in the log and in metrics, and the level: WARN recovers by itself, ERROR needs a person. The table says
/// why.
struct LogEventRow {
  std::string_view name;
  Level level;
};
const LogEventRow& row(LogEvent signal) noexcept;

/// What is measured now and then, of one channel of a connector.
enum class Measure : std::uint8_t {
  channel_silence,  ///< seconds since its last event, or since it is listened to
  count
};
std::string_view name(Measure measure) noexcept;

/// Logs and counts together. Owned by the composition root. Thread: any.
class Telemetry {
 public:
  using Fields = std::vector<std::pair<std::string_view, FieldValue>>;

  explicit Telemetry(Log& log) : log_(log) {}
  void emit(LogEvent signal, std::string_view subject, std::string_view message, Fields fields = {});
  /// With a level other than the signal's own, where the thing itself knows better how urgent it is.
  void emit(LogEvent signal, Level level, std::string_view subject, std::string_view message, Fields fields = {});
  /// Keeps the newest value and logs it at DEBUG; a value is one series for each connector and channel.
  void measure(Measure measure, const std::string& connector, const std::string& channel, double value);
  /// The series of a connector's channels that are not among these are gone.
  void keep_only(Measure measure, const std::string& connector, const std::set<std::string>& channels);
  using Series = std::map<std::pair<std::string, std::string>, double>;  ///< {connector, channel} → newest value
  Series series(Measure measure) const;
  std::uint64_t count(LogEvent signal) const;
  std::uint64_t count(LogEvent signal, Level level) const {
    return counts_[static_cast<std::size_t>(signal)][static_cast<std::size_t>(level)];
  }

 private:
  Log& log_;
  using ByLevel = std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Level::error) + 1>;
  std::array<ByLevel, static_cast<std::size_t>(LogEvent::count)> counts_{};
  mutable std::mutex mutex_;
  std::array<Series, static_cast<std::size_t>(Measure::count)> series_;
};

}  // namespace tributary::daemon
