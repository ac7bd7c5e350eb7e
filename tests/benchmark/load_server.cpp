// A StreamElements-like server for load: after the handshake it writes prepared activities of 565–660 bytes, each with
// an id of its own, as fast as they are read or at a rate. One thread, poll(2), no websocket library: it must cost
// little beside what is measured.
//
//   load_server --events N [--rate R] [--connections C] [--delay MS] [--stamp] [--certificate FILE --key FILE]
//
// Prints `listening PORT`; `connected` at the first client; `begin` MS after C clients have authenticated, which begins
// the load; `sent N events B bytes S seconds` when all is written. Ends when a client leaves. Each connection is a
// channel of its own. --stamp: the last 16 digits of `_id` are the monotonic clock in nanoseconds at the write.
// --certificate and --key: TLS.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Template {
  std::string frame;           // the whole websocket frame
  std::size_t id_at = 0;       // where the 24 digits of `_id` stand
  std::size_t channel_at = 0;  // where those of `channel` stand
};

constexpr std::size_t id_digits = 24;

std::string channel_of(std::size_t connection) {
  char digits[id_digits + 1];
  std::snprintf(digits, sizeof digits, "5eb8a1f0c2d3e4f5a6b7%04x", static_cast<unsigned>(connection & 0xFFFF));
  return digits;
}

std::string websocket_frame(std::string_view payload) {
  std::string frame = "\x81";
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    frame += static_cast<char>(126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size() & 255);
  }
  frame.append(payload);
  return frame;
}

std::vector<Template> templates() {
  static constexpr const char* messages[] = {
      "great stream, thank you for the last three hours, that boss fight was something else",
      "h\xC3\xA9llo from the train \xF0\x9F\x98\x80, sound is perfect today and so is the new camera angle, keep going",
      "GG", "first time here, staying: a friend told me about the charity run and I could not miss the final hour"};
  static constexpr const char* shapes[] = {
      R"("type":"tip","provider":"twitch","data":{"username":"viewer_%d","displayName":"Viewer %d","tipId":"5f1c3d6b9a1b2c3d4e5f6a7c","providerId":"1234567%d","amount":5.5,"currency":"USD","message":"%s","items":[],"avatar":"https://cdn.example.org/avatars/viewer_%d-profile_image-300x300.png"})",
      R"("type":"cheer","provider":"twitch","flagged":false,"data":{"username":"viewer_%d","displayName":"Viewer %d","providerId":"1234567%d","amount":250,"message":"%s","items":[],"avatar":"https://cdn.example.org/avatars/viewer_%d-profile_image-300x300.png"})",
      R"("type":"subscriber","provider":"twitch","flagged":false,"data":{"username":"viewer_%d","displayName":"Viewer %d","providerId":"1234567%d","amount":14,"tier":"1000","streak":3,"message":"%s","items":[],"avatar":"https://cdn.example.org/avatars/viewer_%d-profile_image-300x300.png"})"};
  std::vector<Template> made;
  for (int i = 0; i < 64; ++i) {
    char middle[1024];
    std::snprintf(middle, sizeof middle, shapes[i % 3], i, i, i, messages[i % 4], i);
    std::string payload =
        R"(42["event",{"_id":"000000000000000000000000","channel":"5eb8a1f0c2d3e4f5a6b7c8d9",)" + std::string(middle) +
        R"(,"createdAt":"2026-10-01T12:34:56.789Z","updatedAt":"2026-10-01T12:34:56.789Z","activityId":"000000000000000000000000","sessionEventsCount":12,"expiresAt":"2026-11-01T12:34:56.789Z"},{"ts":1790858096789,"nonce":"2b1e6a52-9a3c-4c3f-8e0f-3d5b8f1a2c4d"}])";
    Template one;
    one.frame = websocket_frame(payload);
    one.id_at = one.frame.find("000000000000000000000000");
    one.channel_at = one.frame.find("5eb8a1f0c2d3e4f5a6b7c8d9");
    made.push_back(std::move(one));
  }
  return made;
}

struct Connection {
  int socket = -1;
  SSL* tls = nullptr;
  std::string channel;
  std::string in, out;
  std::size_t written = 0;
  bool upgraded = false, ready = false, closing = false;
};

std::string accept_key(const std::string& request) {
  const auto at = request.find("Sec-WebSocket-Key: ");
  const std::string key = request.substr(at + 19, 24) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, 20> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(key.data()), key.size(), digest.data());
  std::array<unsigned char, 32> text{};
  EVP_EncodeBlock(text.data(), digest.data(), 20);
  return reinterpret_cast<const char*>(text.data());
}

