#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::connectors::streamelements {

/// One websocket text message of Engine.IO 3 or 4 with the Socket.IO packet in it, cut at its header. The JSON behind
/// the header is not looked at. A value; `name_space` and `body` point into the message. Thread: any.
///
/// Source: the Engine.IO and Socket.IO protocol documents; recordings of socket.io 2.2.0.
struct Packet {
  enum class Kind : std::uint8_t {
    broken,        ///< not an Engine.IO packet; `fault` says why
    open,          ///< 0{…}
    close,         ///< 1
    ping,          ///< 2[data]
    pong,          ///< 3[data]
    upgrade,       ///< 5
    noop,          ///< 6
    connect,       ///< 40[/ns,][json]
    disconnect,    ///< 41[/ns,]
    event,         ///< 42[/ns,][id][…]
    ack,           ///< 43[/ns,]id[…]
    error,         ///< 44[/ns,]json
    binary_event,  ///< 45n-[/ns,][id][…], n binary messages follow
    binary_ack,    ///< 46n-[/ns,]id[…], n binary messages follow
  };
  Kind kind = Kind::broken;
  std::string_view fault;
  std::string_view name_space;    ///< "" for the default one, "/" too
  std::string_view ack_id;        ///< digits; "" when no answer is wanted
  std::uint32_t attachments = 0;  ///< binary messages that follow
  std::string_view body;          ///< JSON, or the data of a ping

  static Packet read(std::string_view message);
};

/// More attachments than this are no Socket.IO packet of ours.
inline constexpr std::uint32_t attachment_limit = 1024;

/// `42["authenticate",{"method":…,"token":…}]`
std::string authenticate_message(std::string_view method, std::string_view token);
/// `43<id>[]`: yes, heard.
std::string ack_message(std::string_view ack_id);

}  // namespace tributary::connectors::streamelements
