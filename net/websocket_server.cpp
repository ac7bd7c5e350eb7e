#include <boost/asio/steady_timer.hpp>
#include <set>
#include <stdexcept>
#include <utility>

#include "net/websocket_connection.hpp"

namespace tributary::net {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

using namespace std::chrono_literals;

class AcceptedWebSocket;

/// What the accepted sockets share with their server; it outlives the server as long as one of them lives.
struct Shared {
  WebSocketServer::Upgrade upgrade;
  WebSocketServer::Opened opened;
  std::size_t frame_limit = 0;
  SslContext tls;
  std::set<AcceptedWebSocket*> sockets;  ///< those not ended
};

/// A websocket that came to us: TLS, upgrade, within handshake_timeout.
class AcceptedWebSocket final : public WebSocketConnection {
 public:
  static constexpr auto handshake_timeout = 10s;

  AcceptedWebSocket(boost::asio::io_context& io, std::shared_ptr<Shared> server)
      : WebSocketConnection(io, nullptr, 2s), server_(std::move(server)) {}

  void start(tcp::socket socket) {
    server_->sockets.insert(this);
    stream_.emplace(std::move(socket));
    deadline_.expires_after(handshake_timeout);
    deadline_.async_wait([self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->fail(Reason::dial_timeout, "the client did not finish its handshake");
    });
    if (server_->tls) {
      stream_->use_tls(server_tls(server_->tls, stream_->descriptor()));
      handshake();
    } else {
      serve();
    }
  }

 private:
  std::shared_ptr<AcceptedWebSocket> shared() {
    return std::static_pointer_cast<AcceptedWebSocket>(shared_from_this());
  }

  std::string stage() const override { return "client's handshake"; }
  void over() override { server_->sockets.erase(this); }

  UpgradeAnswer upgrade(const UpgradeRequest& request) override {
    if (ended()) return {503, {}, {}, {}, {}, nullptr};
    UpgradeAnswer answer = server_->upgrade(request);
    if (answer.status != 101 || request.header("Upgrade").empty()) return answer;
    set_listener(answer.listener);
    if (server_->opened) server_->opened(shared_from_this(), answer.listener);
    return answer;
  }

  void handshake() {
    const auto status = stream_->handshake().status;
    if (status == Stream::Status::done) return serve();
    if (status == Stream::Status::failed) return fail(Reason::tls_failed, stream_->fault());
    stream_->wait(status, [self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->handshake();
    });
  }

  void serve() {
    engine_ = WebSocketEngine::server(server_->frame_limit, *this);
    run();
  }

  std::shared_ptr<Shared> server_;
};

class Server final : public WebSocketServer {
 public:
  Server(boost::asio::io_context& io, const Settings& settings, Upgrade upgrade, Opened opened)
      : listening_(std::make_shared<Listening>(io)) {
    auto& shared = listening_->shared;
    shared->upgrade = std::move(upgrade);
    shared->opened = std::move(opened);
    shared->frame_limit = settings.frame_limit;
    if (!settings.tls.certificate.empty()) {
      std::string fault;
      shared->tls = server_tls_context(settings.tls, fault);
      if (!shared->tls) throw std::invalid_argument(fault);
    }
    error_code no_address;
    const auto address = boost::asio::ip::make_address(settings.host, no_address);
    if (no_address)
      throw std::invalid_argument(settings.host + " is no address; expected one such as 127.0.0.1 or ::1");
    const tcp::endpoint endpoint(address, settings.port);
    auto& acceptor = listening_->acceptor;
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(4096);
    port_ = acceptor.local_endpoint().port();
    listening_->accept();
  }

  ~Server() override { stop(); }

  std::uint16_t port() const override { return port_; }

  void stop() override {
    error_code ignored;
    listening_->acceptor.close(ignored);
    listening_->retry.cancel();
    const auto sockets = listening_->shared->sockets;
    for (auto* socket : sockets) socket->abort({Reason::stopped, "the server stopped", 0, 0});
  }

 private:
  /// The accept loop, which may have a handler pending when the server is gone.
  struct Listening : std::enable_shared_from_this<Listening> {
    explicit Listening(boost::asio::io_context& context) : io(context), acceptor(context), retry(context) {}

    void accept() {
      acceptor.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (!self->acceptor.is_open()) return;
        if (error) return self->accept_later();
        std::make_shared<AcceptedWebSocket>(self->io, self->shared)->start(std::move(socket));
        self->accept();
      });
    }

    /// Out of descriptors, most likely.
    void accept_later() {
      retry.expires_after(100ms);
      retry.async_wait([self = shared_from_this()](error_code cancelled) {
        if (!cancelled && self->acceptor.is_open()) self->accept();
      });
    }

    boost::asio::io_context& io;
    tcp::acceptor acceptor;
    boost::asio::steady_timer retry;
    std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  };

  std::shared_ptr<Listening> listening_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<WebSocketServer> WebSocketServer::listen(boost::asio::io_context& io, const Settings& settings,
                                                         Upgrade upgrade, Opened opened) {
  return std::make_unique<Server>(io, settings, std::move(upgrade), std::move(opened));
}

}  // namespace tributary::net
