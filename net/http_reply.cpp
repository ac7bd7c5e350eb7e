#include "net/http_reply.hpp"
#include "text/printable.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

namespace tributary::net {

namespace http = boost::beast::http;

namespace {

constexpr std::size_t bare_status_line = std::string_view("HTTP/1.1 101").size();
constexpr const char* too_long = "the head of the answer is over 16 KiB";

}  // namespace

std::string HttpReply::words() const {
  std::string out = "HTTP " + std::to_string(status);
  if (!phrase.empty()) out += " " + phrase;
  if (const std::string location = header("Location"); !location.empty()) out += ", to " + location;
  if (!body.empty()) out += ": " + body;
  return text::printable(out, 300);
}

int retry_after_seconds(std::string_view value, std::time_t now) {
  constexpr long long day = 24 * 60 * 60;
  long long seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc::result_out_of_range) {
    seconds = day;
  } else if (error != std::errc{} || end != value.data() + value.size()) {
    std::tm date{};
    const std::string text(value);
    if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return 0;
    seconds = static_cast<long long>(timegm(&date)) - static_cast<long long>(now);
  }
  return static_cast<int>(std::clamp(seconds, 0LL, day));
}

std::string other_protocol(std::string_view bytes) {
  // A TLS record: alert or handshake, then version 3.x.
  if (bytes.size() >= 2 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03) {
    return "the server speaks TLS here: wss:// instead of ws://, https:// instead of http://?";
  }
  // A frame of HTTP/2: SETTINGS or GOAWAY, shorter than 64 KiB, of stream 0. Its flags are bytes[4].
  constexpr std::size_t frame_head = 9;
  if (bytes.size() >= frame_head && bytes[0] == 0 && (bytes[3] == 0x04 || bytes[3] == 0x07) &&
      bytes.substr(5, 4) == std::string_view("\0\0\0\0", 4)) {
    return "the server speaks HTTP/2 here; a websocket needs HTTP/1.1: is the port right?";
  }
  return {};
}

struct HttpReplyReader::Parser {
  http::response_parser<http::buffer_body> http;
  std::string body;  ///< room for body_limit bytes, had only once there is a body: an upgrade that succeeds has none
};

HttpReplyReader::HttpReplyReader() { start_parser(); }

void HttpReplyReader::start_parser() {
  parser_ = std::make_unique<Parser>();
  parser_->http.header_limit(head_limit);
  parser_->http.body_limit(boost::none);
}

HttpReplyReader::~HttpReplyReader() = default;

std::size_t HttpReplyReader::feed(std::string_view bytes) {
  if (state_ == State::head) return feed_head(bytes);
  if (state_ == State::body) return feed_body(bytes);
  return bytes.size();
}

/// Gives the parser what it has not taken yet. False when it can go no further.
bool HttpReplyReader::parse(std::string_view pending) {
  boost::system::error_code error;
  while (taken_ < pending.size() && !error && !(state_ == State::head && parser_->http.is_header_done()) &&
         !parser_->http.is_done()) {
    taken_ += parser_->http.put(boost::asio::buffer(pending.data() + taken_, pending.size() - taken_), error);
  }
  if (error == http::error::header_limit) fault_ = too_long;
  return !error || error == http::error::need_more;
}

std::size_t HttpReplyReader::feed_head(std::string_view bytes) {
  std::size_t used = 0;
  do {
    used += feed_one_head(bytes.substr(used));
  } while (pass_over_interim() && used < bytes.size());
  return state_ == State::malformed ? bytes.size() : used;
}

/// True when what was read is one, and the next head begins.
bool HttpReplyReader::pass_over_interim() {
  if (state_ == State::head || state_ == State::malformed || !is_interim(reply_.status)) return false;
  if (++interims_ > interim_limit) {
    state_ = State::malformed;
    fault_ = "more than " + std::to_string(interim_limit) + " interim answers (HTTP " + std::to_string(reply_.status) +
             ") and none that counts";
    return false;
  }
  interim_bytes_ += raw_head_.size();
  raw_head_.clear();
  taken_ = 0;
  reply_ = {};
  start_parser();
  state_ = State::head;
  return true;
}

std::string HttpReplyReader::unfolded_head() const {
  std::string head = raw_head_.substr(0, raw_head_.find('\n') + 1);
  for (const auto& [name, value] : reply_.headers) head.append(name).append(": ").append(value) += "\r\n";
  return head + "\r\n";
}

std::size_t HttpReplyReader::feed_one_head(std::string_view bytes) {
  std::size_t before = raw_head_.size();
  raw_head_ += bytes;
  // RFC 9112 4 wants a space behind the status also where no reason follows; some servers leave it out, and the parser
  // does not forgive that.
  if (const std::size_t end = raw_head_.find('\r'); end == bare_status_line && raw_head_.starts_with("HTTP/1.")) {
    raw_head_.insert(end, 1, ' ');
    ++before;
  }
  fault_ = other_protocol(raw_head_);
  const bool good = fault_.empty() && parse(raw_head_);
  if (good && !parser_->http.is_header_done() && interim_bytes_ + raw_head_.size() < head_limit) return bytes.size();
  if (!good || !parser_->http.is_header_done()) {
    state_ = State::malformed;
    if (good) fault_ = too_long;
    if (fault_.empty()) {
      fault_ = "the answer is not HTTP, it begins \"" + text::printable(raw_head_.substr(0, raw_head_.find('\r')), 40) +
               "\"; are host and port of the URL right?";
    }
    return bytes.size();
  }
  const std::size_t used = taken_ - before;
  raw_head_.resize(taken_);
  const auto& message = parser_->http.get();
  reply_.status = static_cast<int>(message.result_int());
  reply_.phrase = std::string(message.reason());
  for (const auto& field : message) {
    reply_.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  state_ = parser_->http.is_done() ? State::complete : State::body;
  parser_->http.eager(true);
  return used;
}

std::size_t HttpReplyReader::feed_body(std::string_view bytes) {
  parser_->body.resize(body_limit);
  auto& body = parser_->http.get().body();
  body.data = parser_->body.data() + reply_.body.size();
  body.size = body_limit - reply_.body.size();
  body.more = true;
  const std::size_t room = body.size;
  pending_ += bytes;
  taken_ = 0;
  const bool good = parse(pending_);
  pending_.erase(0, taken_);  // what may remain is the beginning of a chunk's header
  reply_.body.append(parser_->body.data() + reply_.body.size(), room - body.size);
  // A full body buffer or bad chunking: what there is says enough.
  if (!good || parser_->http.is_done() || pending_.size() > body_limit) state_ = State::complete;
  return bytes.size();
}

void HttpReplyReader::end() {
  if (state_ == State::body) state_ = State::complete;
  if (state_ == State::head) {
    state_ = State::malformed;
    fault_ = "the connection ended before the answer did";
  }
}

}  // namespace tributary::net
