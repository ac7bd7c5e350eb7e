#include "net/http_connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <utility>

namespace tributary::net {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds request_timeout{10};
constexpr std::chrono::seconds answer_timeout{30};
constexpr std::chrono::seconds idle_timeout{120};
constexpr std::chrono::seconds linger_timeout{1};
constexpr std::uint32_t request_head_limit = 16 * 1024;

struct Refusal {
  int status;
  std::string why;
};

Refusal refusal_of(error_code error, std::size_t body_limit) {
  if (error == http::error::body_limit) {
    return {413, "the body is over " + std::to_string(body_limit) + " bytes"};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {431, "the request line and the headers are over " + std::to_string(request_head_limit) + " bytes"};
  }
  return {400, "this is no HTTP request: " + error.message()};
}

std::string peer_of(const tcp::socket& socket) {
  error_code ignored;
  return socket.remote_endpoint(ignored).address().to_string();
}

}  // namespace

class HttpConnection::Parser final : public http::request_parser<http::string_body> {};

/// What is held of an open answer.
class HttpConnection::Rest final : public ServedStream {
 public:
  explicit Rest(std::weak_ptr<HttpConnection> connection) : connection_(std::move(connection)) {}

  bool write(std::string_view bytes) override {
    thread_.check();
    const auto connection = connection_.lock();
    if (!connection || connection->over_ || connection->ending_) return false;
    if (connection->outgoing_.size() + bytes.size() > HttpServer::stream_limit) return connection->end(), false;
    connection->outgoing_ += bytes;
    if (!connection->pushing_) connection->push();
    return !connection->over_;
  }
  std::size_t waiting() const override {
    thread_.check();
    const auto connection = connection_.lock();
    return connection ? connection->outgoing_.size() : 0;
  }
  void end() override {
    thread_.check();
    const auto connection = connection_.lock();
    if (!connection || connection->over_ || std::exchange(connection->ending_, true)) return;
    connection->end_after(answer_timeout);
    if (!connection->pushing_) connection->push();
  }
  void when_gone(std::function<void()> gone) override {
    thread_.check();
    gone_ = std::move(gone);
    const auto connection = connection_.lock();
    if (!connection || connection->over_) say_gone();
  }
  void say_gone() {
    if (const auto gone = std::exchange(gone_, nullptr)) gone();
  }

 private:
  [[no_unique_address]] event::ThreadCheck thread_;
  std::weak_ptr<HttpConnection> connection_;
  std::function<void()> gone_;
};

HttpConnection::HttpConnection(boost::asio::io_context& io, tcp::socket socket, std::shared_ptr<HttpConnections> server)
    : deadline_(io), peer_(peer_of(socket)), stream_(std::move(socket)), server_(std::move(server)) {
  place_ = server_->all.insert(server_->all.end(), this);
}

HttpConnection::~HttpConnection() { end(); }

void HttpConnection::start() {
  thread_.check();
  await_request();
  end_after(request_timeout);
  if (!server_->tls) return read();
  stream_.use_tls(server_tls(server_->tls, stream_.descriptor()));
  handshake();
}

void HttpConnection::refuse(int status, const std::string& why) {
  thread_.check();
  goes_on_ = false;
  lingers_ = true;
  answered_ = false;
  answer(++request_, {status, {{"Content-Type", "text/plain; charset=utf-8"}}, why + "\n"});
}

void HttpConnection::end() {
  if (std::exchange(over_, true)) return;
  deadline_.cancel();
  stream_.close();
  server_->all.erase(place_);
  if (waiting_) server_->waiting.erase(*std::exchange(waiting_, std::nullopt));
  if (const auto rest = std::exchange(rest_, nullptr)) rest->say_gone();
}

void HttpConnection::await_request() {
  parser_ = std::make_unique<Parser>();
  parser_->header_limit(request_head_limit);
  parser_->body_limit(server_->settings.body_limit);
  parser_->eager(true);
  waiting_ = server_->waiting.insert(server_->waiting.end(), this);
}

void HttpConnection::handshake() {
  const auto status = stream_.handshake().status;
  if (status == Stream::Status::done) return read();
  if (status == Stream::Status::failed) return end();
  go_on(status, &HttpConnection::handshake);
}

void HttpConnection::read() {
  for (;;) {
    const auto buffer = shared_read_buffer();
    const auto [status, size] = stream_.read(buffer);
    if (size != 0 && incoming_.empty() && !parser_->got_some()) end_after(request_timeout);
    incoming_.append(buffer.data(), size);
    if (!parse()) return;
    if (status == Stream::Status::end || status == Stream::Status::failed) return end();
    if (status != Stream::Status::done) return go_on(status, &HttpConnection::read);
  }
}

