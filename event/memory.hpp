#pragma once

// What is remembered beyond the process: ports, passed in at construction. Without an implementation (null) nothing is
// remembered, and everything else works as before. An implementation has its own thread for what blocks: none of these
// calls waits for a disk.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "event/event.hpp"
#include "event/ports.hpp"

namespace tributary::event {

// ── of a connector ──────────────────────────────────────────────────────────────────────────────────────────────────

/// Until when one channel of a connector was listened to.
struct LastSeen {
  std::string channel;  ///< `relay.upstreamChannel`
  WallTime at{};        ///< of the last message on a connection that served the channel
};

/// An id that a connector's dedupe knows.
struct KnownId {
  std::array<std::uint32_t, 3> key{};  ///< the 24 hex digits of `_id`, or 96 bits of the SHA-256 of another one
  bool flagged = false;                ///< as published last
  std::optional<WallTime> updated;     ///< of the state published last; none: the upstream gave no time
  WallTime seen{};
};

/// What one connector is to know again after a restart. Outlives its connector and its intake, and every event of them.
class ConnectorMemory {
 public:
  virtual ~ConnectorMemory() = default;

  /// The channels that earlier lives of the connector listened to, for the gaps until now. Thread: io.
  virtual std::vector<LastSeen> last_seen() = 0;
  /// A connection that serves the channel is alive at this moment. Told every two seconds at most while messages come,
  /// and at the end of each connection. May be written late: an older time only makes a gap longer, a newer one would
  /// hide it. Thread: io.
  virtual void seen(const std::string& channel, WallTime at) = 0;
  /// The channel is no longer wanted: no gap is reported for it. Thread: io.
  virtual void forget(const std::string& channel) = 0;

  /// The newest ids, at most so many, oldest first; what is older than `since` is not asked for again and may be
  /// deleted. Asked once, before the first event. Thread: io.
  virtual std::vector<KnownId> ids(WallTime since, std::size_t most) = 0;
  /// An id whose event is safe: every sink that the event was offered to has acknowledged it, keeps it on a tail that
  /// is committed, or dropped it as the configuration asks for. The relay calls this for no other event, and never
  /// before: otherwise a crash would remember the id and lose the event, and its repetition would be taken for a
  /// duplicate. An id that is told again replaces what is known of it. Thread: any; must only post elsewhere.
  virtual void remember(const KnownId& id) = 0;
};

// ── of a sink ───────────────────────────────────────────────────────────────────────────────────────────────────────

/// A lane of a sink: order is kept within one stream (topic) and key.
struct LaneName {
  std::string stream, key;
  bool operator==(const LaneName&) const = default;
};

/// One record of a lane: an event or a dead letter, and its number in the order of arrival at the sink.
struct TailRecord {
  std::uint64_t number = 0;
  EventPtr event;
  std::shared_ptr<const DeadLetter> letter;
  bool notice = false;  ///< read back as a letter, for it cannot be read any more: it was one of the relay's own events
};

/// The answer to Tail::read. Without records: what was asked for has been lost meanwhile, and was told so before.
struct TailRead {
  LaneName lane;
  std::uint64_t from = 0;           ///< as asked
  std::vector<TailRecord> records;  ///< in order of their numbers
};

/// Records that lie on the tail no more, although the relay did not forget them.
struct TailLost {
  struct Record {
    std::uint64_t number = 0;
    bool notice = false;  ///< one of the relay's own events
  };
  LaneName lane;
  std::vector<Record> records;
  Dropped reason = Dropped::limit;  ///< limit: by `at_limit`; stopped: they could not be committed before the end
};

/// What a tail has to say, in the order in which it came about.
using TailNews = std::variant<TailRead, TailLost>;

/// What an earlier run left of one lane.
struct TailLeft {
  LaneName lane;
  std::uint64_t first = 0, last = 0;  ///< numbers
  std::uint64_t records = 0;          ///< among these numbers
  std::uint64_t notices = 0;          ///< of the records: the relay's own events, which are beside the book
};

/// What lies on a tail.
struct TailKept {
  std::uint64_t records = 0, notices = 0;  ///< as of TailLeft
};

/// What is done when a tail has reached its size.
enum class AtLimit : std::uint8_t {
  block,        ///< nothing more is written: memory fills, then connectors stop reading
  drop_oldest,  ///< the tail makes room and tells what it dropped
  drop_newest,  ///< the relay drops what arrives
};

struct TailSettings {
  std::uint64_t size = std::uint64_t{4} << 30;  ///< bytes on disk
  AtLimit at_limit = AtLimit::block;
};

/// The part of a sink's lanes that is kept beyond memory. One for each sink. The relay decides what lies here, and what
/// is read back when; calls take effect in the order in which they are made, so that a dead letter is kept before its
/// event is forgotten. Outlives its outbox. Thread: sink, but the `wake` of `on_news` runs on any.
class Tail {
 public:
  virtual ~Tail() = default;

