// What the transport costs per message: decoding alone, and read from a loopback socket.
#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <thread>

#include "net/websocket.hpp"
#include "net/websocket_engine.hpp"

namespace tributary::net {
namespace {

std::string text_frames(std::size_t count, std::size_t size) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += static_cast<char>(0x81);
    out += static_cast<char>(126);
    out += static_cast<char>(size >> 8);
    out += static_cast<char>(size & 0xff);
    out.append(size, 'x');
  }
  return out;
}

struct Joined final : WebSocketEngine::Events {
  void write(const std::string_view* pieces, std::size_t count) override {
    for (std::size_t i = 0; i < count; ++i) out += pieces[i];
  }
  UpgradeAnswer upgrade(const UpgradeRequest&) override { return {}; }
  void opened(std::string_view) override {}
  void message(std::string_view payload, bool) override { benchmark::DoNotOptimize(received += payload.size()); }
  void pong() override {}
  std::string out;
  std::size_t received = 0;
};

void decode(benchmark::State& state) {
  Joined client_events;
  Joined server_events;
  WebSocketEngine::Request request{false, "live.example", 80, "/", {}, {}};
  const auto client = WebSocketEngine::client(request, 1u << 20, client_events);
  const auto server = WebSocketEngine::server(1u << 20, server_events);
  client->start();
  server->start();
  server->receive(client_events.out);
  client->receive(server_events.out);
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::size_t count = 64 * 1024 / (size + 4);
  const std::string frames = text_frames(count, size);
  for (auto _ : state) client->receive(frames);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count));
  state.counters["per_message"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(count),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(decode)->Arg(130)->Arg(600)->Arg(4000);

struct Counting final : WebSocketListener {
  void on_open(std::string_view) override { open = true; }
  void on_message(std::string_view, bool) override { ++messages; }
  void on_pong() override {}
  void on_end(Ending) override { ended = true; }
  std::int64_t messages = 0;
  bool open = false;
  bool ended = false;
};

double thread_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// The reading thread's CPU per message, user and system; the writer is a thread of its own with its own loop.
void receive(benchmark::State& state) {
  const auto per_round = static_cast<std::int64_t>(state.range(0));
  boost::asio::io_context server_io;
  Counting accepted;
  std::shared_ptr<WebSocket> writer;
  const auto server = WebSocketServer::listen(
      server_io, {},
      [&](const UpgradeRequest&) {
        UpgradeAnswer answer;
        answer.listener = &accepted;
        return answer;
      },
      [&](std::shared_ptr<WebSocket> socket, WebSocketListener*) { writer = std::move(socket); });
  auto work = boost::asio::make_work_guard(server_io);
  std::thread serving([&] { server_io.run(); });

  boost::asio::io_context io;
  Counting counting;
  DialTarget target;
  target.url = "ws://127.0.0.1:" + std::to_string(server->port());
  const auto socket = dial(io, target, counting);
  while (!counting.open && !counting.ended) io.run_one();
  const std::string payload(600, 'x');
  for (auto _ : state) {
    boost::asio::post(server_io, [&] {
      for (std::int64_t i = 0; i < per_round; ++i) writer->send_text(payload);
    });
    const std::int64_t until = counting.messages + per_round;
    const double before = thread_cpu_seconds();
    while (counting.messages < until && !counting.ended) io.run_one();
    state.SetIterationTime(thread_cpu_seconds() - before);
  }
  state.counters["cpu_per_message"] = benchmark::Counter(static_cast<double>(state.iterations() * per_round),
                                                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  socket->detach();
  boost::asio::post(server_io, [&] {
    writer->detach();
    server->stop();
    work.reset();
  });
  socket->abort({Reason::stopped, "", 0, 0});
  io.restart();
  io.run();
  serving.join();
}
BENCHMARK(receive)->Arg(20'000)->UseManualTime()->MinTime(1.0);

}  // namespace
}  // namespace tributary::net

BENCHMARK_MAIN();
