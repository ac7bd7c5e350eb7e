#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/draft_writer.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::dlive {

/// One frame of the legacy graphql-ws protocol, taken apart. Views into the Codec, until its next `read`.
struct Packet {
  enum class Kind : std::uint8_t {
    ack,               ///< connection_ack
    connection_error,  ///< the connection is refused; see `words`
    keep_alive,        ///< ka
    data,              ///< see `messages` of the Codec
    error,             ///< the subscription has failed; see `words`
    complete,          ///< the subscription is over
    unknown,           ///< of a type this protocol does not know
    malformed,         ///< told the Outcome
  };
  Kind kind = Kind::unknown;
  std::string id;     ///< "" when missing
  std::string words;  ///< of an error, for people: its first message, clipped; of all others: of its `errors`
  Value data;         ///< `payload.data`, of whatever kind the frame is
};

/// A chat message, as somebody has to look at it who wants to know whose it is. "" for what it does not say.
struct ChatWords {
  std::string id, user, words;
};

/// Frames of the subscription socket → packets, and the messages in them → canonical events, by the tables in this
/// folder's README.
/// Owner: one protocol. Thread: its owner's. Failure: what cannot be understood is FrameKind::malformed in the Outcome.
class Codec {
 public:
  Codec(std::string_view connector, std::size_t nesting);

  const Packet& read(std::string_view frame, Outcome& outcome);

  /// What the data of the packet just read is about: a member of it is one field of the subscription root. True when
  /// one of them is of ours, `streamMessageReceived` (`chest` false) or `treasureChestMessageReceived`.
  bool has_field(bool chest);
  /// The messages in that packet, as events of `streamer`. Null and what is no object is passed over; a chat message
  /// for which `is_own` says true is ignored as our own.
  using IsOwn = std::function<bool(const ChatWords& chat)>;
  void messages(std::string_view streamer, const event::Now& now, Outcome& outcome, const IsOwn& is_own = {});

 private:
  void message(const Value& value, std::string_view streamer, const event::Now& now, Outcome& outcome,
               const IsOwn& is_own);
  void person(const Object& message);
  void gift(const Object& message);
  void number(const Object& message, std::string_view field, std::string_view name);
  void write_facts(std::string_view type, const Object& message);
  bool mapped(std::string_view key) const;
  void map(std::string_view key);
  void read_result(const Object& frame, const Value& payload);
  void malformed(std::string_view reason, std::string detail, Outcome& outcome);

  JsonText json_;
  JsonParts parts_;
  DraftWriter writer_;
  Packet packet_;
  std::vector<std::string_view> mapped_;  ///< members of the message being written that need no detail
};

/// The canonical type of an upstream type, `ChatText` or `Message`; "" for an unknown one.
std::string_view canonical_type(std::string_view upstream_type);
/// Every canonical type there is, `unknown` too; each once.
std::vector<std::string_view> canonical_types();

}  // namespace tributary::connectors::dlive
