#include <set>
#include <stdexcept>
#include <utility>

#include "event/thread_check.hpp"
#include "net/accept_loop.hpp"
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
  Server(boost::asio::io_context& io, const Settings& settings, Upgrade upgrade, Opened opened) {
    shared_->upgrade = std::move(upgrade);
    shared_->opened = std::move(opened);
    shared_->frame_limit = settings.frame_limit;
    if (!settings.tls.certificate.empty()) {
      std::string fault;
      shared_->tls = server_tls_context(settings.tls, fault);
      if (!shared_->tls) throw std::invalid_argument(fault);
    }
    loop_ = AcceptLoop::start(io, settings.host, settings.port, [this, &io](tcp::socket socket) {
      thread_.check();
      std::make_shared<AcceptedWebSocket>(io, shared_)->start(std::move(socket));
    });
  }

  ~Server() override { end_all(); }

  std::uint16_t port() const override { return loop_->port(); }

  void stop() override {
    thread_.check();
    end_all();
  }

 private:
  void end_all() {
    loop_->stop();
    const auto sockets = shared_->sockets;
    for (auto* socket : sockets) socket->abort({Reason::stopped, "the server stopped", 0, 0});
  }

  [[no_unique_address]] event::ThreadCheck thread_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::shared_ptr<AcceptLoop> loop_;
};

}  // namespace

std::unique_ptr<WebSocketServer> WebSocketServer::listen(boost::asio::io_context& io, const Settings& settings,
                                                         Upgrade upgrade, Opened opened) {
  return std::make_unique<Server>(io, settings, std::move(upgrade), std::move(opened));
}

}  // namespace tributary::net
