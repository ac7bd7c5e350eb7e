#pragma once

#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "net/upgrade.hpp"

namespace tributary::net {

/// An HTTP/1.x answer, its body clipped.
struct HttpReply {
  int status = 0;
  std::string phrase;
  Headers headers;
  std::string body;

  std::string header(std::string_view name) const { return header_value(headers, name); }
  /// "HTTP 401 Unauthorized: token required", fit for a log line.
  std::string words() const;
};

/// Seconds to wait according to a Retry-After value, a number or an HTTP date; 0 when it says nothing usable, at most
/// one day. `now` is seconds since 1970.
int retry_after_seconds(std::string_view value, std::time_t now);

/// Reads an HTTP answer piecewise from a byte stream: the answer to an upgrade, or a CONNECT proxy's.
/// Bounded: head_limit bytes of head, body_limit bytes of body (what is beyond is never kept). Thread: io.
class HttpReplyReader {
 public:
  static constexpr std::size_t head_limit = 16 * 1024;
  static constexpr std::size_t body_limit = 2 * 1024;

  enum class State { head, body, complete, malformed };

  HttpReplyReader();
  HttpReplyReader(const HttpReplyReader&) = delete;
  HttpReplyReader& operator=(const HttpReplyReader&) = delete;
  ~HttpReplyReader();

  /// Takes bytes and says how many it used. Stops once at the end of the head, so that the caller can look at the
  /// status: after a 101 or a CONNECT's 200 the rest is not HTTP.
  std::size_t feed(std::string_view bytes);
  /// The stream ended: a body that lasts until then is complete.
  void end();

  State state() const { return state_; }
  const HttpReply& reply() const { return reply_; }
  /// The head as it came, with the blank line; only after state() left `head`.
  const std::string& raw_head() const { return raw_head_; }
  const std::string& fault() const { return fault_; }

 private:
  struct Parser;

  bool parse(std::string_view pending);
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_body(std::string_view bytes);

  std::unique_ptr<Parser> parser_;
  State state_ = State::head;
  HttpReply reply_;
  std::string raw_head_;
  std::string pending_;    ///< of the body, not yet parsed
  std::size_t taken_ = 0;  ///< parsed bytes of raw_head_ or pending_
  std::string fault_;
};

}  // namespace tributary::net
