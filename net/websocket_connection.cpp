#include "net/websocket_connection.hpp"
#include "text/printable.hpp"

#include <boost/asio/post.hpp>
#include <utility>

namespace tributary::net {

using boost::system::error_code;

namespace {

constexpr const char* full_queue = "the send queue is full, the upstream does not read";
constexpr std::size_t control_allowance = 64 * 1024;  ///< pongs and closes beyond unsent_limit
constexpr int reads_per_turn = 4;                     ///< then other connections get theirs
constexpr std::size_t kept_capacity = 256;            ///< of the write buffer while there is nothing to write

std::string in_milliseconds(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

}  // namespace

// What the owner calls. Nothing here calls the listener back.

bool WebSocketConnection::send_text(std::string_view payload) { return send(payload, false); }

bool WebSocketConnection::send_binary(std::string_view payload) { return send(payload, true); }

bool WebSocketConnection::send(std::string_view payload, bool binary) {
  thread_.check();
  if (!open_ || closing_ || ended_) return false;
  if (unsent_bytes() + payload.size() > unsent_limit) {
    if (drained_below_ == 0) tell_drained(unsent_limit / 2);
    return false;
  }
  engine_->send(payload, binary);
  return true;
}

void WebSocketConnection::tell_drained(std::size_t below) {
  if (!open_ || closing_ || ended_) return;
  drained_below_ = below;
  if (unsent_bytes() < below) flush_soon();
}

void WebSocketConnection::send_ping() {
  if (open_ && !closing_ && !ended_) engine_->ping();
}

void WebSocketConnection::close(int code, std::string_view reason) {
  if (ended_ || closing_) return;
  if (!open_) return abort({Reason::stopped, "closed by us before it was open", 0, 0});
  closing_ = true;
  engine_->close(code, reason);
  deadline_.expires_after(close_timeout_);
  deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (cancelled || self->ended_) return;
    self->fail(Reason::closed, "no answer to our close frame within " + in_milliseconds(self->close_timeout_));
  });
  resume_reading();
}

void WebSocketConnection::abort(Ending ending) {
  if (ended_) return;
  ended_ = true;
  open_ = false;
  deadline_.cancel();
  if (stream_) stream_->close();
  over();
  boost::asio::post(io_, [self = shared_from_this(), ending = std::move(ending)] { self->tell(ending); });
}

void WebSocketConnection::pause_reading() {
  if (closing_) return;
  paused_ = true;
  if (engine_) engine_->pause(true);
}

void WebSocketConnection::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (engine_) engine_->pause(false);
  boost::asio::post(io_, [self = shared_from_this()] { self->deliver_held(); });
}

// Reading.

void WebSocketConnection::run() {
  thread_.check();
  if (paused_) engine_->pause(true);
  engine_->start();
  look_at_engine();
  if (ended_) return;
  flush();
  read_on();
}

/// Reads on after a break: what TLS has buffered meanwhile does not make the descriptor readable.
void WebSocketConnection::read_on() {
  if (!stream_->has_buffered()) return wait_readable(Stream::Status::want_read);
  boost::asio::post(io_, [self = shared_from_this()] {
    if (!self->read_waiting_) self->readable();
  });
}

void WebSocketConnection::wait_readable(Stream::Status want) {
  if (read_waiting_) return;
  read_waiting_ = true;
  stream_->wait(want, [self = shared_from_this()](error_code cancelled) {
    self->read_waiting_ = false;
    if (!cancelled) self->readable();
  });
}

void WebSocketConnection::readable() {
  thread_.check();
  if (ended_) return drain();
  if (paused_ || !held_.empty()) return;  // what is held comes first, deliver_held is on its way
  const auto buffer = shared_read_buffer();
  for (int turn = 0; turn < reads_per_turn; ++turn) {
    const auto [status, size] = stream_->read(buffer);
    if (size != 0) deliver({buffer.data(), size});
    if (ended_ || paused_ || !held_.empty()) return;
    if (status == Stream::Status::end) return stream_ended();
    if (status == Stream::Status::failed) return stream_failed();
    if (status != Stream::Status::done) return wait_readable(status);
  }
  read_on();
}

void WebSocketConnection::deliver(std::string_view bytes) {
  receiving_ = true;
  const std::size_t used = engine_->receive(bytes);
  receiving_ = false;
  if (ended_) return;
  if (open_ && !closing_ && listener_ != nullptr) listener_->on_read_end();
  if (ended_) return;
  if (overflowed_) return fail(Reason::reset, full_queue);
  look_at_engine();
  if (ended_) return;
  if (used < bytes.size()) held_.assign(bytes.substr(used));
  flush();
  look_at_drain();
}

void WebSocketConnection::deliver_held() {
  if (ended_ || paused_ || !stream_ || !engine_) return;
  if (!held_.empty()) {
    const std::string held = std::exchange(held_, std::string());
    deliver(held);
  }
  if (!ended_ && !paused_) read_on();
}

void WebSocketConnection::look_at_engine() {
  if (engine_->ending()) finish(*engine_->ending());
}

void WebSocketConnection::stream_ended() {
  engine_->end_of_stream();
  look_at_engine();
  if (ended_) return;
  if (closing_) return fail(Reason::closed, "TCP ended without an answer to our close frame");
  if (!write_fault_.empty()) return fail(Reason::reset, write_fault_);
  fail(Reason::eof, open_ ? "TCP ended without a close frame" : "TCP ended during the " + stage());
}

