#include "net/reason.hpp"

namespace tributary::net {

std::string_view name(Reason reason) noexcept {
  switch (reason) {
    case Reason::none:
      return "none";
    case Reason::unresolved_host:
      return "unresolved_host";
    case Reason::connect_refused:
      return "connect_refused";
    case Reason::dial_timeout:
      return "dial_timeout";
    case Reason::tls_failed:
      return "tls_failed";
    case Reason::proxy_refused:
      return "proxy_refused";
    case Reason::upgrade_refused:
      return "upgrade_refused";
    case Reason::handshake_timeout:
      return "handshake_timeout";
    case Reason::engine_io_mismatch:
      return "engine_io_mismatch";
    case Reason::credential_unreadable:
      return "credential_unreadable";
    case Reason::credential_refused:
      return "credential_refused";
    case Reason::credential_expired:
      return "credential_expired";
    case Reason::wrong_channel:
      return "wrong_channel";
    case Reason::pong_timeout:
      return "pong_timeout";
    case Reason::heartbeat_timeout:
      return "heartbeat_timeout";
    case Reason::idle_timeout:
      return "idle_timeout";
    case Reason::disconnected:
      return "disconnected";
    case Reason::closed:
      return "closed";
    case Reason::eof:
      return "eof";
    case Reason::reset:
      return "reset";
    case Reason::protocol_error:
      return "protocol_error";
    case Reason::frame_too_large:
      return "frame_too_large";
    case Reason::internal:
      return "internal";
    case Reason::backpressure:
      return "backpressure";
    case Reason::stopped:
      return "stopped";
  }
  return "none";
}

}  // namespace tributary::net
