#pragma once

#include <cstdint>
#include <string_view>

#include "event/event.hpp"
#include "net/reason.hpp"

namespace tributary::connectors {

/// Where the frames of one connector are kept as they came and went, without the secrets of the last dial. Must outlive
/// what writes on it. No call may block, throw or come back into the Conversation. Thread: io.
class Tape {
 public:
  enum class Way : std::uint8_t { received, sent };

  virtual ~Tape() = default;
  /// A websocket is open; `upstream` is its scheme, host and port.
  virtual void opened(std::string_view upstream, const event::Now& now) = 0;
  virtual void frame(Way way, std::string_view payload, bool binary, const event::Now& now) = 0;
  /// An attempt or a connection is over. `by_us`: we had ended it.
  virtual void ended(const net::Ending& ending, bool by_us, const event::Now& now) = 0;
};

}  // namespace tributary::connectors
