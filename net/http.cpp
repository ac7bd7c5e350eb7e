#include "net/http.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "event/thread_check.hpp"
#include "net/http_reply.hpp"
#include "net/stream_attempt.hpp"
#include "text/url.hpp"

namespace tributary::net {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::uint32_t head_limit = 16 * 1024;

/// The request as it is written. Header values come from configuration and secrets: a line break in one would begin
/// another header, so it is left out.
std::string wire_form(const HttpRequest& request, const text::Url& url) {
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\n";
  const auto header = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ");
    for (const char c : value) {
      if (c != '\r' && c != '\n' && c != '\0') text += c;
    }
    text += "\r\n";
  };
  header("Host", url.authority());
  if (url.has_user_info() && header_value(request.headers, "Authorization").empty()) {
    header("Authorization", url.basic_authorization());
  }
  for (const auto& [name, value] : request.headers) header(name, value);
  header("Connection", "close");
  if (!request.body.empty()) header("Content-Length", std::to_string(request.body.size()));
  return text + "\r\n" + request.body;
}

class Exchange final : public HttpExchange, public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(boost::asio::io_context& io, Handler handler, Writing writing, Pieces pieces,
           std::chrono::milliseconds timeout, std::size_t limit)
      : io_(io),
        handler_(std::move(handler)),
        writing_(std::move(writing)),
        pieces_(std::move(pieces)),
        deadline_(io),
        timeout_(timeout),
        limit_(limit) {
    start_parser();
  }

  void start(const HttpRequest& request) {
    std::string fault;
    auto url = text::parse_url(request.url, {"https", "http"}, fault);
    if (!url) {
      return boost::asio::post(io_, [self = shared_from_this(), fault] {
        self->fail(Reason::unresolved_host, "the URL cannot be asked: " + fault);
      });
    }
    outgoing_ = wire_form(request, *url);
    deadline_.expires_after(timeout_);
    deadline_.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled && !self->over()) self->timed_out();
    });
    attempt_ = StreamAttempt::start(io_, {std::move(*url), request.proxy, request.tls},
                                    [self = shared_from_this()](std::optional<Stream> stream, Ending ending) {
                                      self->attempt_ = nullptr;
                                      if (self->over()) return;
                                      if (!stream) return self->finish(std::move(ending));
                                      self->stream_.emplace(std::move(*stream));
                                      if (const auto writing = std::exchange(self->writing_, nullptr)) writing();
                                      if (!self->over()) self->write();
                                    });
  }

  void cancel() override {
    thread_.check();
    finish_with_nothing();
  }

 private:
  bool over() const { return !handler_; }

  void write() {
    thread_.check();
    while (written_ < outgoing_.size()) {
      const auto [status, size] = stream_->write(std::string_view(outgoing_).substr(written_));
      written_ += size;
      // The answer that it refuses with may be there.
      if (status == Stream::Status::failed || status == Stream::Status::end) return read();
      if (status != Stream::Status::done) return go_on(status, &Exchange::write);
    }
    read();
  }

  void read() {
    for (;;) {
      const auto buffer = shared_read_buffer();
      const auto [status, size] = stream_->read(buffer);
      if (size != 0 && !take({buffer.data(), size})) return;
      if (status == Stream::Status::end) return ended();
      if (status == Stream::Status::failed) return fail(Reason::reset, stream_->fault());
      if (status != Stream::Status::done) return go_on(status, &Exchange::read);
    }
  }

  void go_on(Stream::Status status, void (Exchange::*next)()) {
    stream_->wait(status, [self = shared_from_this(), next](error_code cancelled) {
      if (!cancelled && !self->over()) ((*self).*next)();
    });
  }

  void start_parser() {
    parser_.emplace();
    parser_->header_limit(head_limit);
    if (pieces_) {
      parser_->body_limit(boost::none);
    } else {
      parser_->body_limit(limit_);
    }
    parser_->eager(true);
  }

  /// Hands over what there is of the body; false when no more is wanted.
  bool hand_over() {
    if (!pieces_ || !parser_->is_header_done() || parser_->get().result_int() != 200) return true;
    deadline_.expires_at(boost::asio::steady_timer::time_point::max());
    const std::string piece = std::exchange(parser_->get().body(), {});
    return piece.empty() || pieces_(piece);
  }

  /// False when there is no more to read.
  bool take(std::string_view bytes) {
    incoming_ += bytes;
    if (std::string other; !parser_->is_header_done() && !(other = other_protocol(incoming_)).empty()) {
      return fail(Reason::protocol_error, std::move(other)), false;
    }
    error_code error;
    for (bool more = true; more;) {
      std::size_t used = 0;
      while (used < incoming_.size() && !error && !parser_->is_done()) {
        used += parser_->put(boost::asio::buffer(incoming_.data() + used, incoming_.size() - used), error);
      }
      incoming_.erase(0, used);
      more = parser_->is_done() && is_interim(static_cast<int>(parser_->get().result_int()));
      if (!more) break;
      if (++interims_ > HttpReplyReader::interim_limit) {
        return fail(Reason::protocol_error, "too many interim answers (HTTP 1xx) and none that counts"), false;
      }
      start_parser();
    }
    if (!hand_over()) return answered(), false;
    if (parser_->is_done()) return answered(), false;
    if (error == http::error::need_more) error = {};
    if (error == http::error::body_limit) {
      return fail(Reason::frame_too_large, "the answer's body is over " + std::to_string(limit_) + " bytes"), false;
    }
    if (error) {
      return fail(Reason::protocol_error, "the answer is not HTTP (" + error.message() + "); is the URL right?"), false;
    }
    return true;
  }

  void ended() {
    error_code error;
    if (parser_->got_some()) parser_->put_eof(error);  // a body may last until the end
    if (parser_->is_done()) return answered();
    fail(Reason::eof, "the connection ended before the answer did");
  }

  void answered() {
    auto message = parser_->release();
    HttpAnswer answer;
    answer.status = static_cast<int>(message.result_int());
    for (const auto& field : message) {
      answer.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    answer.body = std::move(message.body());
    finish(std::move(answer));
  }

  void timed_out() {
    thread_.check();
    fail(Reason::dial_timeout, "after " + std::to_string(timeout_.count()) +
                                   " ms, during the stage: " + (attempt_ ? attempt_->doing() : std::string("answer")));
  }

  void fail(Reason reason, std::string detail) {
    Ending ending;
    ending.reason = reason;
    ending.detail = std::move(detail);
    finish(std::move(ending));
  }

  void finish(Result result) {
    if (const auto handler = finish_with_nothing()) handler(std::move(result));
  }

  Handler finish_with_nothing() {
    deadline_.cancel();
    if (attempt_) std::exchange(attempt_, nullptr)->cancel();
    if (stream_) stream_->close();
    writing_ = nullptr;
    pieces_ = nullptr;
    return std::exchange(handler_, nullptr);
  }

  [[no_unique_address]] event::ThreadCheck thread_;  ///< of the event loop; it may be started before that runs
  boost::asio::io_context& io_;
  Handler handler_;
  Writing writing_;  ///< until it is called
  Pieces pieces_;
  boost::asio::steady_timer deadline_;
  std::chrono::milliseconds timeout_;
  std::size_t limit_;
  std::shared_ptr<StreamAttempt> attempt_;
  std::optional<Stream> stream_;
  std::string outgoing_;
  std::size_t written_ = 0;
  std::string incoming_;  ///< not yet taken by the parser
  std::optional<http::response_parser<http::string_body>> parser_;
  int interims_ = 0;
};

}  // namespace

std::shared_ptr<HttpExchange> HttpExchange::start(boost::asio::io_context& io, const HttpRequest& request,
                                                  Handler handler, Writing writing, Pieces pieces) {
  auto exchange = std::make_shared<Exchange>(io, std::move(handler), std::move(writing), std::move(pieces),
                                             request.timeout, request.limit);
  exchange->start(request);
  return exchange;
}

}  // namespace tributary::net
