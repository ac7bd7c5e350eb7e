#include "net/http_server.hpp"

#include <stdexcept>
#include <utility>

#include "event/thread_check.hpp"
#include "net/accept_loop.hpp"
#include "net/http_connection.hpp"
#include "net/tls.hpp"

namespace tributary::net {

using boost::asio::ip::tcp;

namespace {

class PlainHttpServer final : public HttpServer {
 public:
  PlainHttpServer(boost::asio::io_context& io, const Settings& settings, Serve serve) {
    shared_->serve = std::move(serve);
    shared_->settings = settings;
    if (!settings.tls.certificate.empty()) {
      std::string fault;
      shared_->tls = server_tls_context(settings.tls, fault);
      if (!shared_->tls) throw std::invalid_argument(fault);
    }
    loop_ = AcceptLoop::start(io, settings.host, settings.port,
                              [this, &io](tcp::socket socket) { take_in(io, std::move(socket)); });
  }
  ~PlainHttpServer() override { end_all(); }

  std::uint16_t port() const override { return loop_->port(); }
  void stop_listening() override {
    thread_.check();
    loop_->stop();
  }
  void stop() override {
    thread_.check();
    end_all();
  }

 private:
  void end_all() {
    loop_->stop();
    while (!shared_->all.empty()) shared_->all.back()->end();
  }

  void take_in(boost::asio::io_context& io, tcp::socket socket) {
    thread_.check();
    const auto limit = shared_->settings.connections;
    if (limit != 0 && shared_->all.size() >= limit && !shared_->waiting.empty()) shared_->waiting.front()->end();
    const bool full = limit != 0 && shared_->all.size() >= limit;
    const auto connection = std::make_shared<HttpConnection>(io, std::move(socket), shared_);
    if (!full) return connection->start();
    connection->refuse(503, "all " + std::to_string(limit) + " connections are in use");
  }

  [[no_unique_address]] event::ThreadCheck thread_;
  std::shared_ptr<HttpConnections> shared_ = std::make_shared<HttpConnections>();
  std::shared_ptr<AcceptLoop> loop_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::listen(boost::asio::io_context& io, const Settings& settings, Serve serve) {
  return std::make_unique<PlainHttpServer>(io, settings, std::move(serve));
}

}  // namespace tributary::net
