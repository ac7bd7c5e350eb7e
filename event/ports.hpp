#pragma once

// Every seam between the folders, on one page. A port is spoken by the side that needs something; the other side
// implements it. Nothing here has a thread or a clock of its own.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/event.hpp"
#include "event/ledger.hpp"
#include "event/standing.hpp"

namespace tributary::event {

// ── connector → relay ───────────────────────────────────────────────────────────────────────────────────────────────

/// What a received frame turned out to be: each frame is exactly one.
enum class FrameKind : std::uint8_t { control, malformed, carrying };

/// A frame that cannot be understood.
struct Malformed {
  std::string_view reason;  ///< a word of a closed list: not_json, wrong_shape, too_deep, binary, …
  std::string detail;
  std::string_view frame;  ///< lives during the call
};

/// The relay's own word on a connector, published to `topics.relay`.
struct Notice {
  std::string_view type;                 ///< connectorUp, connectorDown, gap, credentialRefused, credentialExpiring
  std::string data_json;                 ///< the value of `data`, a JSON object
  std::string channel = {};              ///< gap: the affected upstreamChannel, whose key it gets; empty: the connector
  std::string_view channel_source = {};  ///< gap: the affected channel's source, static storage
};

/// Where one connector puts what it hears. One at a time for each connector, made by the relay; outlives what gives to
/// it. Thread: io.
class Intake {
 public:
  virtual ~Intake() = default;
  virtual void control(bool unknown) = 0;  ///< a frame without events
  virtual void malformed(const Malformed& fault, const Now& now) = 0;
  virtual void carrying() = 0;  ///< a frame whose events follow
  /// False: it was known already, a duplicate.
  virtual bool accept(Draft&& draft, const Now& now) = 0;
  virtual void ignored(Ignored reason) = 0;  ///< an event that is not to be passed on
  virtual void notice(const Notice& notice, const Now& now) = 0;
  virtual void live() = 0;  ///< a new connection is live
  /// Publishes the ledger; called once per socket read, not per frame.
  virtual void settle() = 0;
  /// A sink that this connector feeds is at its cap: stop reading until `resumed` is called.
  virtual bool congested() const = 0;
  /// `resumed` runs on the connector's io thread after the congestion has gone.
  virtual void on_room(std::function<void()> resumed) = 0;
};

// ── relay → outlet
// ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Why an event is sent as a dead letter instead of as itself.
struct DeadLetter {
  std::string_view reason;  ///< invalid, too_large, record_refused, malformed, …
  std::string value;        ///< the whole JSON value: docs/CONSUMING.md, "Dead letters"
  std::shared_ptr<const std::string> connector;
  ReceiptPtr receipt = {};          ///< of the event that it stands for
  SteadyTime received_steady = {};  ///< when its frame was read
};

/// A sink as the relay sees it: it takes events over and answers for each of them in its book. Kafka, files and
/// standard output stand behind relay::Delivery (a queue, an outbox, a thread), a channel behind a bounded queue
/// without a thread. Shared: what goes out of use at run time lives until its last event is finished. Thread: any, but
/// `start`, `join`.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual const std::string& name() const = 0;
  /// From here on it sends; what was offered before waits. Thread: main.
  virtual void start() = 0;
  virtual void offer(EventPtr event) = 0;
  virtual void offer(std::unique_ptr<DeadLetter> letter) = 0;
  /// An event that is dropped before it gets here, for the book of this sink.
  virtual void offer_dropped(Dropped reason) = 0;
  /// Does this sink take events of this kind? Fixed by its configuration.
  virtual bool takes(Kind kind) const = 0;
  /// Has it a place for dead letters?
  virtual bool takes_letters() const = 0;
  /// At its cap. Whether connectors stop reading then is for the target to say (relay::Target): never for a channel,
  /// which drops by its policy instead.
  virtual bool full() const = 0;
  /// Bytes that it holds.
  virtual std::size_t held() const = 0;
  /// One consistent copy, with what waits counted as offered and in flight.
  virtual SinkLedger ledger() const = 0;
  /// Beside its book. Valid before `start` and after `join`, too.
  virtual OutletStanding standing() const { return {}; }
  /// Finishes what it has within `timeout` and drops the rest as `stopped`. Returns at once; nothing may be offered any
  /// more. A second call may only shorten the time.
  virtual void stop(std::chrono::milliseconds timeout) = 0;
  virtual bool stopped() const = 0;
  /// Waits for the end of what `stop` began. Thread: main.
  virtual void join() = 0;
  /// Reopens files (SIGUSR1).
  virtual void reopen() = 0;
};

