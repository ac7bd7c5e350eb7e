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
      : WebSocketConnection(io, &listener, target.close_timeout), target_(std::move(target)) {}

  void start() {
    std::string fault;
    auto url = parse_url(target_.url, fault);
    if (url && url->scheme != "ws" && url->scheme != "wss") fault = "the scheme is neither ws nor wss";
    if (!fault.empty()) return abort({Reason::unresolved_host, "the URL cannot be dialled: " + fault, 0, 0});
    url_ = std::move(*url);
    if (!target_.proxy.empty()) {
      proxy_url_ = parse_url(target_.proxy, fault);
      if (proxy_url_ && proxy_url_->scheme != "http") fault = "the scheme is not http";
      if (!fault.empty()) return abort({Reason::proxy_refused, "the proxy's URL cannot be used: " + fault, 0, 0});
    }
    deadline_.expires_after(target_.dial_timeout);
    deadline_.async_wait([self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->timed_out();
    });
    connect();
  }

 private:
  std::shared_ptr<DialledWebSocket> shared() { return std::static_pointer_cast<DialledWebSocket>(shared_from_this()); }

  std::string stage() const override { return attempt_ ? attempt_->doing() : stage_; }

  void over() override {
    if (attempt_) std::exchange(attempt_, nullptr)->cancel();
    proxy_.reset();
  }

  UpgradeAnswer upgrade(const UpgradeRequest&) override { return {}; }

  void timed_out() {
    fail(Reason::dial_timeout,
         "after " + std::to_string(target_.dial_timeout.count()) + " ms, during the stage: " + stage());
  }

  void connect() {
    const Url& first = proxy_url_ ? *proxy_url_ : url_;
    attempt_ = ConnectAttempt::start(io_, first.host, first.port, [self = shared()](Connected connected) {
      self->attempt_ = nullptr;
      if (self->ended()) return;
      self->connected(std::move(connected));
    });
  }

  void connected(Connected connected) {
    if (!connected.socket) {
      if (proxy_url_) connected.ending.detail.insert(0, "proxy ");
      return fail(std::move(connected.ending));
    }
    stream_.emplace(std::move(*connected.socket));
    if (!proxy_url_) return secure();
    stage_ = "proxy's answer";
    proxy_ = std::make_unique<ProxyHandshake>();
    const std::string request = ProxyHandshake::request(*proxy_url_, url_);
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
    if (size != 0) proxy_->feed({buffer.data(), size});
    if (status == Stream::Status::end) proxy_->end();
    if (status == Stream::Status::failed && proxy_->state() == ProxyHandshake::State::waiting) {
      return fail(Reason::proxy_refused, stream_->fault());
    }
    switch (proxy_->state()) {
      case ProxyHandshake::State::waiting:
        return read_proxy();
      case ProxyHandshake::State::refused:
        return fail(Reason::proxy_refused, proxy_->fault());
      case ProxyHandshake::State::open:
        break;
    }
    proxy_.reset();
    secure();
  }

  void secure() {
    if (!url_.secure()) return upgrade_stream();
    stage_ = "TLS handshake";
    std::string fault;
    const SslContext context = client_tls_context(target_.tls, fault);
    if (!context) return fail(Reason::tls_failed, fault);
    const std::string& name = target_.tls.server_name.empty() ? url_.host : target_.tls.server_name;
    stream_->use_tls(client_tls(context, stream_->descriptor(), name, target_.tls.insecure));
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
    stage_ = "upgrade";
    WebSocketEngine::Request request;
    request.secure = url_.secure();
    request.host = url_.bracketed_host();
    request.port = url_.port;
    request.target = url_.target;
    request.headers = std::move(target_.headers);
    if (!target_.origin.empty()) request.headers.emplace_back("Origin", target_.origin);
    request.subprotocols = std::move(target_.subprotocols);
    engine_ = WebSocketEngine::client(request, target_.frame_limit, *this);
    target_ = DialTarget{};
    run();
  }

  DialTarget target_;  ///< given back once the request is made: an idle socket need not hold it
  Url url_;
  std::optional<Url> proxy_url_;
  std::shared_ptr<ConnectAttempt> attempt_;
  std::unique_ptr<ProxyHandshake> proxy_;
  std::string stage_;
};

}  // namespace

std::shared_ptr<WebSocket> dial(boost::asio::io_context& io, const DialTarget& target, WebSocketListener& listener) {
  auto socket = std::make_shared<DialledWebSocket>(io, target, listener);
  socket->start();
  return socket;
}

}  // namespace tributary::net
