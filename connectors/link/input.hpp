#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "connectors/link/conversation.hpp"
#include "connectors/link/settings.hpp"
#include "connectors/link/tape.hpp"
#include "event/channel.hpp"

namespace tributary::connectors {

/// What the supervisor runs for one name under `connectors:`: something that hears events and gives them to its intake.
/// A Link to a websocket is one; what reads a Kafka topic will be another. Made, called and destroyed on its io thread;
/// destruction ends it at once. Thread: io.
class Input {
 public:
  virtual ~Input() = default;
  virtual void start() = 0;
  /// Says goodbye within `patience`; `stopped` is called afterwards, from the event loop. A second call may shorten the
  /// time; all call-backs are called.
  virtual void stop(std::chrono::milliseconds patience, std::function<void()> stopped) = 0;
  /// Whether changed settings can be taken over without beginning anew.
  virtual bool can_adopt(const Settings& settings) const = 0;
  /// Takes them over; false when that needs a new beginning, and nothing has changed.
  virtual bool adopt(const std::shared_ptr<const Settings>& settings) = 0;
  /// From now on this channel sink publishes here, until `detach` or the end of this input; what was not said is left
  /// with the sink then. An input that cannot publish takes nothing from it.
  virtual void attach(const event::OutboundPtr& outbound) { static_cast<void>(outbound); }
  virtual void detach(event::Outbound& outbound) { static_cast<void>(outbound); }
  /// From now on its frames are kept here; null: nowhere.
  virtual void record(std::shared_ptr<Tape> tape) { static_cast<void>(tape); }
  virtual LinkStatus status() const = 0;
  /// Since when something may have been missed, were it to end now: the last message of a live connection, or what an
  /// earlier gap began with; nothing was missed yet: nothing. What takes its place reports the gap from there on.
  virtual std::optional<event::WallTime> missed_since() const = 0;
  /// Since when each channel that it serves has been silent.
  virtual std::vector<ChannelActivity> activity() const = 0;
};

}  // namespace tributary::connectors
