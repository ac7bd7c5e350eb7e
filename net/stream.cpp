#include "net/stream.hpp"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "net/socket_words.hpp"

namespace tributary::net {

namespace {

constexpr std::size_t read_buffer_size = 64 * 1024;

/// The same connection, made known to the event loop anew. Having waited for its connect, the loop would watch the
/// socket for writability for ever, and every wait for reading would wake up once for that.
boost::asio::ip::tcp::socket afresh(boost::asio::ip::tcp::socket socket) {
  boost::system::error_code failed;
  const auto end = socket.local_endpoint(failed);
  if (failed) return socket;
  const int descriptor = socket.release(failed);
  if (failed) return socket;
  boost::asio::ip::tcp::socket made(socket.get_executor());
  made.assign(end.protocol(), descriptor, failed);
  if (failed) ::close(descriptor);  // reads then say so
  return made;
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

std::span<char> shared_read_buffer() {
  static thread_local const auto buffer = std::make_unique<std::array<char, read_buffer_size>>();
  return *buffer;
}

Stream::Stream(boost::asio::ip::tcp::socket socket) : socket_(afresh(std::move(socket))) {
  boost::system::error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

Stream::Result Stream::handshake() {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return {};
  Result outcome = tls_outcome(result, 0);
  if (outcome.status == Status::end) {
    fault_ = "the other side closed the connection during the TLS handshake; does it speak TLS on this port?";
    outcome.status = Status::failed;
  }
  if (outcome.status == Status::failed) tls_failed_ = true;
  return outcome;
}

Stream::Result Stream::read(std::span<char> into) {
  if (!ssl_) {
    const ssize_t got = ::recv(descriptor(), into.data(), into.size(), 0);
    if (got == 0) return {Status::end, 0};
    if (got > 0) {
      const auto size = static_cast<std::size_t>(got);
      return {size == into.size() ? Status::done : Status::want_read, size};
    }
    if (would_block(errno)) return {Status::want_read, 0};
    fault_ = broken_words(errno);
    return {Status::failed, 0};
  }
  std::size_t moved = 0;
  while (moved < into.size()) {
    ERR_clear_error();
    errno = 0;
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + moved, into.size() - moved, &got);
    if (result != 1) return tls_outcome(result, moved);
    moved += got;
  }
  return {Status::done, moved};
}

Stream::Result Stream::write(std::string_view bytes) {
  std::size_t moved = 0;
  while (moved < bytes.size()) {
    const std::string_view rest = bytes.substr(moved);
    if (!ssl_) {
      const ssize_t sent = ::send(descriptor(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent < 0 && would_block(errno)) return {Status::want_write, moved};
      if (sent < 0) {
        fault_ = broken_words(errno);
        return {Status::failed, moved};
      }
      moved += static_cast<std::size_t>(sent);
    } else {
      ERR_clear_error();
      errno = 0;
      std::size_t sent = 0;
      const int result = SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &sent);
      if (result != 1) return tls_outcome(result, moved);
      moved += sent;
    }
  }
  return {Status::done, moved};
}

Stream::Result Stream::tls_outcome(int result, std::size_t moved) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {Status::want_read, moved};
    case SSL_ERROR_WANT_WRITE:
      return {Status::want_write, moved};
    case SSL_ERROR_ZERO_RETURN:
      return {Status::end, moved};
    case SSL_ERROR_SYSCALL:
      if (system_error == 0) return {Status::end, moved};
      fault_ = broken_words(system_error);
      return {Status::failed, moved};
    default:
      break;
  }
  if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ERR_clear_error();
    return {Status::end, moved};
  }
  fault_ = tls_words(ssl_.get(), system_error);
  tls_failed_ = true;
  return {Status::failed, moved};
}

void Stream::shutdown_write() {
  if (ssl_ && !tls_failed_ && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

void Stream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace tributary::net
