#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/secret.hpp"
#include "event/event.hpp"
#include "event/ports.hpp"
#include "net/reason.hpp"
#include "net/websocket.hpp"

namespace tributary::connectors {

/// What a protocol answers to one input: the reply of a pure decision. Reused between calls; `clear` keeps capacity.
struct Outcome {
  struct Frame {
    std::string payload;
    bool binary = false;
  };
  event::FrameKind kind = event::FrameKind::control;
  bool unknown = false;               ///< control, of a kind this protocol does not know
  std::string_view malformed_reason;  ///< with FrameKind::malformed: not_json, wrong_shape, too_deep, binary, …
  std::string malformed_detail;
  std::vector<event::Draft> drafts;     ///< events of this frame, in order
  std::vector<event::Ignored> ignored;  ///< events of this frame that are not passed on
  std::vector<Frame> sends;             ///< to write, in order
  std::vector<event::Notice> notices;
  bool live = false;                ///< the upstream has said that we are in
  std::optional<net::Ending> down;  ///< this connection is over, for this reason

  void clear();
};

/// One upstream's conversation: pure, no clock, socket, thread or log. One object per connector, told of each new
/// connection by `open`. Link obeys it. Thread: io.
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// The secrets it wants read before each dial, in the order in which `dial` gets them.
  virtual std::vector<config::Secret> secrets() const = 0;
  /// Where to dial now; or why not to. `secrets[i]` is the value of `secrets()[i]`.
  virtual std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                          const event::Now& now) = 0;
  /// The websocket is open. `connection` counts from 1 in this run.
  virtual void open(std::uint64_t connection, const event::Now& now, Outcome& outcome) = 0;
  /// One message. Never throws; nonsense is `FrameKind::malformed`.
  virtual void frame(std::string_view payload, bool binary, const event::Now& now, Outcome& outcome) = 0;
  /// When `tick` is to be called next; time_point::max() for never.
  virtual event::SteadyTime deadline() const = 0;
  /// A moment of its own has come: heartbeats to send or missed.
  virtual void tick(const event::Now& now, Outcome& outcome) = 0;
  /// Reading stops or goes on (back-pressure): watchdogs that need reading are suspended meanwhile.
  virtual void paused(bool paused, const event::Now& now, Outcome& outcome) = 0;
  /// What to say before leaving, e.g. `41`; may add sends only.
  virtual void farewell(Outcome& outcome) { static_cast<void>(outcome); }
  /// Canonical `relay.upstreamChannel`s served by this connection, for gaps. Empty: not known yet.
  virtual std::vector<std::string> channels() const = 0;
};

}  // namespace tributary::connectors
