#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/reason.hpp"
#include "net/stream.hpp"
#include "net/websocket.hpp"
#include "text/url.hpp"

namespace tributary::net {

/// One attempt to open a byte stream to the server of a URL: TCP by all its addresses, through an HTTP proxy's CONNECT
/// when there is one, with TLS when the URL is secure.
/// Kept alive by its pending I/O. The handler is called once, from the event loop, unless cancelled; there is no
/// deadline here. Thread: io.
class StreamAttempt {
 public:
  struct Target {
    text::Url url;
    std::string proxy;  ///< http://user:password@host:port, empty: none
    TlsSettings tls;
  };
  /// The stream, or why there is none: `unresolved_host`, `connect_refused`, `proxy_refused` or `tls_failed`.
  using Handler = std::function<void(std::optional<Stream>, Ending)>;

  virtual ~StreamAttempt() = default;
  virtual void cancel() = 0;
  /// What it is doing, for the words of a timeout: "resolving live.example", "TLS handshake".
  virtual std::string doing() const = 0;

  static std::shared_ptr<StreamAttempt> start(boost::asio::io_context& io, Target target, Handler handler);
};

}  // namespace tributary::net
