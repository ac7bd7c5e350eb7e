#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::relay {

/// What a sink wants a person to know.
struct SinkAlert {
  enum class What : std::uint8_t {
    lane_parked,     ///< a stream is refused: its events wait, those of other streams flow; once for all its keys
    still_parked,    ///< after a minute, then every ten
    lane_resumed,    ///< all its keys flow again
    given_up,        ///< at the stop: refused once more, so that its events are dropped
    record_refused,  ///< the downstream refuses one event for itself
    too_large,       ///< likewise, for its size
    letter_failed,   ///< a dead letter could not be produced
    letters_full,    ///< dead letters hold their share of the memory: further ones are dropped
    newest_dropped,  ///< the tail is at its size, and what came was dropped: `events` since the last such alert
    full,            ///< the sink's memory is full: the connectors that feed it stop reading
    still_full,      ///< so long that somebody must look
    room,            ///< the connectors read again
  };
  What what = What::full;
  std::string stream = {};
  std::string key = {};
  std::string_view code = {};           ///< the downstream's own name of the fault, static storage
  std::chrono::milliseconds lasted{0};  ///< still_…, lane_resumed, room: for so long
  std::size_t events = 0, notices = 0;  ///< still_parked: that wait; given_up, newest_dropped: that were dropped
  bool dropped = false;                 ///< record_refused, too_large: there is no place for its dead letter
};

}  // namespace tributary::relay
