#pragma once

#include <string>
#include <string_view>

namespace tributary::net {

/// Why a connection ended or could not begin. The list is closed: every end has exactly one of these, in logs, metrics
/// and `connectorDown`; docs/TROUBLESHOOTING.md has one row for each. Names are part of the contract.
enum class Reason {
  none,
  // before the connection stands
  unresolved_host,  ///< the name has no address
  connect_refused,  ///< every address refused or was unreachable
  dial_timeout,     ///< TCP, TLS, proxy and upgrade together took longer than timeouts.dial
  tls_failed,       ///< certificate, host name or handshake refused, by either side
  proxy_refused,    ///< the HTTP CONNECT proxy said no
  upgrade_refused,  ///< an HTTP answer other than 101, or a refusal written after the 101
  // before it is live
  handshake_timeout,      ///< open, but the upstream's own greeting did not finish within timeouts.handshake
  engine_io_mismatch,     ///< the server speaks another Engine.IO version than configured
  credential_unreadable,  ///< the secret cannot be read: parked until it changes
  credential_refused,     ///< the upstream said no to the credential: retried slowly, at once when it changes
  credential_expired,     ///< the credential says of itself that it has expired
  wrong_channel,          ///< authenticated, but for another channel than configured
  // while it stands
  pong_timeout,       ///< no websocket pong within timeouts.pong
  heartbeat_timeout,  ///< the protocol's own heartbeat stopped
  idle_timeout,       ///< nothing at all for timeouts.idle
  disconnected,       ///< the upstream said goodbye in its own protocol
  closed,             ///< a websocket close frame
  eof,                ///< TCP ended without a close frame
  reset,              ///< TCP was reset, or another socket error
  protocol_error,     ///< not a websocket, or not this upstream's protocol
  frame_too_large,    ///< a frame over frame_limit
  internal,           ///< a fault of this program, not of the upstream
  backpressure,       ///< the sinks were full for longer than limits.pause
  stopped,            ///< by us: stop, reload or end of the program
};

/// The contract's name of a reason, e.g. "connect_refused".
std::string_view name(Reason reason) noexcept;

/// How a connection ended: one reason and words for a person (no secrets, at most 300 bytes).
struct Ending {
  Reason reason = Reason::none;
  std::string detail;
  int close_code = 0;           ///< websocket close code, 0 when there was none
  int retry_after_seconds = 0;  ///< from a `Retry-After` header of a refused upgrade, 0 when there was none
  int http_status = 0;          ///< of a refused upgrade, 0 when there was none
  bool slow = false;            ///< the upstream means it: the slow ladder, whatever the reason
};

}  // namespace tributary::net
