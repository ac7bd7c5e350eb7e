// A StreamElements-like server for load: after the handshake it writes prepared activities of 565–660 bytes, each with an
// id of its own, as fast as they are read or at a rate. One thread, poll(2), no websocket library: it must cost little
// beside what is measured.
//
//   load_server --events N [--rate R] [--connections C]
//
// Prints `listening PORT`; when all is written `sent N events B bytes S seconds`; ends when a client leaves. The load begins when C clients have authenticated.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Template {
  std::string frame;       // the whole websocket frame
  std::size_t id_at = 0;   // where the 24 digits of `_id` stand
};

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
    made.push_back(std::move(one));
  }
  return made;
}

struct Connection {
  int socket = -1;
  std::string in, out;
  std::size_t written = 0;
  bool upgraded = false, ready = false;
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
    connection.out += "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Accept: " + accept_key(connection.in) + "\r\n\r\n";
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
    } else if (payload == "2") {
      connection.out += websocket_frame("3");
    } else if (payload.find("authenticate") != std::string::npos) {
      connection.out += websocket_frame(
          R"(42["authenticated",{"clientId":"load","channelId":"5eb8a1f0c2d3e4f5a6b7c8d9","project":"realtime","message":"ok"}])");
      connection.ready = true;
    }
  }
}

// False when the other side is gone.
bool read_some(Connection& connection) {
  char buffer[4096];
  const auto got = ::recv(connection.socket, buffer, sizeof buffer, 0);
  if (got == 0 || (got < 0 && errno != EAGAIN)) return false;
  if (got > 0) {
    connection.in.append(buffer, static_cast<std::size_t>(got));
    react(connection);
  }
  return true;
}

bool write_some(Connection& connection) {
  while (connection.written < connection.out.size()) {
    const auto put = ::send(connection.socket, connection.out.data() + connection.written,
                            connection.out.size() - connection.written, MSG_NOSIGNAL);
    if (put < 0) return errno == EAGAIN;
    connection.written += static_cast<std::size_t>(put);
  }
  connection.out.clear();
  connection.written = 0;
  return true;
}

int listen_on_loopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("load_server");
    std::exit(1);
  }
  ::fcntl(listener, F_SETFL, O_NONBLOCK);
  port = ntohs(address.sin_port);
  return listener;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t events = 100'000;
  double rate = 0;
  std::size_t wanted = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--events") == 0) events = std::strtoull(argv[i + 1], nullptr, 10);
    if (std::strcmp(argv[i], "--rate") == 0) rate = std::strtod(argv[i + 1], nullptr);
    if (std::strcmp(argv[i], "--connections") == 0) wanted = std::strtoull(argv[i + 1], nullptr, 10);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::uint16_t port = 0;
  const int listener = listen_on_loopback(port);
  std::printf("listening %u\n", port);
  std::fflush(stdout);

  auto shapes = templates();
  std::vector<Connection> connections;
  std::uint64_t sent = 0, bytes = 0, ready = 0;
  std::size_t turn = 0;
  Clock::time_point start{}, end{};
  const auto add_event = [&](Connection& connection) {
    Template& shape = shapes[sent % shapes.size()];
    char id[25];
    std::snprintf(id, sizeof id, "5f1c3d6b%016llx", static_cast<unsigned long long>(sent));
    shape.frame.replace(shape.id_at, 24, id, 24);
    connection.out += shape.frame;
    bytes += shape.frame.size();
    ++sent;
  };
  for (;;) {
    if (ready == wanted && sent < events) {
      if (start == Clock::time_point{}) start = Clock::now();
      auto due = events;
      if (rate > 0) {
        const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
        due = std::min<std::uint64_t>(events, static_cast<std::uint64_t>(elapsed * rate));
      }
      // Round after round over the connections, each with at most 64 KiB ahead.
      for (std::size_t i = 0; i < connections.size() && sent < due; ++i) {
        Connection& connection = connections[turn++ % connections.size()];
        const std::uint64_t share = rate > 0 ? 1 + (due - sent) / connections.size() : ~std::uint64_t{0};
        for (std::uint64_t k = 0; k < share && sent < due && connection.out.size() < 65'536; ++k) add_event(connection);
        if (!write_some(connection)) return 1;
      }
    }
    if (sent == events && end == Clock::time_point{}) {
      bool written = true;
      for (const auto& connection : connections) written = written && connection.out.empty();
      if (written) {
        end = Clock::now();
        std::printf("sent %llu events %llu bytes %.3f seconds\n", static_cast<unsigned long long>(sent),
                    static_cast<unsigned long long>(bytes), std::chrono::duration<double>(end - start).count());
        std::fflush(stdout);
      }
    }
    std::vector<pollfd> polled{{listener, POLLIN, 0}};
    for (const auto& connection : connections) {
      const short write = connection.out.empty() ? 0 : POLLOUT;
      polled.push_back({connection.socket, static_cast<short>(POLLIN | write), 0});
    }
    const bool pushing = ready == wanted && sent < events && rate == 0;
    bool room = false;
    for (const auto& connection : connections) room = room || connection.out.empty();
    ::poll(polled.data(), polled.size(), pushing && room ? 0 : (ready == wanted && sent < events ? 1 : 50));
    for (std::size_t i = 1; i < polled.size(); ++i) {
      Connection& connection = connections[i - 1];
      const bool was_ready = connection.ready;
      if ((polled[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !read_some(connection)) return 0;
      if (!write_some(connection)) return 1;
      if (connection.ready && !was_ready) ++ready;
    }
    if ((polled[0].revents & POLLIN) != 0) {
      const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      if (socket >= 0) {
        const int on = 1;
        ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections.push_back({});
        connections.back().socket = socket;
      }
    }
  }
}
