#pragma once

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "net/websocket.hpp"

/// For the tests of this folder: a listener that remembers, and a peer that does to the byte what a test tells it.
namespace tributary::net::testing {

using namespace std::chrono_literals;

/// Remembers what a websocket said; each event can also run something.
class Recorder : public WebSocketListener {
 public:
  struct Message {
    std::string payload;
    bool binary = false;
    bool operator==(const Message&) const = default;
  };

  void on_open(std::string_view subprotocol) override {
    opened = std::string(subprotocol);
    if (when_open) when_open();
  }
  void on_message(std::string_view payload, bool binary) override {
    messages.push_back({std::string(payload), binary});
    if (when_message) when_message();
  }
  void on_pong() override {
    ++pongs;
    if (when_pong) when_pong();
  }
  void on_read_end() override {
    ++read_ends;
    if (when_read_end) when_read_end();
  }
  void on_drained() override {
    ++drained;
    if (when_drained) when_drained();
  }
  void on_end(Ending ended) override {
    EXPECT_FALSE(ending) << "a second on_end";
    ending = std::move(ended);
    if (when_end) when_end();
  }

  std::vector<std::string> payloads() const {
    std::vector<std::string> out;
    for (const auto& message : messages) out.push_back(message.payload);
    return out;
  }
  Reason reason() const { return ending ? ending->reason : Reason::none; }

  std::optional<std::string> opened;
  std::vector<Message> messages;
  int pongs = 0;
  int read_ends = 0;
  int drained = 0;
  std::optional<Ending> ending;
  std::function<void()> when_open, when_message, when_pong, when_read_end, when_drained, when_end;
};

/// Runs the loop until `done`; a test that waits longer than this has failed.
inline void run_until(boost::asio::io_context& io, const std::function<bool()>& done,
                      std::chrono::milliseconds patience = 20s) {
  boost::asio::steady_timer timer(io, patience);
  bool late = false;
  timer.async_wait([&](boost::system::error_code cancelled) { late = !cancelled; });
  while (!done() && !late) io.run_one();
  EXPECT_FALSE(late) << "nothing happened";
  timer.cancel();
  io.restart();
  io.poll();
  io.restart();
}

/// One frame as a server sends it (`mask` for what it must not do).
inline std::string frame(int opcode, std::string_view payload, bool fin = true, int reserved_bits = 0,
                         bool mask = false) {
  std::string out;
  out += static_cast<char>((fin ? 0x80 : 0) | (reserved_bits << 4) | opcode);
  const int mask_bit = mask ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else {
    const int bytes = payload.size() < 65536 ? 2 : 8;
    out += static_cast<char>(mask_bit | (bytes == 2 ? 126 : 127));
    for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>((payload.size() >> (8 * i)) & 0xff);
  }
  if (mask) out += std::string(4, '\0');
  return out.append(payload);
}

inline std::string text_frame(std::string_view payload) { return frame(1, payload); }

inline std::string close_frame(int code, std::string_view reason = {}) {
  std::string payload;
  payload += static_cast<char>(code >> 8);
  payload += static_cast<char>(code & 0xff);
  return frame(8, payload.append(reason));
}

/// The far side of one TCP connection: blocking, for a thread of its own.
class PeerSocket {
 public:
  struct Frame {
    int opcode = -1;  ///< -1: the stream ended instead
    bool masked = false;
    std::string payload;
    int close_code() const {
      if (payload.size() < 2) return 0;
      return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
    }
  };