void WebSocketConnection::stream_failed() {
  engine_->end_of_stream();
  look_at_engine();
  if (ended_) return;
  if (closing_) return fail(Reason::closed, "instead of an answer to our close frame: " + stream_->fault());
  if (stream_->tls_failed() && !open_) return fail(Reason::tls_failed, stream_->fault());
  fail(Reason::reset, open_ ? stream_->fault() : "during the " + stage() + ": " + stream_->fault());
}

// What the engine says.

void WebSocketConnection::write(const std::string_view* pieces, std::size_t count) {
  if (ended_ || !write_fault_.empty()) return;
  for (std::size_t i = 0; i < count; ++i) outgoing_ += pieces[i];
  if (unsent_bytes() > unsent_limit + control_allowance) overflowed_ = true;
  if (!receiving_) flush_soon();
}

void WebSocketConnection::opened(std::string_view subprotocol) {
  if (ended_) return;
  deadline_.cancel();
  open_ = true;
  if (unsent_bytes() == 0) outgoing_ = std::string();  // the request was the longest that is said for a long time
  if (listener_ != nullptr) listener_->on_open(subprotocol);
}

void WebSocketConnection::message(std::string_view payload, bool binary) {
  if (!ended_ && !closing_ && listener_ != nullptr) listener_->on_message(payload, binary);
}

void WebSocketConnection::pong() {
  if (!ended_ && !closing_ && listener_ != nullptr) listener_->on_pong();
}

// Writing.

/// Everything sent during one turn of the event loop goes out together.
void WebSocketConnection::flush_soon() {
  if (flush_posted_) return;
  flush_posted_ = true;
  boost::asio::post(io_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
    self->look_at_drain();
  });
}

void WebSocketConnection::flush() {
  thread_.check();
  if (write_waiting_ || write_shut_ || !stream_ || unsent_bytes() == 0) return;
  const auto [status, size] = stream_->write(std::string_view(outgoing_).substr(outgoing_offset_));
  outgoing_offset_ += size;
  if (unsent_bytes() == 0 || status == Stream::Status::failed || status == Stream::Status::end) {
    outgoing_.clear();
    outgoing_offset_ = 0;
    if (outgoing_.capacity() > kept_capacity) outgoing_ = std::string();
  } else if (outgoing_offset_ >= outgoing_.size() / 2) {
    outgoing_.erase(0, std::exchange(outgoing_offset_, 0));
  }
  if (status == Stream::Status::failed || status == Stream::Status::end) {
    write_fault_ = stream_->fault().empty() ? "the upstream reads no more" : stream_->fault();
    if (ended_) return stream_->close();
    if (paused_) fail(Reason::reset, write_fault_);
    return;  // what can still be read may say why
  }
  if (unsent_bytes() != 0) {
    write_waiting_ = true;
    stream_->wait(status, [self = shared_from_this()](error_code cancelled) {
      self->write_waiting_ = false;
      if (cancelled) return;
      self->flush();
      self->look_at_drain();
    });
  } else if (ended_) {
    linger();
  }
}

/// Tells who waits for room; from the event loop, once nothing else is under way.
void WebSocketConnection::look_at_drain() {
  if (drained_below_ == 0 || unsent_bytes() >= drained_below_ || !writable()) return;
  drained_below_ = 0;
  if (listener_ != nullptr) listener_->on_drained();
}

// Ending.

void WebSocketConnection::fail(Reason reason, std::string_view detail) {
  fail(Ending{reason, std::string(detail), 0, 0});
}

void WebSocketConnection::fail(Ending ending) {
  if (ended_) return;
  ended_ = true;
  open_ = false;
  deadline_.cancel();
  if (stream_) stream_->close();
  over();
  tell(std::move(ending));
}

/// The protocol is over: what was said last still goes out and TCP is ended in order, but the owner need not wait.
void WebSocketConnection::finish(Ending ending) {
  if (ended_) return;
  ended_ = true;
  open_ = false;
  deadline_.expires_after(close_timeout_);
  deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled) self->stream_->close();
  });
  if (unsent_bytes() != 0) {
    flush();
  } else {
    linger();
  }
  over();
  tell(std::move(ending));
}

/// Half-closes, then reads the peer's end: closing with unread bytes would reset what it has yet to read.
void WebSocketConnection::linger() {
  if (std::exchange(write_shut_, true)) return;
  stream_->shutdown_write();
  read_on();
}

void WebSocketConnection::drain() {
  const auto buffer = shared_read_buffer();
  for (int turn = 0; turn < reads_per_turn; ++turn) {
    const auto status = stream_->read(buffer).status;
    if (status == Stream::Status::end || status == Stream::Status::failed) {
      deadline_.cancel();
      return stream_->close();
    }
    if (status != Stream::Status::done) return wait_readable(Stream::Status::want_read);
  }
  read_on();
}

void WebSocketConnection::tell(Ending ending) {
  if (WebSocketListener* listener = std::exchange(listener_, nullptr); listener != nullptr) {
    ending.detail = text::printable(ending.detail, 300);
    listener->on_end(std::move(ending));
  }
}

}  // namespace tributary::net
