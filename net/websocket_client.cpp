#include <boost/asio/post.hpp>
#include <utility>

#include "net/connect.hpp"
#include "net/proxy.hpp"
#include "net/url.hpp"
#include "net/websocket_connection.hpp"

namespace tributary::net {

using boost::system::error_code;

namespace {

/// A websocket we dial: connect, proxy, TLS, upgrade, all within dial_timeout.
class DialledWebSocket final : public WebSocketConnection {
 public:
  DialledWebSocket(boost::asio::io_context& io, DialTarget target, WebSocketListener& listener)
      : WebSocketConnection(io, &listener, target.close_timeout),
        dial_timeout_(target.dial_timeout),
        dialling_(std::make_unique<Dialling>()) {
    dialling_->target = std::move(target);
  }

  void start() {
    std::string fault;
    auto url = parse_url(dialling_->target.url, fault);
    if (url && url->scheme != "ws" && url->scheme != "wss") fault = "the scheme is neither ws nor wss";
    if (!fault.empty()) return abort({Reason::unresolved_host, "the URL cannot be dialled: " + fault, 0, 0});
    dialling_->url = std::move(*url);
    if (!dialling_->target.proxy.empty()) {
      auto& proxy = dialling_->proxy_url = parse_url(dialling_->target.proxy, fault);
      if (proxy && proxy->scheme != "http") fault = "the scheme is not http";
      if (!fault.empty()) return abort({Reason::proxy_refused, "the proxy's URL cannot be used: " + fault, 0, 0});
    }
    deadline_.expires_after(dial_timeout_);
    deadline_.async_wait([self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->timed_out();
    });
    connect();
  }

 private:
  std::shared_ptr<DialledWebSocket> shared() { return std::static_pointer_cast<DialledWebSocket>(shared_from_this()); }

  /// What only dialling needs; given back once the request is made, so that an idle socket does not hold it.
  struct Dialling {
    DialTarget target;
    Url url;
    std::optional<Url> proxy_url;
    std::shared_ptr<ConnectAttempt> attempt;
    std::unique_ptr<ProxyHandshake> proxy;
    std::string stage;
  };

  std::string stage() const override {
    if (!dialling_) return "upgrade";
    return dialling_->attempt ? dialling_->attempt->doing() : dialling_->stage;
  }

  void over() override {
    if (!dialling_) return;
    if (dialling_->attempt) std::exchange(dialling_->attempt, nullptr)->cancel();
    dialling_->proxy.reset();
  }

  UpgradeAnswer upgrade(const UpgradeRequest&) override { return {}; }

  void timed_out() {
    fail(Reason::dial_timeout, "after " + std::to_string(dial_timeout_.count()) + " ms, during the stage: " + stage());
  }

  void connect() {
    const Url& first = dialling_->proxy_url ? *dialling_->proxy_url : dialling_->url;
    dialling_->attempt = ConnectAttempt::start(io_, first.host, first.port, [self = shared()](Connected connected) {
      self->dialling_->attempt = nullptr;
      if (self->ended()) return;
      self->connected(std::move(connected));
    });
  }

  void connected(Connected connected) {
    if (!connected.socket) {
      if (dialling_->proxy_url) connected.ending.detail.insert(0, "proxy ");
      return fail(std::move(connected.ending));
    }
    stream_.emplace(std::move(*connected.socket));
    if (!dialling_->proxy_url) return secure();
    dialling_->stage = "proxy's answer";
    dialling_->proxy = std::make_unique<ProxyHandshake>();
    const std::string request = ProxyHandshake::request(*dialling_->proxy_url, dialling_->url);
    const auto [status, size] = stream_->write(request);
    if (size != request.size()) return fail(Reason::proxy_refused, "the proxy did not take our request");
    read_proxy();
  }

  void read_proxy() {
    stream_->wait(Stream::Status::want_read, [self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->proxy_readable();
    });
  }

  void proxy_readable() {
    const auto buffer = shared_read_buffer();
    const auto [status, size] = stream_->read(buffer);
    if (size != 0) dialling_->proxy->feed({buffer.data(), size});
    if (status == Stream::Status::end) dialling_->proxy->end();
    if (status == Stream::Status::failed && dialling_->proxy->state() == ProxyHandshake::State::waiting) {
      return fail(Reason::proxy_refused, stream_->fault());
    }
    switch (dialling_->proxy->state()) {
      case ProxyHandshake::State::waiting:
        return read_proxy();
      case ProxyHandshake::State::refused:
        return fail(Reason::proxy_refused, dialling_->proxy->fault());
      case ProxyHandshake::State::open:
        break;
    }
    dialling_->proxy.reset();
    secure();
  }

  void secure() {
    if (!dialling_->url.secure()) return upgrade_stream();
    dialling_->stage = "TLS handshake";
    std::string fault;
    const SslContext context = client_tls_context(dialling_->target.tls, fault);
    if (!context) return fail(Reason::tls_failed, fault);
    const std::string& name =
        dialling_->target.tls.server_name.empty() ? dialling_->url.host : dialling_->target.tls.server_name;
    stream_->use_tls(client_tls(context, stream_->descriptor(), name, dialling_->target.tls.insecure));
    handshake();
  }

  void handshake() {
    const auto status = stream_->handshake().status;
    if (status == Stream::Status::done) return upgrade_stream();
    if (status == Stream::Status::failed) return fail(Reason::tls_failed, stream_->fault());
    stream_->wait(status, [self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->handshake();
    });
  }

  void upgrade_stream() {
    WebSocketEngine::Request request;
    request.secure = dialling_->url.secure();
    request.host = dialling_->url.bracketed_host();
    request.port = dialling_->url.port;
    request.target = dialling_->url.target;
    request.headers = std::move(dialling_->target.headers);
    if (!dialling_->target.origin.empty()) request.headers.emplace_back("Origin", dialling_->target.origin);
    request.subprotocols = std::move(dialling_->target.subprotocols);
    engine_ = WebSocketEngine::client(request, dialling_->target.frame_limit, *this);
    dialling_.reset();
    run();
  }

  std::chrono::milliseconds dial_timeout_;
  std::unique_ptr<Dialling> dialling_;
};

}  // namespace

std::shared_ptr<WebSocket> dial(boost::asio::io_context& io, const DialTarget& target, WebSocketListener& listener) {
  auto socket = std::make_shared<DialledWebSocket>(io, target, listener);
  socket->start();
  return socket;
}

}  // namespace tributary::net