// ── outlet → wire ───────────────────────────────────────────────────────────────────────────────────────────────────

/// What the downstream said of one record.
enum class Verdict : std::uint8_t {
  delivered,     ///< safe: acknowledged by every in-sync replica, or written
  retriable,     ///< not delivered, not its fault: replay its lane
  record_fault,  ///< a record of its batch is refused for itself: send each of them alone, dead-letter the guilty
  too_large,     ///< likewise, for its size
  denied,        ///< authorization or unknown topic: park the lane
  purged,        ///< taken back because the producer is rebuilt: replay
  failed,        ///< cannot be delivered and must not be tried again (an at-most-once sink)
};

struct DeliveryReport {
  std::uint64_t token = 0;  ///< as given to `send`
  Verdict verdict = Verdict::delivered;
  std::string_view code;  ///< the downstream's own name of the fault, static storage
};

enum class Sent : std::uint8_t {
  accepted,   ///< a report with the token will follow
  full,       ///< the downstream's own queue is full: try again after the next reports
  too_large,  ///< will never fit
  denied,     ///< the topic is known to be missing or forbidden: park the lane; `why_denied` says which
};

/// How a record is sent. No lane ever has records on their way in both manners.
enum class Manner : std::uint8_t {
  together,  ///< in batches, many under way; a batch that is refused takes back what follows it, and may break the wire
  alone,     ///< the only one of its stream under way in this manner: a refusal is meant for it and harms nobody else
};

/// A sink's wire: sends records and reports on each of them exactly once, in whatever order. Decides nothing.
/// Owned by relay::Delivery, used by its thread alone, except `wake`. Thread: sink.
class Downstream {
 public:
  virtual ~Downstream() = default;
  /// The name of the stream within which order is kept, e.g. a topic. Never asks the network. "" : this sink takes no
  /// events of that kind (dropped as topic_off).
  virtual std::string_view stream_of(const Event& event) = 0;
  virtual std::string_view dead_letter_stream() const = 0;  ///< "" : none
  /// `event` stays alive until its report; nothing is copied.
  virtual Sent send(std::string_view stream, const Event& event, std::uint64_t token, Manner manner) = 0;
  virtual Sent send(std::string_view stream, const DeadLetter& letter, std::uint64_t token, Manner manner) = 0;
  /// Waits at most `timeout` for reports or `wake`, appends what came.
  virtual void poll(std::chrono::milliseconds timeout, std::vector<DeliveryReport>& reports) = 0;
  /// Ends `poll` early. Thread: any.
  virtual void wake() = 0;
  /// The downstream's own name of the fault of the last `Sent::denied`, static storage.
  virtual std::string_view why_denied() const { return "denied"; }
  /// Appends each stream that was denied and may now be tried: a topic that has appeared. Each is told once.
  virtual void take_repaired(std::vector<std::string>& streams) { static_cast<void>(streams); }
  /// The end is near: what is known to be missing or refused is asked for once more, now, and answered within a second
  /// or two; until then `send` says full.
  virtual void hurry() {}
  /// Why this wire writes nothing until somebody acts, e.g. ENOSPC, a refused password; "" while it may still write.
  virtual std::string_view stuck() const { return {}; }
  /// The wire is broken for good (a fatal producer error): true once; then `rebuild` is called.
  virtual bool broken() const { return false; }
  /// Reports every unfinished record as `purged`, then starts afresh.
  virtual void rebuild(std::vector<DeliveryReport>& reports) { static_cast<void>(reports); }
  /// The end: lets go of every event it was given, without reports; nothing but `wake` is called afterwards.
  virtual void close() {}
  /// Reopens files (SIGUSR1). Thread: sink.
  virtual void reopen() {}
  /// True for a wire that may take a lane's second record without its first until one has been delivered since it was
  /// made or rebuilt: then only one is sent at first.
  virtual bool opens_with_one() const { return false; }
  /// False for at-most-once sinks, whose `delivered` is booked as `sent`.
  virtual bool acknowledges() const { return true; }
  virtual std::uint64_t clamped() const { return 0; }
  /// As its own library sees them; also after `close`. Thread: any.
  virtual std::vector<BrokerStanding> brokers() const { return {}; }
};

}  // namespace tributary::event
