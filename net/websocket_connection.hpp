#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/thread_check.hpp"
#include "net/stream.hpp"
#include "net/websocket.hpp"
#include "net/websocket_engine.hpp"

namespace tributary::net {

/// What a dialled and an accepted websocket share: a stream and an engine, joined. The client and the server part
/// prepare a stream and call `run`.
/// Owned by shared_ptr: its pending I/O and its owner. Thread: io.
class WebSocketConnection : public WebSocket,
                            public std::enable_shared_from_this<WebSocketConnection>,
                            protected WebSocketEngine::Events {
 public:
  bool send_text(std::string_view payload) final;
  bool send_binary(std::string_view payload) final;
  void tell_drained(std::size_t below) final;
  void send_ping() final;
  void close(int code, std::string_view reason) final;
  void abort(Ending ending) final;
  void pause_reading() final;
  void resume_reading() final;
  std::size_t unsent_bytes() const final { return outgoing_.size() - outgoing_offset_; }
  bool writable() const final { return open_ && !closing_ && !ended_ && write_fault_.empty(); }
  void detach() final { listener_ = nullptr; }

 protected:
  WebSocketConnection(boost::asio::io_context& io, WebSocketListener* listener, std::chrono::milliseconds close_timeout)
      : io_(io), deadline_(io), listener_(listener), close_timeout_(close_timeout) {}

  /// The stream is ready and the engine made: writes the request, if any, and reads from now on.
  void run();
  /// Ends everything at once and tells the listener; from the event loop only.
  void fail(Ending ending);
  /// The same with the words given.
  void fail(Reason reason, std::string_view detail);
  /// What it was that a failure before on_open interrupted, e.g. "upgrade".
  virtual std::string stage() const = 0;
  /// Called once when the connection is over, before the listener hears of it.
  virtual void over() {}

  bool ended() const { return ended_; }
  void set_listener(WebSocketListener* listener) { listener_ = listener; }

  boost::asio::io_context& io_;
  boost::asio::steady_timer deadline_;
  std::optional<Stream> stream_;
  std::unique_ptr<WebSocketEngine> engine_;

 private:
  void write(const std::string_view* pieces, std::size_t count) final;
  void opened(std::string_view subprotocol) final;
  void message(std::string_view payload, bool binary) final;
  void pong() final;

  bool send(std::string_view payload, bool binary);
  void wait_readable(Stream::Status want);
  void read_on();
  void readable();
  void drain();
  void deliver(std::string_view bytes);
  void deliver_held();
  void stream_ended();
  void stream_failed();
  void look_at_engine();
  void flush();
  void flush_soon();
  void look_at_drain();
  void finish(Ending ending);
  void linger();
  void tell(Ending ending);

  [[no_unique_address]] event::ThreadCheck thread_;
  WebSocketListener* listener_;
  std::chrono::milliseconds close_timeout_;
  std::string outgoing_;
  std::size_t outgoing_offset_ = 0;
  std::size_t drained_below_ = 0;  ///< on_drained is due once fewer bytes wait; 0: nobody waits for it
  std::string held_;               ///< read but not decoded, because reading was paused in between
  std::string write_fault_;        ///< writing failed; reading may still tell why
  bool open_ = false;
  bool closing_ = false;
  bool ended_ = false;
  bool paused_ = false;
  bool receiving_ = false;
  bool overflowed_ = false;  ///< the peer has us answer more than it reads
  bool read_waiting_ = false;
  bool write_waiting_ = false;
  bool flush_posted_ = false;
  bool write_shut_ = false;
};

}  // namespace tributary::net
