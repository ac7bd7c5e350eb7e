#pragma once

// The envelope in which an event goes out to a channel where others listen, and the mark in it, by which relays know
// where it has been:
//
//   {"tributary":{"v":1,"origin":"relay-1","id":"<_id>","hops":1,"at":"2026-10-01T12:34:57.001Z",
//                 "kid":"2026-10","signature":"<hex>"},"event":"{…}"}
//
// Anyone who may write on the channel can write a mark. Only a signature that is verified says who did; without it a
// mark serves to drop what comes back, and for nothing else. All of this is pure: the time is an argument.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/event.hpp"

namespace tributary::event {

struct Mark {
  std::string origin;      ///< the instance that published it
  std::string id;          ///< `_id` of the event
  std::uint32_t hops = 1;  ///< how many relays have published it, this one included
  std::string at;          ///< when it was published, as written
  WallTime published{};    ///< the same
  std::string kid;         ///< names the key; "": no name
  std::string signature;   ///< 64 lowercase hex digits; "": it is not signed
};

struct Envelope {
  Mark mark;
  std::string event;  ///< the canonical JSON, byte for byte
};

/// Why a text is no envelope: a word, static storage: not_json, wrong_shape, version (of a later one).
struct NoEnvelope {
  std::string_view reason;
};

/// Reads one. Total, and bounded: it takes no memory beyond the two parts it looks for, and stops at the first thing
/// that no envelope has: a key twice, a member too many, a number that is none, a control character in a name.
std::variant<Envelope, NoEnvelope> read_envelope(std::string_view json);

/// False: this text needs no look, it is none. Cheap, for strings in which marks are looked for.
bool may_be_envelope(std::string_view text);

std::string written(const Envelope& envelope);

/// Lowercase hex of HMAC-SHA-256 over `v \n origin \n id \n hops \n at \n sha256(event)`, the last in hex. Test vectors
/// stand in mark_test.cpp.
std::string signature_of(const Envelope& envelope, std::string_view key);

/// A key by which another relay's signatures are verified.
struct TrustedKey {
  std::string origin;
  std::string kid;  ///< "": for marks of any kid, or none
  std::string key;
  bool operator==(const TrustedKey&) const = default;
};

/// What we sign with, and whom we trust. Immutable: a reload makes another one. Thread: any.
class Marks {
 public:
  /// A signature is good for so long before and after `at`: enough for clocks that are a little wrong and for messages
  /// that wait (`max_age`, resends), short enough that a recorded envelope is soon worth nothing. Within it a replay
  /// is an event that was seen: it is deduped by its id.
  static constexpr std::chrono::minutes lifetime{5};
  static constexpr std::uint32_t version = 1;
  static constexpr std::uint32_t hops_limit = 4;  ///< an event that has been published so often goes no further
  // What a mark may be at most, in bytes.
  static constexpr std::size_t origin_limit = 255, id_limit = 256, kid_limit = 64;

  struct Settings {
    std::string instance;     ///< ours: `origin` of what we publish
    std::string signing_key;  ///< "": our marks are not signed
    std::string kid;
    std::vector<TrustedKey> trusted;
    bool operator==(const Settings&) const = default;
  };
  explicit Marks(Settings settings) : settings_(std::move(settings)) {}

  enum class Standing : std::uint8_t {
    own,      ///< it names us as its origin
    trusted,  ///< signed with a key that we know for its origin, and fresh
    foreign,  ///< anything else: it may be forged
  };
  struct Judgement {
    Standing standing = Standing::foreign;
    /// foreign: why, a word, static storage: unknown_origin, unsigned, unknown_kid, wrong_signature, expired.
    std::string_view why = {};
  };
  Judgement judge(const Envelope& envelope, WallTime now) const;

  /// The envelope in which an event goes out now, signed when there is a key. `id`: as in the event's text, still
  /// escaped; `hops`: how many relays have published it before.
  std::string envelope(std::string_view id, std::uint32_t hops, std::string_view event, WallTime now) const;
  std::string envelope(const Event& event, WallTime now) const {
    return envelope(event.id_text(), event.hops, event.json_text(), now);
  }
  const std::string& instance() const { return settings_.instance; }
  bool operator==(const Marks& other) const { return settings_ == other.settings_; }

 private:
  const Settings settings_;
};

using MarksPtr = std::shared_ptr<const Marks>;

}  // namespace tributary::event