/// False: the request is whole or refused, and what comes next is for later.
bool HttpConnection::parse() {
  error_code error;
  std::size_t used = 0;
  while (used < incoming_.size() && !error && !parser_->is_done()) {
    used += parser_->put(boost::asio::buffer(incoming_.data() + used, incoming_.size() - used), error);
  }
  incoming_.erase(0, used);
  if (parser_->is_done()) return serve(), false;
  if (!error || error == http::error::need_more) return true;
  const auto [status, why] = refusal_of(error, server_->settings.body_limit);
  return refuse(status, why), false;
}

void HttpConnection::serve() {
  deadline_.expires_at(boost::asio::steady_timer::time_point::max());  // also one that has expired, and is not told yet
  if (waiting_) server_->waiting.erase(*std::exchange(waiting_, std::nullopt));
  goes_on_ = server_->settings.keep_alive && parser_->keep_alive();
  auto message = parser_->release();
  ServedRequest request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.peer = peer_;
  for (const auto& field : message) {
    request.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  request.body = std::move(message.body());
  head_ = request.method == "HEAD";
  answered_ = false;
  server_->serve(request, [self = shared_from_this(), number = ++request_](ServedReply reply) {
    self->answer(number, std::move(reply));
  });
}

void HttpConnection::answer(std::uint64_t request, ServedReply reply) {
  if (over_ || request != request_ || std::exchange(answered_, true)) return;
  if (reply.reset) return end();
  if (reply.stream) goes_on_ = false;
  outgoing_ = "HTTP/1.1 " + std::to_string(reply.status) + " " +
              std::string(http::obsolete_reason(http::int_to_status(static_cast<unsigned>(reply.status)))) + "\r\n";
  for (const auto* headers : {&reply.headers, &server_->settings.headers}) {
    for (const auto& [name, value] : *headers) outgoing_.append(name).append(": ").append(value) += "\r\n";
  }
  if (!reply.stream) outgoing_ += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  outgoing_ += goes_on_ ? "\r\n" : "Connection: close\r\n\r\n";
  if (!head_) outgoing_ += reply.body;
  if (!reply.stream || head_) {
    end_after(answer_timeout);
    return write();
  }
  rest_ = std::make_shared<Rest>(weak_from_this());
  const auto rest = rest_;
  watch();
  push();
  if (!over_) reply.stream(rest);
}

void HttpConnection::write() {
  while (!outgoing_.empty()) {
    const auto [status, size] = stream_.write(outgoing_);
    outgoing_.erase(0, size);
    if (status == Stream::Status::failed || status == Stream::Status::end) return end();
    if (status != Stream::Status::done) return go_on(status, &HttpConnection::write);
  }
  written();
}

void HttpConnection::written() {
  if (goes_on_) {
    await_request();
    end_after(incoming_.empty() ? std::chrono::milliseconds(idle_timeout) : request_timeout);
    // By way of the event loop, so that a client that never waits for its answers does not keep it to itself.
    return go_on(Stream::Status::want_write, &HttpConnection::read_on);
  }
  stream_.shutdown_write();
  if (!lingers_) return end();
  end_after(linger_timeout);
  linger();
}

void HttpConnection::read_on() {
  if (parse()) read();
}

/// Reads on until the client has closed, and throws it away: to close with unread bytes would take back the answer.
void HttpConnection::linger() {
  const auto [status, size] = stream_.read(shared_read_buffer());
  if (status == Stream::Status::end || status == Stream::Status::failed) return end();
  go_on(Stream::Status::want_read, &HttpConnection::linger);
}

/// While an answer is open: has the client gone? What it says is not heard.
void HttpConnection::watch() {
  const auto [status, size] = stream_.read(shared_read_buffer());
  if (status == Stream::Status::end || status == Stream::Status::failed) return end();
  go_on(Stream::Status::want_read, &HttpConnection::watch);
}

/// Writes what there is of an open answer.
void HttpConnection::push() {
  pushing_ = false;
  while (!outgoing_.empty()) {
    const auto [status, size] = stream_.write(outgoing_);
    outgoing_.erase(0, size);
    if (status == Stream::Status::failed || status == Stream::Status::end) return end();
    if (status == Stream::Status::done) continue;
    pushing_ = true;
    return go_on(status, &HttpConnection::push);
  }
  if (!ending_) return;
  stream_.shutdown_write();
  end();
}

void HttpConnection::go_on(Stream::Status status, Step next) {
  stream_.wait(status, [self = shared_from_this(), next](error_code cancelled) {
    if (!cancelled && !self->over_) ((*self).*next)();
  });
}

void HttpConnection::end_after(std::chrono::milliseconds patience) {
  deadline_.expires_after(patience);
  deadline_.async_wait([weak = weak_from_this()](error_code cancelled) {
    const auto self = weak.lock();
    if (!cancelled && self && self->deadline_.expiry() <= boost::asio::steady_timer::clock_type::now()) self->end();
  });
}

}  // namespace tributary::net
