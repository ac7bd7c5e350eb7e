#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/upgrade.hpp"
#include "net/websocket.hpp"

namespace boost::asio {
class io_context;
}

namespace tributary::net {

/// One HTTP/1.1 request, whole, as a server sees it.
struct ServedRequest {
  std::string method;
  std::string target;  ///< path and query
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return header_value(headers, name); }
};

struct ServedReply {
  int status = 200;
  Headers headers;
  std::string body;
  bool reset = false;  ///< the connection ends without an answer
};

/// An HTTP server for simulators and tests: one request on each connection, read within 10 s. Destroying it is `stop`.
/// Thread: io.
class HttpServer {
 public:
  using Reply = std::function<void(ServedReply)>;
  /// Called with each request; `reply` may be called later, once, also when the client or the server has gone.
  using Serve = std::function<void(const ServedRequest& request, Reply reply)>;

  struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    ServerTls tls;
    std::size_t body_limit = 1u << 20;
  };

  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;  ///< stops listening and ends all connections

  /// Throws std::system_error when the port cannot be had, std::invalid_argument when host or certificate are none.
  static std::unique_ptr<HttpServer> listen(boost::asio::io_context& io, const Settings& settings, Serve serve);
};

}  // namespace tributary::net
