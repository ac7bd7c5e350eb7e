#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/reason.hpp"
#include "net/upgrade.hpp"

namespace tributary::net {

/// The websocket protocol between bytes and messages, without any I/O: bytes go in by `receive`, come out by
/// `Events::write`. The one place that knows the protocol library, which this header does not show.
///
/// Owned by one connection, which must not destroy it from inside one of its events. Timers, TCP and back-pressure are
/// the owner's. Failures: `ending()` has a value, once; the closing frame, if any, has been written by then.
/// Text is not checked for UTF-8. No extension is offered or accepted. Thread: its owner's.
class WebSocketEngine {
 public:
  /// What happens while bytes are received. An exception out of an event ends the connection.
  class Events {
   public:
    Events() = default;
    Events(const Events&) = delete;
    Events& operator=(const Events&) = delete;
    /// Also called from `start`, `send`, `ping` and `close`. The pieces live only during the call.
    virtual void write(const std::string_view* pieces, std::size_t count) = 0;
    /// Server: decides on a request. Sets nothing up when the answer is not 101.
    virtual UpgradeAnswer upgrade(const UpgradeRequest& request) = 0;
    virtual void opened(std::string_view subprotocol) = 0;
    virtual void message(std::string_view payload, bool binary) = 0;
    virtual void pong() = 0;

   protected:
    ~Events() = default;
  };

  /// What a client asks for.
  struct Request {
    bool secure = false;
    std::string host;  ///< IPv6 literals in brackets
    unsigned short port = 0;
    std::string target;
    Headers headers;
    std::vector<std::string> subprotocols;
  };

  static std::unique_ptr<WebSocketEngine> client(const Request& request, std::size_t frame_limit, Events& events);
  static std::unique_ptr<WebSocketEngine> server(std::size_t frame_limit, Events& events);

  WebSocketEngine(const WebSocketEngine&) = delete;
  WebSocketEngine& operator=(const WebSocketEngine&) = delete;
  virtual ~WebSocketEngine() = default;

  /// A client writes its request.
  virtual void start() = 0;
  /// Decodes, and says how many bytes were used: all of them, unless paused or ended meanwhile.
  virtual std::size_t receive(std::string_view bytes) = 0;
  /// The byte stream ended; may complete a refusal whose body lasts until then.
  virtual void end_of_stream() = 0;
  /// Stops `receive` after the bytes already inside (at most a few KiB).
  virtual void pause(bool paused) = 0;

  /// These do nothing before the connection is open or after it is closing.
  virtual void send(std::string_view payload, bool binary) = 0;
  virtual void ping() = 0;
  virtual void close(int code, std::string_view reason) = 0;

  virtual bool is_open() const = 0;
  virtual const std::optional<Ending>& ending() const = 0;

 protected:
  WebSocketEngine() = default;
};

}  // namespace tributary::net
