#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "net/tls.hpp"

namespace tributary::net {

/// The one read buffer of this thread's connections: read, decode, and leave nothing in it.
std::span<char> shared_read_buffer();

/// A connected TCP byte stream, plain or with TLS on its descriptor; never blocks. It holds no buffer of its own: an
/// idle one costs its socket and, with TLS, OpenSSL's state.
/// Owned by one connection. Failures: `Status::failed`, and `fault()` has the words. Thread: its owner's.
class Stream {
 public:
  enum class Status {
    done,        ///< all that was asked, and there may be more
    want_read,   ///< nothing more before the descriptor is readable
    want_write,  ///< nothing more before it is writable
    end,         ///< the peer ended its side
    failed,
  };
  /// `size` bytes were moved before `status` came about.
  struct Result {
    Status status = Status::done;
    std::size_t size = 0;
  };

  explicit Stream(boost::asio::ip::tcp::socket socket);

  void use_tls(SslPointer ssl) { ssl_ = std::move(ssl); }
  Result handshake();

  Result read(std::span<char> into);
  Result write(std::string_view bytes);
  /// Says that nothing more will be written: TLS's notice, then FIN.
  void shutdown_write();
  /// Ends at once; pending waits complete with an error.
  void close();

  /// Bytes have been taken from the descriptor and not been read: waiting for it would be in vain.
  bool has_buffered() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

  int descriptor() { return socket_.native_handle(); }
  const std::string& fault() const { return fault_; }
  /// The failure was TLS's rather than the socket's.
  bool tls_failed() const { return tls_failed_; }

  /// Calls `handler(error_code)` once the stream can go on after want_read or want_write.
  template <typename Handler>
  void wait(Status want, Handler&& handler) {
    const auto type =
        want == Status::want_write ? boost::asio::ip::tcp::socket::wait_write : boost::asio::ip::tcp::socket::wait_read;
    socket_.async_wait(type, std::forward<Handler>(handler));
  }

 private:
  Result tls_outcome(int result, std::size_t moved);

  boost::asio::ip::tcp::socket socket_;
  SslPointer ssl_;
  std::string fault_;
  bool tls_failed_ = false;
};

}  // namespace tributary::net
