#include "net/stream_attempt.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "event/thread_check.hpp"
#include "net/connect.hpp"
#include "net/proxy.hpp"
#include "net/tls.hpp"

namespace tributary::net {

using boost::system::error_code;

namespace {

class StreamDial final : public StreamAttempt, public std::enable_shared_from_this<StreamDial> {
 public:
  StreamDial(boost::asio::io_context& io, Target target, Handler handler)
      : io_(io), target_(std::move(target)), handler_(std::move(handler)) {}

  void start() {
    if (!target_.proxy.empty()) {
      std::string fault;
      proxy_url_ = text::parse_url(target_.proxy, {"http"}, fault);
      if (!proxy_url_) {
        return boost::asio::post(io_, [self = shared_from_this(), fault] {
          self->fail(Reason::proxy_refused, "the proxy's URL cannot be used: " + fault);
        });
      }
    }
    const text::Url& first = proxy_url_ ? *proxy_url_ : target_.url;
    connecting_ = ConnectAttempt::start(io_, first.host, first.port, [self = shared_from_this()](Connected connected) {
      self->connecting_ = nullptr;
      if (!self->over()) self->connected(std::move(connected));
    });
  }

  void cancel() override {
    thread_.check();
    handler_ = nullptr;
    if (connecting_) std::exchange(connecting_, nullptr)->cancel();
    if (stream_) stream_->close();
  }

  std::string doing() const override { return connecting_ ? connecting_->doing() : stage_; }

 private:
  bool over() const { return !handler_; }

  void connected(Connected connected) {
    thread_.check();
    if (!connected.socket) {
      if (proxy_url_) connected.ending.detail.insert(0, "the proxy: ");
      return finish(std::nullopt, std::move(connected.ending));
    }
    stream_.emplace(std::move(*connected.socket));
    if (!proxy_url_) return secure();
    stage_ = "proxy's answer";
    proxy_ = std::make_unique<ProxyHandshake>();
    const std::string request = ProxyHandshake::request(*proxy_url_, target_.url);
    const auto [status, size] = stream_->write(request);
    if (size != request.size()) return fail(Reason::proxy_refused, "the proxy did not take our request");
    read_proxy();
  }

  void read_proxy() {
    stream_->wait(Stream::Status::want_read, [self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->over()) self->proxy_readable();
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
    if (!target_.url.secure()) return finish(std::exchange(stream_, std::nullopt), {});
    stage_ = "TLS handshake";
    std::string fault;
    const SslContext context = client_tls_context(target_.tls, fault);
    if (!context) return fail(Reason::tls_failed, fault);
    std::string name = target_.tls.server_name.empty() ? target_.url.host : target_.tls.server_name;
    if (name.ends_with('.')) name.pop_back();  // neither SNI nor a certificate has the dot of the root
    stream_->use_tls(client_tls(context, stream_->descriptor(), name, target_.tls.insecure));
    handshake();
  }

  void handshake() {
    const auto status = stream_->handshake().status;
    if (status == Stream::Status::done) return finish(std::exchange(stream_, std::nullopt), {});
    if (status == Stream::Status::failed) return fail(Reason::tls_failed, stream_->fault());
    stream_->wait(status, [self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->over()) self->handshake();
    });
  }

  void fail(Reason reason, std::string detail) {
    Ending ending;
    ending.reason = reason;
    ending.detail = std::move(detail);
    finish(std::nullopt, std::move(ending));
  }

  void finish(std::optional<Stream> stream, Ending ending) {
    if (const auto handler = std::exchange(handler_, nullptr)) handler(std::move(stream), std::move(ending));
  }

  [[no_unique_address]] event::ThreadCheck thread_;  ///< of the event loop; it may be started before that runs
  boost::asio::io_context& io_;
  Target target_;
  Handler handler_;
  std::optional<text::Url> proxy_url_;
  std::shared_ptr<ConnectAttempt> connecting_;
  std::unique_ptr<ProxyHandshake> proxy_;
  std::optional<Stream> stream_;
  std::string stage_;
};

}  // namespace

std::shared_ptr<StreamAttempt> StreamAttempt::start(boost::asio::io_context& io, Target target, Handler handler) {
  auto attempt = std::make_shared<StreamDial>(io, std::move(target), std::move(handler));
  attempt->start();
  return attempt;
}

}  // namespace tributary::net
