#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

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
  std::string peer;  ///< the client's address, without its port

  std::string header(std::string_view name) const { return header_value(headers, name); }
};

/// The rest of an answer whose end is open. It may be held on to after its connection; then it does nothing. Thread:
/// io.
class ServedStream {
 public:
  virtual ~ServedStream() = default;
  /// Never waits: what the client does not take is kept, at most `HttpServer::stream_limit` bytes; above that the
  /// connection is ended. False: it has ended.
  virtual bool write(std::string_view bytes) = 0;
  /// Bytes that the client has yet to take.
  virtual std::size_t waiting() const = 0;
  /// Ends the answer, once all of it is written.
  virtual void end() = 0;
  /// Called once when the connection ends for whatever reason, also at once when it has; replaces the one before.
  virtual void when_gone(std::function<void()> gone) = 0;
};

struct ServedReply {
  int status = 200;
  Headers headers;
  std::string body;
  bool reset = false;  ///< the connection ends without an answer
  /// Set: `body` is only the beginning. Called once, with the rest, after `body` was handed over; not for HEAD.
  std::function<void(std::shared_ptr<ServedStream>)> stream = {};
};

/// An HTTP server: one request at a time on each connection, each read within 10 s, each answer taken within 30 s.
/// Destroying it is `stop`. What is no request gets 400, 413 or 431 with a sentence. Thread: io.
class HttpServer {
 public:
  static constexpr std::size_t stream_limit = 512 * 1024;

  using Reply = std::function<void(ServedReply)>;
  /// Called with each request; `reply` may be called later, once, also when the client or the server has gone.
  using Serve = std::function<void(const ServedRequest& request, Reply reply)>;

  struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    ServerTls tls;
    std::size_t body_limit = 1u << 20;
    bool keep_alive = false;      ///< for the next request, for two minutes
    std::size_t connections = 0;  ///< more: the one that has been without a request for the longest ends; 0: any number
    Headers headers = {};         ///< of every answer
  };

  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop_listening() = 0;  ///< the connections that it has go on
  virtual void stop() = 0;            ///< stops listening and ends all connections

  /// Throws std::system_error when the port cannot be had, std::invalid_argument when host or certificate are none.
  static std::unique_ptr<HttpServer> listen(boost::asio::io_context& io, const Settings& settings, Serve serve);
};

}  // namespace tributary::net
