#include "net/http_server.hpp"

#include <stdexcept>
#include <utility>

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
                              [&io, shared = shared_](tcp::socket socket) { take_in(io, shared, std::move(socket)); });
  }
  ~PlainHttpServer() override { stop(); }

  std::uint16_t port() const override { return loop_->port(); }
  void stop_listening() override { loop_->stop(); }
  void stop() override {
    loop_->stop();
    while (!shared_->all.empty()) shared_->all.back()->end();
  }

 private:
  static void take_in(boost::asio::io_context& io, const std::shared_ptr<HttpConnections>& shared, tcp::socket socket) {
    const auto limit = shared->settings.connections;
    if (limit != 0 && shared->all.size() >= limit && !shared->waiting.empty()) shared->waiting.front()->end();
    const bool full = limit != 0 && shared->all.size() >= limit;
    const auto connection = std::make_shared<HttpConnection>(io, std::move(socket), shared);
    if (!full) return connection->start();
    connection->refuse(503, "all " + std::to_string(limit) + " connections are in use");
  }

  std::shared_ptr<HttpConnections> shared_ = std::make_shared<HttpConnections>();
  std::shared_ptr<AcceptLoop> loop_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::listen(boost::asio::io_context& io, const Settings& settings, Serve serve) {
  return std::make_unique<PlainHttpServer>(io, settings, std::move(serve));
}

}  // namespace tributary::net
