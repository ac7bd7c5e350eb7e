#pragma once

// The seam between a channel sink and the connector on whose connection it publishes: what is to be said, and what
// came of it. Nothing here has a thread or a clock of its own.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/event.hpp"

namespace tributary::event {

/// What only the connector's own code understands of a channel sink's settings: a recipient, a streamer, a token. Made
/// by the connector's folder from the sink's settings, travels with each message. Immutable.
struct Address {
  virtual ~Address() = default;
};

/// What the content of a message is.
enum class Form : std::uint8_t {
  envelope,  ///< one JSON object: our mark, and the event as a string
  event,     ///< the canonical event: one JSON object
  text,      ///< plain text, not JSON
};

/// One thing to be said. The content is ready and valid UTF-8; how the upstream wants it wrapped is the connector's.
struct Message {
  std::uint64_t number = 0;  ///< in the answers; a message that is tried again keeps its number
  unsigned attempt = 1;      ///< counts from 1
  Form form = Form::event;
  std::string content;
  EventPtr event;                          ///< what it comes from, e.g. for its `_id`
  std::shared_ptr<const Address> address;  ///< null: the sink has nothing of the connector's own
};

/// What came of one message. `sent`, `confirmed`, `refused` and `unsupported` are the last word on it; after `returned`
/// and `unconfirmed` the sink decides.
enum class MessageResult : std::uint8_t {
  sent,         ///< handed to the socket, at most once: nothing more will be heard of it
  awaiting,     ///< handed to the socket or to HTTP; the upstream's word is to come, or `unconfirmed`, or `returned`
  confirmed,    ///< the upstream said so, or showed it
  refused,      ///< by the upstream, or because it can never be sent; the reason says why
  unsupported,  ///< on this connection nothing can be published, e.g. nobody is authenticated
  returned,     ///< nothing of it was written: it may be taken again
  unconfirmed,  ///< the connection ended between writing and the upstream's word: it may or may not have arrived
  echoed,       ///< beside the others: its content was heard on the channel (the share of echoes, for a breaker)
};
std::string_view name(MessageResult result) noexcept;

struct MessageReport {
  std::uint64_t number = 0;
  MessageResult result = MessageResult::sent;
  /// refused, unsupported: a word, static storage: too_large, not_authenticated, upstream_error, …
  std::string_view reason = {};
  std::string detail = {};  ///< the upstream's words, without secrets; for a person
};

/// One channel sink, as its connector sees it: messages are taken from it, one after the other, and each taken one is
/// answered by `report`. Implemented by sinks::channel::Outlet.
///
/// Shared by the relay and the connector: either may go first. One connector serves any number of them, and each is
/// served by one connector at a time. No call blocks, and none calls the connector back, except `on_work`'s function,
/// which only posts. What is taken is answered (`sent`, …, `returned`) before the next input of that connection, or,
/// where it goes out as an HTTP request of its own, when that begins to be written or cannot be; what was answered with
/// `awaiting` gets one more answer, at the latest when the connection or its HTTP request ends.
class Outbound {
 public:
  virtual ~Outbound() = default;
  virtual const std::string& name() const = 0;
  /// The connector is live and takes messages from now on; or it no longer is. Thread: io.
  virtual void live(bool live, const Now& now) = 0;
  /// Nothing is read on the connection, so no word of the upstream can come: what is awaited has that much longer. Over
  /// when reading goes on, or with the connection. Thread: io.
  virtual void paused(bool paused, const Now& now) { static_cast<void>(paused), static_cast<void>(now); }
  /// The next message that may be said now. A number is not given again before it was answered with `returned`,
  /// `unconfirmed`, or `awaiting` for too long. Nothing while it is not live. Thread: io.
  virtual std::optional<Message> take(const Now& now) = 0;
  /// When `take` is to be asked next (a message, a time that has run out): now or earlier: at once; max(): not before
  /// `on_work`. After a `take` that gave nothing it lies in the future, and after `returned`, too: what came back is
  /// not given again at once, so that nobody asks without end. Thread: io.
  virtual SteadyTime due(const Now& now) const = 0;
  /// A number that was never given, or that has had its last word, is ignored. Thread: io.
  virtual void report(const MessageReport& report, const Now& now) = 0;
  /// An activity was heard on the connector, said by somebody else. Lives during the call. Thread: io.
  virtual void heard(const Draft& draft, const Now& now) { static_cast<void>(draft), static_cast<void>(now); }
  /// `work` is called when there is something to take again; it must only post to the connector's io thread. An empty
  /// one: the connector is gone, and after this call the old one is not called any more. Thread: io.
  virtual void on_work(std::function<void()> work) = 0;
};

using OutboundPtr = std::shared_ptr<Outbound>;

}  // namespace tributary::event