// Client frames are small here: handshake answers, pings, the authentication.
bool take_client_frame(std::string& in, std::string& payload, int& opcode) {
  if (in.size() < 6) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in[i]); };
  std::size_t length = byte(1) & 127U;
  std::size_t head = 2;
  if (length == 126) {
    if (in.size() < 8) return false;
    length = static_cast<std::size_t>(byte(2)) << 8 | byte(3);
    head = 4;
  }
  if (in.size() < head + 4 + length) return false;
  opcode = byte(0) & 15;
  payload.assign(in, head + 4, length);
  for (std::size_t i = 0; i < length; ++i) payload[i] = static_cast<char>(payload[i] ^ in[head + i % 4]);
  in.erase(0, head + 4 + length);
  return true;
}

void react(Connection& connection) {
  if (!connection.upgraded) {
    const auto end = connection.in.find("\r\n\r\n");
    if (end == std::string::npos) return;
    connection.out +=
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_key(connection.in) + "\r\n\r\n";
    connection.out += websocket_frame(R"(0{"sid":"load","upgrades":[],"pingInterval":25000,"pingTimeout":20000})");
    connection.out += websocket_frame("40");
    connection.in.erase(0, end + 4);
    connection.upgraded = true;
  }
  std::string payload;
  for (int opcode = 0; take_client_frame(connection.in, payload, opcode);) {
    if (opcode == 9) {
      connection.out += "\x8A";
      connection.out += static_cast<char>(payload.size());
      connection.out += payload;
    } else if (opcode == 8) {
      connection.out += "\x88";
      connection.out += static_cast<char>(payload.size());
      connection.out += payload;
      connection.closing = true;
    } else if (payload == "2") {
      connection.out += websocket_frame("3");
    } else if (payload.find("authenticate") != std::string::npos) {
      connection.out += websocket_frame(R"(42["authenticated",{"clientId":"load","channelId":")" + connection.channel +
                                        R"(","project":"realtime","message":"ok"}])");
      connection.ready = true;
    }
  }
}

enum class Io { done, later, gone };

// One read or write, over TLS or not; `moved` is how much of it was done.
Io tls_answer(SSL* tls, int result) {
  const int why = ::SSL_get_error(tls, result);
  return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? Io::later : Io::gone;
}

Io receive(Connection& connection, char* into, std::size_t size, std::size_t& moved) {
  if (connection.tls != nullptr) {
    const int result = ::SSL_read_ex(connection.tls, into, size, &moved);
    return result == 1 ? Io::done : tls_answer(connection.tls, result);
  }
  const auto got = ::recv(connection.socket, into, size, 0);
  if (got <= 0) return got < 0 && errno == EAGAIN ? Io::later : Io::gone;
  moved = static_cast<std::size_t>(got);
  return Io::done;
}

Io transmit(Connection& connection, const char* from, std::size_t size, std::size_t& moved) {
  if (connection.tls != nullptr) {
    const int result = ::SSL_write_ex(connection.tls, from, size, &moved);
    return result == 1 ? Io::done : tls_answer(connection.tls, result);
  }
  const auto put = ::send(connection.socket, from, size, MSG_NOSIGNAL);
  if (put < 0) return errno == EAGAIN ? Io::later : Io::gone;
  moved = static_cast<std::size_t>(put);
  return Io::done;
}

// False when the other side is gone.
bool read_some(Connection& connection) {
  char buffer[4096];
  for (std::size_t got = 0;;) {
    const Io answer = receive(connection, buffer, sizeof buffer, got);
    if (answer != Io::done) return answer == Io::later;
    connection.in.append(buffer, got);
    react(connection);
  }
}

bool write_some(Connection& connection) {
  while (connection.written < connection.out.size()) {
    std::size_t put = 0;
    const Io answer = transmit(connection, connection.out.data() + connection.written,
                               connection.out.size() - connection.written, put);
    if (answer != Io::done) return answer == Io::later;
    connection.written += put;
  }
  connection.out.clear();
  connection.written = 0;
  if (connection.closing) ::shutdown(connection.socket, SHUT_WR);
  return true;
}

SSL_CTX* tls_context(const char* certificate, const char* key) {
  SSL_CTX* context = ::SSL_CTX_new(::TLS_server_method());
  ::SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (::SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
      ::SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
    std::fprintf(stderr, "load_server: certificate or key cannot be used\n");
    std::exit(1);
  }
  return context;
}

int listen_on_loopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 4096) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("load_server");
    std::exit(1);
  }
  ::fcntl(listener, F_SETFL, O_NONBLOCK);
  port = ntohs(address.sin_port);
  return listener;
}

void say(const char* line) {
  std::puts(line);
  std::fflush(stdout);
}

/// The whole server: what is asked for, what is connected, how far the load is.
class LoadServer {
 public:
  std::uint64_t events = 100'000;
  double rate = 0;
  std::size_t wanted = 1;
  std::chrono::milliseconds delay{0};
  bool stamp = false;
  SSL_CTX* tls = nullptr;

