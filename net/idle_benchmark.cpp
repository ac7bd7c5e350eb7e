// What an idle connection costs: resident memory of the dialling process per connection, plain or TLS, and CPU with a
// ping every 25 s. Usage: idle_benchmark [connections] [certificate.pem key.pem]
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "net/websocket.hpp"

namespace tributary::net {
namespace {

struct Silent final : WebSocketListener {
  void on_open(std::string_view) override { ++open; }
  void on_message(std::string_view, bool) override {}
  void on_pong() override { ++pongs; }
  void on_end(Ending ending) override {
    if (++ended == 1) std::fprintf(stderr, "%s: %s\n", std::string(name(ending.reason)).c_str(), ending.detail.c_str());
  }
  int open = 0;
  int pongs = 0;
  int ended = 0;
};

double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  long total = 0;
  long resident = 0;
  statm >> total >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Accepts and answers, in a process of its own.
[[noreturn]] void serve(int port_out, const ServerTls& tls) {
  boost::asio::io_context io;
  Silent listener;
  std::vector<std::shared_ptr<WebSocket>> sockets;
  WebSocketServer::Settings settings;
  settings.tls = tls;
  const auto server = WebSocketServer::listen(
      io, settings,
      [&](const UpgradeRequest&) {
        UpgradeAnswer answer;
        answer.listener = &listener;
        return answer;
      },
      [&](std::shared_ptr<WebSocket> socket, WebSocketListener*) { sockets.push_back(std::move(socket)); });
  const std::uint16_t port = server->port();
  if (::write(port_out, &port, sizeof port) != sizeof port) std::_Exit(1);
  io.run();
  std::_Exit(0);
}

void measure(std::uint16_t port, int connections, bool secure) {
  boost::asio::io_context io;
  Silent listener;
  DialTarget target;
  target.url = (secure ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port);
  target.tls.insecure = true;
  target.dial_timeout = std::chrono::seconds(60);
  std::vector<std::shared_ptr<WebSocket>> sockets;
  const auto open_up_to = [&](int count) {
    while (static_cast<int>(sockets.size()) < count) {
      sockets.push_back(dial(io, target, listener));
      while (listener.open + listener.ended < static_cast<int>(sockets.size())) io.run_one();
    }
  };
  open_up_to(10);  // what is made once is not the connections'
  const double before = resident_kib();
  open_up_to(10 + connections);
  std::printf("%d %s connections: %.1f KiB each\n", connections, secure ? "TLS" : "plain",
              (resident_kib() - before) / connections);
  const double cpu_before = cpu_seconds();
  for (auto& socket : sockets) socket->send_ping();
  while (listener.pongs < static_cast<int>(sockets.size()) && listener.ended == 0) io.run_one();
  const double cpu = cpu_seconds() - cpu_before;
  std::printf("one ping and pong on each: %.1f us each, %.2f %% of a core at one per 25 s; then %.1f KiB each\n",
              cpu / connections * 1e6, cpu / 25 * 100, (resident_kib() - before) / connections);
}

}  // namespace
}  // namespace tributary::net

int main(int argc, char** argv) {
  using namespace tributary::net;
  const int connections = argc > 1 ? std::atoi(argv[1]) : 2'000;
  ServerTls tls;
  if (argc > 3) tls = {argv[2], argv[3], {}};
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return 1;
  const pid_t server = ::fork();
  if (server == 0) serve(pipe_ends[1], tls);
  std::uint16_t port = 0;
  if (::read(pipe_ends[0], &port, sizeof port) != sizeof port) return 1;
  measure(port, connections, argc > 3);
  ::kill(server, SIGTERM);
  ::waitpid(server, nullptr, 0);
  return 0;
}
