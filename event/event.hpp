#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/receipt.hpp"
#include "text/time.hpp"

namespace tributary::event {

using SteadyTime = std::chrono::steady_clock::time_point;
using text::WallTime;

/// Both clocks at one moment. Deciding code takes it as an argument and never reads a clock.
struct Now {
  SteadyTime steady;
  WallTime wall;
};

/// Which family of topics an event belongs to.
enum class Kind : std::uint8_t {
  activity,  ///< something a viewer did: `topics.events`
  state,     ///< `stateUpdate`, `stateReset`: `topics.state`
  notice,    ///< the relay's own (`connectorUp`, `gap`, …): `topics.relay`
};

/// A part of an event's text, by place, so that it survives the text being moved.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  std::string_view of(std::string_view text) const { return text.substr(offset, size); }
};

/// An event on its way into the relay: canonical JSON written up to and including `relay.receivedAt`, with the last
/// brace of `relay` and of the event missing. The relay dedupes, numbers and closes it (relay/finish).
/// Made by a codec, moved into the Intake. Thread: its owner's.
struct Draft {
  Kind kind = Kind::activity;
  std::string text;         ///< `{"_id":"…",…,"relay":{…,"receivedAt":"…"`
  Slice id;                 ///< the 24 characters (or as sent) of `_id`, inside its quotes
  bool identified = false;  ///< `_id` comes from an upstream id: dedupe by it. Else 24 zeros, to be filled by the relay
  Slice type;               ///< values, inside their quotes and therefore JSON-escaped
  Slice provider;
  Slice created_at;
  std::string_view source;       ///< the kind of upstream, as in the event: static storage
  std::string upstream_channel;  ///< plain text, not escaped
  std::string key_suffix;        ///< state: the session value's name; else empty
  WallTime created{};
  /// The upstream's own time of the last change; none where it sends none: no substitute of ours tells an update from a
  /// repeat.
  std::optional<WallTime> updated;
  bool flagged = false;
  bool flagged_said = false;   ///< by the upstream; else `flagged` is our default
  bool test = false;           ///< adds `relay.test: true`, and is not deduped
  bool backfilled = false;     ///< fetched after a gap: adds `relay.backfilled: true`
  bool foreign_mark = false;   ///< see Event
  std::uint32_t hops = 0;      ///< see Event; `relay` in `text` says so already
  std::uint32_t repaired = 0;  ///< invalid UTF-8 bytes replaced by U+FFFD
  ReceiptPtr receipt;          ///< of an input that acknowledges; else null
};

/// One canonical event. Immutable once made, shared between sinks. Thread: any.
struct Event {
  Kind kind = Kind::activity;
  bool marked = false;  ///< passes the marker schema that the pipeline was given
  bool test = false;
  bool update = false;
  /// It carries the mark of a relay that could not be verified: whatever it claims to be, it is content of the channel
  /// where it was heard, and is never said on any channel.
  bool foreign_mark = false;
  std::uint32_t hops = 0;  ///< how many relays it came through; 0: heard first hand
  std::string text;        ///< the canonical bytes, followed by the key: one allocation
  Slice json;
  Slice key;               ///< `<source>:<upstreamChannel>[:<name>]`
  Slice upstream_channel;  ///< plain text, within the key
  Slice id;
  Slice type;
  Slice provider;
  Slice created_at;
  std::string_view source;  ///< static storage
  std::shared_ptr<const std::string> connector;
  WallTime created{};
  WallTime received{};
  SteadyTime received_steady{};
  std::uint64_t sequence = 0;
  ReceiptPtr receipt;

  std::string_view json_text() const { return json.of(text); }
  std::string_view key_text() const { return key.of(text); }
  std::string_view id_text() const { return id.of(text); }
  std::string_view type_text() const { return type.of(text); }
  std::string_view provider_text() const { return provider.of(text); }
  std::string_view created_at_text() const { return created_at.of(text); }
  std::string_view upstream_channel_text() const { return upstream_channel.of(text); }
  /// What it holds of a sink's `memory`: itself, and what the outbox and a Kafka client keep beside it (measured: some
  /// 700 bytes for a record with eight headers).
  std::size_t bytes() const { return sizeof(Event) + text.capacity() + 700; }
};

using EventPtr = std::shared_ptr<const Event>;

}  // namespace tributary::event
