#include "net/http_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <utility>

#include "net/accept_loop.hpp"
#include "net/stream.hpp"
#include "net/tls.hpp"

namespace tributary::net {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds request_timeout{10};
constexpr std::uint32_t request_head_limit = 16 * 1024;

class Served;

/// What the connections share with their server; it outlives the server as long as one of them lives.
struct ServedShared {
  HttpServer::Serve serve;
  std::size_t body_limit = 0;
  SslContext tls;
  std::set<Served*> connections;
};

/// One connection: a request, its answer, the end. Kept alive by its pending I/O.
class Served final : public std::enable_shared_from_this<Served> {
 public:
  Served(boost::asio::io_context& io, tcp::socket socket, std::shared_ptr<ServedShared> server)
      : deadline_(io), stream_(std::move(socket)), server_(std::move(server)) {
    parser_.header_limit(request_head_limit);
    parser_.body_limit(server_->body_limit);
    parser_.eager(true);
    server_->connections.insert(this);
  }
  ~Served() { end(); }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  void start() {
    deadline_.expires_after(request_timeout);
    deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->end();
    });
    if (!server_->tls) return read();
    stream_.use_tls(server_tls(server_->tls, stream_.descriptor()));
    handshake();
  }

  void end() {
    if (std::exchange(over_, true)) return;
    deadline_.cancel();
    stream_.close();
    server_->connections.erase(this);
  }

 private:
  void handshake() {
    const auto status = stream_.handshake().status;
    if (status == Stream::Status::done) return read();
    if (status == Stream::Status::failed) return end();
    go_on(status, &Served::handshake);
  }

  void read() {
    for (;;) {
      const auto buffer = shared_read_buffer();
      const auto [status, size] = stream_.read(buffer);
      incoming_.append(buffer.data(), size);
      error_code error;
      std::size_t used = 0;
      while (used < incoming_.size() && !error && !parser_.is_done()) {
        used += parser_.put(boost::asio::buffer(incoming_.data() + used, incoming_.size() - used), error);
      }
      incoming_.erase(0, used);
      if (parser_.is_done()) return serve();
      if (error && error != http::error::need_more) return answer({400, {}, error.message() + "\n"});
      if (status == Stream::Status::end || status == Stream::Status::failed) return end();
      if (status != Stream::Status::done) return go_on(status, &Served::read);
    }
  }

  void serve() {
    deadline_.cancel();
    auto message = parser_.release();
    ServedRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    for (const auto& field : message) {
      request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    request.body = std::move(message.body());
    server_->serve(request, [self = shared_from_this()](ServedReply reply) { self->answer(reply); });
  }

  void answer(const ServedReply& reply) {
    if (over_ || !outgoing_.empty()) return;
    if (reply.reset) return end();
    outgoing_ = "HTTP/1.1 " + std::to_string(reply.status) + " " +
                std::string(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(reply.status)))) + "\r\n";
    for (const auto& [name, value] : reply.headers) outgoing_.append(name).append(": ").append(value) += "\r\n";
    outgoing_ += "Content-Length: " + std::to_string(reply.body.size()) + "\r\nConnection: close\r\n\r\n" + reply.body;
    write();
  }

  void write() {
    while (written_ < outgoing_.size()) {
      const auto [status, size] = stream_.write(std::string_view(outgoing_).substr(written_));
      written_ += size;
      if (status == Stream::Status::failed || status == Stream::Status::end) return end();
      if (status != Stream::Status::done) return go_on(status, &Served::write);
    }
    stream_.shutdown_write();
    end();
  }

  void go_on(Stream::Status status, void (Served::*next)()) {
    stream_.wait(status, [self = shared_from_this(), next](error_code cancelled) {
      if (!cancelled && !self->over_) ((*self).*next)();
    });
  }

  boost::asio::steady_timer deadline_;
  Stream stream_;
  std::shared_ptr<ServedShared> server_;
  http::request_parser<http::string_body> parser_;
  std::string incoming_;  ///< not yet taken by the parser
  std::string outgoing_;
  std::size_t written_ = 0;
  bool over_ = false;
};

class PlainHttpServer final : public HttpServer {
 public:
  PlainHttpServer(boost::asio::io_context& io, const Settings& settings, Serve serve) {
    shared_->serve = std::move(serve);
    shared_->body_limit = settings.body_limit;
    if (!settings.tls.certificate.empty()) {
      std::string fault;
      shared_->tls = server_tls_context(settings.tls, fault);
      if (!shared_->tls) throw std::invalid_argument(fault);
    }
    loop_ = AcceptLoop::start(io, settings.host, settings.port, [&io, shared = shared_](tcp::socket socket) {
      std::make_shared<Served>(io, std::move(socket), shared)->start();
    });
  }
  ~PlainHttpServer() override { stop(); }

  std::uint16_t port() const override { return loop_->port(); }
  void stop() override {
    loop_->stop();
    const auto connections = shared_->connections;
    for (auto* connection : connections) connection->end();
  }

 private:
  std::shared_ptr<ServedShared> shared_ = std::make_shared<ServedShared>();
  std::shared_ptr<AcceptLoop> loop_;
};

}  // namespace

std::unique_ptr<HttpServer> HttpServer::listen(boost::asio::io_context& io, const Settings& settings, Serve serve) {
  return std::make_unique<PlainHttpServer>(io, settings, std::move(serve));
}

}  // namespace tributary::net