  /// What earlier runs left, or the outbox before this one: with what is not committed yet. Asked before everything
  /// else; asking again, after the outbox before has gone, begins anew: answers and news of before are forgotten, and
  /// `append`s are counted from 1 again.
  virtual std::vector<TailLeft> left() = 0;

  /// Keeps one record. Numbers of a lane may come in any order: it is read in the order of numbers. The tail holds the
  /// event (and so its receipt) in memory until it is committed, and lets go of it then; what it must drop by a policy
  /// of its own or at the end, it tells the receipt as lost, and the relay by TailLost.
  virtual void append(const LaneName& lane, TailRecord record) = 0;
  /// How many `append`s, in the order of the calls, are committed: what they brought survives the process and the
  /// machine, or has been forgotten before.
  virtual std::uint64_t committed() const = 0;
  /// Asks for the records of a lane from this number on: as many as have `bytes`, at least one, whether they are
  /// committed or not. It is asked only where there is one, and once at a time for each lane. Each call is answered
  /// through `take`, at once or later. A record that cannot be read any more comes as the dead letter that says so,
  /// under the same number, and is a notice where `left` or `append` had one: of a notice the relay only counts that it
  /// is lost. Events come with the `received_steady` of their reading.
  virtual void read(const LaneName& lane, std::uint64_t from, std::size_t bytes) = 0;
  /// The next news that is there; none yet: nothing.
  virtual std::optional<TailNews> take() = 0;
  /// Called when `take` has something again, when `committed` has grown, and when `full` or `failing` has changed. Set
  /// before everything else, and again by the next outbox; an empty one: nobody listens.
  virtual void on_news(std::function<void()> wake) = 0;
  /// These records of a lane are finished: they are not read again, also not by a later run. What is forgotten before
  /// it is committed need not be written at all.
  virtual void forget(const LaneName& lane, std::uint64_t first, std::uint64_t last) = 0;

  /// At its size. The relay then holds in memory what it can, and connectors stop reading when that is full; with
  /// `drop_newest` it drops what arrives instead, and reading goes on. What must follow records that lie here is
  /// appended all the same, and waits in memory until there is room (`block`, `drop_newest`), or takes the place of the
  /// oldest (`drop_oldest`: never full for long).
  virtual bool full() const { return false; }
  /// It cannot write now, e.g. for the disk is full or broken; it tries again by itself, and meanwhile keeps in memory
  /// what it is given. The relay goes on without it as far as it can.
  virtual bool failing() const { return false; }
  /// Bytes that it holds in memory: what is not committed.
  virtual std::size_t held() const { return 0; }
  /// The end of its outbox, without another one: returns when everything is committed, or after `timeout`. What is not
  /// is lost, and told so by `take`, which may be called afterwards, and nothing else but `left`.
  virtual void close(std::chrono::milliseconds timeout) { static_cast<void>(timeout); }
  /// After `close`: what the next run will find, of all lanes. Less than was kept: somebody has destroyed it. None: it
  /// cannot be looked at.
  virtual std::optional<TailKept> kept() const { return {}; }
};

/// All of it, as the composition root hands it out.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Of a connector of this name; the same object for the same name. Lives as long as the memory.
  virtual ConnectorMemory& connector(const std::string& name) = 0;
  /// Of a sink of this name: the same object for the same name, with these settings from now on. Null: its lanes have
  /// no tail. A sentence: why there can be none, e.g. the file is of a newer version. Lives as long as the memory.
  /// Thread: main.
  virtual std::variant<Tail*, std::string> tail(const std::string& sink, const TailSettings& settings) = 0;
};

}  // namespace tributary::event
