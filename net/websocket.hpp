#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/dial_target.hpp"
#include "net/reason.hpp"
#include "net/upgrade.hpp"

namespace boost::asio {
class io_context;
}

namespace tributary::net {

/// What a websocket tells its owner. Called on the io thread from the event loop, never from inside a call of the owner
/// into the socket; a listener may call any method of the socket, also `abort` and `detach`, from here.
class WebSocketListener {
 public:
  WebSocketListener() = default;
  WebSocketListener(const WebSocketListener&) = delete;
  WebSocketListener& operator=(const WebSocketListener&) = delete;
  virtual ~WebSocketListener() = default;
  virtual void on_open(std::string_view subprotocol) = 0;
  /// One whole message; `payload` lives only during the call. Text is NOT checked for UTF-8 here: codecs repair it.
  virtual void on_message(std::string_view payload, bool binary) = 0;
  virtual void on_pong() = 0;
  /// What was sent has gone out so far that there is room again: see `send_text` and `tell_drained`.
  virtual void on_drained() {}
  /// All messages of one read were delivered: a place to publish ledgers or look at back-pressure once per read.
  virtual void on_read_end() {}
  /// Exactly once, last. Also when the dial failed.
  virtual void on_end(Ending ending) = 0;
};

/// One websocket, client side or an accepted one.
/// Owned by shared_ptr (pending I/O keeps it alive too); the listener must outlive it or be taken away with `detach`.
/// Failures: every one ends in `on_end` with a reason. Thread: io.
class WebSocket {
 public:
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  virtual ~WebSocket() = default;

  /// The most that may wait for a peer that does not read, in bytes. Our pongs to such a peer are no exception: 64 KiB
  /// more of them end the connection with reason `reset`.
  static constexpr std::size_t unsent_limit = 16u << 20;
  /// Takes the payload over, whole, or says false: nothing of it is sent, and the socket lives. That is so before
  /// on_open, after `close`, and when more than unsent_limit bytes would wait; in the last case `on_drained` follows
  /// once there are fewer than half as many, and what to do meanwhile is the owner's to decide. A larger payload is
  /// never taken. What is taken may still be lost with the connection.
  /// Text must be UTF-8, which is not checked.
  virtual bool send_text(std::string_view payload) = 0;
  virtual bool send_binary(std::string_view payload) = 0;
  /// Calls `on_drained` once, from the event loop, when fewer than this many bytes wait; soon, when that is so already.
  /// A second call before it replaces the number. Not after the socket was closed.
  virtual void tell_drained(std::size_t below) = 0;
  virtual void send_ping() = 0;
  /// Close handshake with deadline (close_timeout); `on_end` follows with reason `closed` (before the socket is open:
  /// at once, reason `stopped`). Reading goes on if it was paused; no message is delivered any more.
  virtual void close(int code, std::string_view reason) = 0;
  /// Hard end, at once; `on_end` follows from the event loop.
  virtual void abort(Ending ending) = 0;
  /// May still deliver what has been read (a few KiB). Sending goes on; the end of the stream is not noticed meanwhile.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  /// Bytes accepted for sending and not yet written to the kernel.
  virtual std::size_t unsent_bytes() const = 0;
  /// False before on_open, after `close`, and once a write has failed: the end follows, and nothing goes out any more.
  virtual bool writable() const = 0;
  /// No call-backs any more, not even on_end. The connection itself goes on: `abort` or `close` it as well.
  virtual void detach() = 0;

 protected:
  WebSocket() = default;
};

/// Dials; returns at once. `io` must outlive the socket. TCP (all addresses of the name, Happy Eyeballs), proxy, TLS
/// and upgrade together have `dial_timeout`.
std::shared_ptr<WebSocket> dial(boost::asio::io_context& io, const DialTarget& target, WebSocketListener& listener);

/// Certificate and key of a TLS server; both empty: plain.
struct ServerTls {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< not empty: a client certificate of this CA is demanded
};

/// A websocket server for simulators and tests. Destroying it is `stop`. Thread: io.
class WebSocketServer {
 public:
  using Upgrade = std::function<UpgradeAnswer(const UpgradeRequest&)>;
  /// `opened` gets the socket of an answer with a listener, before its on_open.
  using Opened = std::function<void(std::shared_ptr<WebSocket>, WebSocketListener*)>;

  WebSocketServer() = default;
  WebSocketServer(const WebSocketServer&) = delete;
  WebSocketServer& operator=(const WebSocketServer&) = delete;
  virtual ~WebSocketServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual void stop() = 0;  ///< stops listening and ends all sockets, reason `stopped`

  struct Settings {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    ServerTls tls;
    std::size_t frame_limit = 4u << 20;
  };
  /// Throws std::system_error when the port cannot be had, std::invalid_argument when host or certificate are none.
  static std::unique_ptr<WebSocketServer> listen(boost::asio::io_context& io, const Settings& settings, Upgrade upgrade,
                                                 Opened opened);
};

}  // namespace tributary::net