  explicit PeerSocket(int descriptor) : descriptor_(descriptor) {
    const timeval patience{15, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;
  ~PeerSocket() { close(); }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Exactly this many bytes, fewer when the stream ends.
  std::string read(std::size_t size) {
    std::string out(size, '\0');
    std::size_t got = 0;
    while (got < size) {
      const ssize_t n = ::recv(descriptor_, out.data() + got, size - got, 0);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    return out;
  }

  std::string read_head() {
    std::string head;
    while (head.size() < 65536 && (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0)) {
      const std::string byte = read(1);
      if (byte.empty()) break;
      head += byte;
    }
    return head;
  }

  Frame read_frame() {
    const std::string start = read(2);
    if (start.size() < 2) return {};
    Frame out;
    out.opcode = start[0] & 0x0f;
    out.masked = (start[1] & 0x80) != 0;
    std::size_t size = start[1] & 0x7f;
    if (size >= 126) {
      const std::string length = read(size == 126 ? 2 : 8);
      size = 0;
      for (const char byte : length) size = size << 8 | static_cast<unsigned char>(byte);
    }
    const std::string key = out.masked ? read(4) : std::string(4, '\0');
    out.payload = read(size);
    for (std::size_t i = 0; i < out.payload.size(); ++i)
      out.payload[i] = static_cast<char>(out.payload[i] ^ key[i % 4]);
    return out;
  }

  /// Reads the upgrade request and gives the 101 that belongs to it.
  std::string upgrade_answer(std::string_view more_headers = {}) {
    request_ = read_head();
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           accept_value(request_) + "\r\n" + std::string(more_headers) + "\r\n";
  }
  void upgrade(std::string_view more_headers = {}) { write(upgrade_answer(more_headers)); }
  const std::string& request() const { return request_; }

  void end_writing() { ::shutdown(descriptor_, SHUT_WR); }
  /// Reads until the other side ended, so that closing does not reset.
  void wait_for_end() {
    while (!read(4096).empty()) {
    }
  }
  void reset() {
    const linger hard{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

  static std::string accept_value(const std::string& request) {
    const std::string name = "Sec-WebSocket-Key: ";
    const auto start = request.find(name);
    if (start == std::string::npos) return {};
    const auto end = request.find("\r\n", start);
    const std::string key =
        request.substr(start + name.size(), end - start - name.size()) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest);
    unsigned char out[64];
    const int length = EVP_EncodeBlock(out, digest, sizeof digest);
    return std::string(reinterpret_cast<const char*>(out), static_cast<std::size_t>(length));
  }

 private:
  int descriptor_;
  std::string request_;
};

/// A listening socket on loopback, not accepting by itself.
class LoopbackListener {
 public:
  explicit LoopbackListener(int backlog = 16, std::uint32_t address = INADDR_LOOPBACK) {
    descriptor_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(address);
    if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(descriptor_, backlog) != 0) {
      throw std::runtime_error("no loopback port");
    }
    socklen_t size = sizeof name;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&name), &size);
    port_ = ntohs(name.sin_port);
  }
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;
  ~LoopbackListener() { close(); }

  std::uint16_t port() const { return port_; }
  /// -1 after 15 s.
  int accept() {
    pollfd waiting{descriptor_, POLLIN, 0};
    return ::poll(&waiting, 1, 15'000) == 1 ? ::accept(descriptor_, nullptr, nullptr) : -1;
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

/// Accepts one connection and plays a script on it, on a thread of its own.
class ScriptedPeer {
 public:
  using Script = std::function<void(PeerSocket&)>;
  explicit ScriptedPeer(Script script) {
    thread_ = std::thread([this, script = std::move(script)] {
      const int descriptor = listener_.accept();
      if (descriptor < 0) return;
      PeerSocket socket(descriptor);
      script(socket);
    });
  }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  ~ScriptedPeer() { join(); }

  void join() {
    if (thread_.joinable()) thread_.join();
  }
  std::uint16_t port() const { return listener_.port(); }
  std::string url(std::string_view target = "/") const {
    return "ws://127.0.0.1:" + std::to_string(port()) + std::string(target);
  }

 private:
  LoopbackListener listener_;
  std::thread thread_;
};

/// A loop, a recorder and a target, for a test that dials something.
class DialFixture : public ::testing::Test {
 protected:
  std::shared_ptr<WebSocket> dial_url(const std::string& url) {
    target_.url = url;
    socket_ = dial(io_, target_, recorder_);
    return socket_;
  }
  void run_to_end() {
    run_until(io_, [&] { return recorder_.ending.has_value(); });
  }
  /// Dials the script's peer and runs until the socket has ended.
  void run_script(ScriptedPeer::Script script) {
    ScriptedPeer peer(std::move(script));
    dial_url(peer.url());
    run_to_end();
    peer.join();
  }

  boost::asio::io_context io_;
  Recorder recorder_;
  DialTarget target_;
  std::shared_ptr<WebSocket> socket_;
};

}  // namespace tributary::net::testing
