#include <boost/asio/post.hpp>
#include <utility>

#include "net/stream_attempt.hpp"
#include "net/websocket_connection.hpp"
#include "text/url.hpp"

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
    auto url = text::parse_url(dialling_->target.url, {"wss", "ws"}, fault);
    if (!url) return abort({Reason::unresolved_host, "the URL cannot be dialled: " + fault, 0, 0});
    dialling_->url = std::move(*url);
    deadline_.expires_after(dial_timeout_);
    deadline_.async_wait([self = shared()](error_code cancelled) {
      if (!cancelled && !self->ended()) self->timed_out();
    });
    auto& way = *dialling_;
    way.attempt = StreamAttempt::start(io_, {way.url, way.target.proxy, way.target.tls},
                                       [self = shared()](std::optional<Stream> stream, Ending ending) {
                                         if (self->ended()) return;
                                         if (!stream) return self->fail(std::move(ending));
                                         self->upgrade_stream(std::move(*stream));
                                       });
  }

 private:
  std::shared_ptr<DialledWebSocket> shared() { return std::static_pointer_cast<DialledWebSocket>(shared_from_this()); }

  /// What only dialling needs; given back once the request is made, so that an idle socket does not hold it.
  struct Dialling {
    DialTarget target;
    text::Url url;
    std::shared_ptr<StreamAttempt> attempt;
  };

  std::string stage() const override { return dialling_ ? dialling_->attempt->doing() : "upgrade"; }

  void over() override {
    if (dialling_ && dialling_->attempt) std::exchange(dialling_->attempt, nullptr)->cancel();
  }

  UpgradeAnswer upgrade(const UpgradeRequest&) override { return {}; }

  void timed_out() {
    fail(Reason::dial_timeout, "after " + std::to_string(dial_timeout_.count()) + " ms, during the stage: " + stage());
  }

  void upgrade_stream(Stream stream) {
    stream_.emplace(std::move(stream));
    WebSocketEngine::Request request;
    request.secure = dialling_->url.secure();
    request.host = dialling_->url.bracketed_host();
    request.port = dialling_->url.port;
    request.target = dialling_->url.target;
    request.headers = std::move(dialling_->target.headers);
    if (dialling_->url.has_user_info() && header_value(request.headers, "Authorization").empty()) {
      request.headers.emplace_back("Authorization", dialling_->url.basic_authorization());
    }
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