  int run() {
    std::uint16_t port = 0;
    listener_ = listen_on_loopback(port);
    say(("listening " + std::to_string(port)).c_str());
    for (;;) {
      if (ready_ == wanted && !begun() && Clock::now() >= ready_since_ + delay) {
        begin_ = Clock::now();
        say("begin");
      }
      if (loading() && !push()) return 1;
      look_for_end();
      if (!serve()) return 0;
    }
  }

 private:
  bool begun() const { return begin_ != Clock::time_point{}; }
  bool loading() const { return begun() && sent_ < events; }

  void add_event(Connection& connection) {
    Template& shape = shapes_[sent_ % shapes_.size()];
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count();
    last_stamp_ = std::max(last_stamp_ + 1, static_cast<std::uint64_t>(now));
    char id[id_digits + 1];
    std::snprintf(id, sizeof id, "5f1c3d6b%016llx", static_cast<unsigned long long>(stamp ? last_stamp_ : sent_));
    shape.frame.replace(shape.id_at, id_digits, id, id_digits);
    shape.frame.replace(shape.channel_at, id_digits, connection.channel);
    connection.out += shape.frame;
    bytes_ += shape.frame.size();
    ++sent_;
  }

  // Round after round over the connections, each with at most 64 KiB ahead.
  bool push() {
    auto due = events;
    if (rate > 0) {
      const double elapsed = std::chrono::duration<double>(Clock::now() - begin_).count();
      due = std::min<std::uint64_t>(events, static_cast<std::uint64_t>(elapsed * rate));
    }
    for (std::size_t i = 0; i < connections_.size() && sent_ < due; ++i) {
      Connection& connection = connections_[turn_++ % connections_.size()];
      const std::uint64_t share = rate > 0 ? 1 + (due - sent_) / connections_.size() : ~std::uint64_t{0};
      for (std::uint64_t k = 0; k < share && sent_ < due && connection.out.size() < 65'536; ++k) add_event(connection);
      if (!write_some(connection)) return false;
    }
    return true;
  }

  void look_for_end() {
    if (ended_ || !begun() || sent_ < events) return;
    for (const auto& connection : connections_) {
      if (!connection.out.empty()) return;
    }
    ended_ = true;
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    std::printf("sent %llu events %llu bytes %.3f seconds\n", static_cast<unsigned long long>(sent_),
                static_cast<unsigned long long>(bytes_), seconds);
    std::fflush(stdout);
  }

  // One poll and what it brings; false when a client has left.
  bool serve() {
    polled_.assign(1, {listener_, POLLIN, 0});
    bool room = false;
    for (const auto& connection : connections_) {
      const short write = connection.out.empty() ? 0 : POLLOUT;
      room = room || connection.out.empty();
      polled_.push_back({connection.socket, static_cast<short>(POLLIN | write), 0});
    }
    const int paced_wait = loading() ? 1 : 50;
    ::poll(polled_.data(), polled_.size(), loading() && rate == 0 && room ? 0 : paced_wait);
    for (std::size_t i = 1; i < polled_.size(); ++i) {
      Connection& connection = connections_[i - 1];
      const bool was_ready = connection.ready;
      if ((polled_[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_some(connection)) return false;
      if (!connection.out.empty() && !write_some(connection)) return false;
      if (connection.ready && !was_ready) ++ready_, ready_since_ = Clock::now();
    }
    if ((polled_[0].revents & POLLIN) != 0) accept_all();
    return true;
  }

  void accept_all() {
    for (int socket; (socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (connections_.empty()) say("connected");
      Connection& made = connections_.emplace_back();
      made.socket = socket;
      made.channel = channel_of(connections_.size());
      if (tls == nullptr) continue;
      made.tls = ::SSL_new(tls);
      ::SSL_set_fd(made.tls, socket);
      ::SSL_set_accept_state(made.tls);
    }
  }

  int listener_ = -1;
  std::vector<Template> shapes_ = templates();
  std::vector<Connection> connections_;
  std::vector<pollfd> polled_;
  std::uint64_t sent_ = 0, bytes_ = 0, ready_ = 0, last_stamp_ = 0;
  std::size_t turn_ = 0;
  Clock::time_point ready_since_{}, begin_{};
  bool ended_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  LoadServer server;
  const char* certificate = nullptr;
  const char* key = nullptr;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--stamp") {
      server.stamp = true;
      continue;
    }
    if (++i == argc) return 2;
    if (option == "--events") server.events = std::strtoull(argv[i], nullptr, 10);
    if (option == "--rate") server.rate = std::strtod(argv[i], nullptr);
    if (option == "--delay") server.delay = std::chrono::milliseconds(std::strtol(argv[i], nullptr, 10));
    if (option == "--connections") server.wanted = std::strtoull(argv[i], nullptr, 10);
    if (option == "--certificate") certificate = argv[i];
    if (option == "--key") key = argv[i];
  }
  std::signal(SIGPIPE, SIG_IGN);
  if (certificate != nullptr && key != nullptr) server.tls = tls_context(certificate, key);
  return server.run();
}
