#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include "net/reason.hpp"
#include "net/upgrade.hpp"
#include "net/websocket.hpp"

namespace tributary::net {

/// One HTTP/1.1 request, whole.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://; user info becomes Basic authorization
  Headers headers;
  std::string body;
  TlsSettings tls;
  std::string proxy;                          ///< http://user:password@host:port, empty: none
  std::chrono::milliseconds timeout{10'000};  ///< for all of it
  std::size_t limit = 1u << 20;               ///< bytes of the answer's body
};

struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;
};

/// One question over HTTP and its answer, on a connection of its own; redirects are not followed.
/// Kept alive by its pending I/O. The handler is called once, from the event loop, unless cancelled: with the answer,
/// whatever its status, or with why there is none: the reasons of a dial, `eof`, `reset`, `protocol_error`,
/// `frame_too_large` for a body over the limit, `dial_timeout` for all that took too long. Thread: io.
class HttpExchange {
 public:
  using Result = std::variant<HttpAnswer, Ending>;
  using Handler = std::function<void(Result)>;

  virtual ~HttpExchange() = default;
  virtual void cancel() = 0;

  static std::shared_ptr<HttpExchange> start(boost::asio::io_context& io, const HttpRequest& request, Handler handler);
};

}  // namespace tributary::net
