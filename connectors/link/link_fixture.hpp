#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/link/link.hpp"
#include "net/websocket.hpp"
#include "tests/support/fake_intake.hpp"
#include "tests/support/toy_protocol.hpp"

/// For the tests of Link: an upstream that speaks the toy protocol, an observer that remembers, and both on one loop.
namespace tributary::connectors::testing {

using namespace std::chrono_literals;

/// The toy protocol's server. Says `welcome den` to each hello whose token is in `accepted` (empty: all), else `no`.
class ToyServer {
 public:
  struct Connection : net::WebSocketListener {
    explicit Connection(ToyServer& toy_server) : server(toy_server) {}
    void on_open(std::string_view) override { server.opened_at.push_back(std::chrono::steady_clock::now()); }
    void on_message(std::string_view payload, bool) override {
      heard.emplace_back(payload);
      server.hear(*this, payload);
    }
    void on_pong() override {}
    void on_end(net::Ending ended) override {
      ending = std::move(ended);
      over = true;
    }
    ToyServer& server;
    std::shared_ptr<net::WebSocket> socket;
    std::vector<std::string> heard;
    net::Ending ending;
    bool over = false;
  };

  explicit ToyServer(boost::asio::io_context& io, std::uint16_t port = 0) {
    net::WebSocketServer::Settings settings;
    settings.port = port;
    server_ = net::WebSocketServer::listen(
        io, settings, [this](const net::UpgradeRequest& request) { return upgrade(request); },
        [this](std::shared_ptr<net::WebSocket> socket, net::WebSocketListener*) {
          connections.back()->socket = std::move(socket);
        });
  }
  ~ToyServer() {
    for (auto& connection : connections) {
      if (connection->socket) connection->socket->detach();
    }
  }

  std::uint16_t port() const { return server_->port(); }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(port()) + "/toy?key=hidden"; }
  Connection& last() { return *connections.back(); }
  void say(std::string_view text) { last().socket->send_text(text); }
  std::size_t dials() const { return requests.size(); }

  bool silent = false;  ///< answers no hello
  std::vector<std::string> accepted;
  std::vector<net::UpgradeAnswer> refusals;  ///< answers to the next upgrades, in order, before any is let in
  std::vector<net::UpgradeRequest> requests;
  std::vector<std::unique_ptr<Connection>> connections;
  std::vector<std::chrono::steady_clock::time_point> opened_at;

 private:
  net::UpgradeAnswer upgrade(const net::UpgradeRequest& request) {
    requests.push_back(request);
    if (!refusals.empty()) {
      net::UpgradeAnswer answer = refusals.front();
      refusals.erase(refusals.begin());
      return answer;
    }
    connections.push_back(std::make_unique<Connection>(*this));
    net::UpgradeAnswer answer;
    answer.listener = connections.back().get();
    return answer;
  }
  void hear(Connection& connection, std::string_view payload) {
    if (silent || payload.substr(0, 6) != "hello ") return;
    const std::string token(payload.substr(6));
    const bool good = accepted.empty() || std::find(accepted.begin(), accepted.end(), token) != accepted.end();
    connection.socket->send_text(good ? "welcome den" : "no");
  }
  std::unique_ptr<net::WebSocketServer> server_;
};

class Witness : public LinkObserver {
 public:
  void changed(const std::string&, const LinkStatus& status) override { states.push_back(status); }
  void lost(const std::string&, const net::Ending& ending, bool) override { endings.push_back(ending); }
  void remarked(const std::string&, const Remark& remark) override { remarks.push_back(remark); }
  net::Reason last_reason() const { return endings.empty() ? net::Reason::none : endings.back().reason; }
  bool went_through(net::State state) const {
    return std::any_of(states.begin(), states.end(), [&](const LinkStatus& status) { return status.state == state; });
  }
  std::vector<LinkStatus> states;
  std::vector<net::Ending> endings;
  std::vector<Remark> remarks;
};

class LinkTest : public ::testing::Test {
 public:
  ~LinkTest() override {
    link.reset();
    server.reset();
    io.poll();
    workers.join();
    std::filesystem::remove_all(directory);
  }

 protected:
  LinkTest() {
    settings.connector = "main-stage";
    settings.source = "toy";
    settings.secret_poll = 5ms;
    common.backoff.base = 5ms;
    common.backoff.cap = 20ms;
    toy.url = server->url();
    directory = std::filesystem::temp_directory_path() /
                ("tributary-link-" + std::to_string(::getpid()) + "-" + std::to_string(++made));
    std::filesystem::create_directories(directory);
  }
  LinkSurroundings around() { return {io, workers, budget, intake, witness}; }
  std::unique_ptr<Link> make() {
    settings.common = common;
    return std::make_unique<Link>(settings, std::make_unique<support::ToyProtocol>(toy), around());
  }
  void start() {
    link = make();
    link->start();
  }
  void start_live() {
    start();
    await([&] { return state() == net::State::live; });
  }
  net::State state() const { return link->status().state; }

  /// Runs the loop until it is so. Fails after a time that no sound run needs.
  void await(const std::function<bool()>& condition, std::chrono::seconds patience = 30s) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << "waited in vain";
      io.restart();
      io.run_one_for(20ms);
    }
  }
  /// Lets everything happen that is to happen at once.
  void run_for(std::chrono::milliseconds time) {
    io.restart();
    io.run_for(time);
  }
  config::Secret secret_file(const std::string& name) const {
    config::Secret secret;
    secret.kind = config::Secret::Kind::file;
    secret.name = name;
    secret.path = directory / name;
    return secret;
  }
  void write(const std::string& name, std::string_view text) const {
    const auto fresh = directory / (name + ".new");
    std::ofstream(fresh) << text;
    std::filesystem::rename(fresh, directory / name);
  }

  boost::asio::io_context io;
  boost::asio::thread_pool workers{2};
  net::DialBudget budget{0};
  support::FakeIntake intake;
  Witness witness;
  std::unique_ptr<ToyServer> server = std::make_unique<ToyServer>(io);
  config::ConnectorCommon common;  ///< of `settings`, at the next make()
  LinkSettings settings;
  support::ToySettings toy;
  std::filesystem::path directory;
  std::unique_ptr<Link> link;

 private:
  static inline int made = 0;
};

}  // namespace tributary::connectors::testing
