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

/// What begins with these bytes instead of an HTTP/1.x answer: TLS, HTTP/2. Empty when it is neither, as far as seen.
std::string other_protocol(std::string_view bytes);

/// Reads an HTTP answer piecewise from a byte stream: the answer to an upgrade, or a CONNECT proxy's.
/// Interim answers (RFC 9110 15.2: 1xx, of which 101 is none) are passed over, at most interim_limit of them; a folded
/// header line is one with a space in place of the fold (RFC 9112 5.2).
/// Bounded: head_limit bytes of heads, those of interim answers too, body_limit bytes of body (what is beyond is never
/// kept). Thread: its owner's.
class HttpReplyReader {
 public:
  static constexpr std::size_t head_limit = 16 * 1024;
  static constexpr std::size_t body_limit = 2 * 1024;
  static constexpr int interim_limit = 8;

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
  /// The head with the blank line, each header in one line; only after state() left `head`.
  std::string unfolded_head() const;
  const std::string& fault() const { return fault_; }

 private:
  struct Parser;

  bool parse(std::string_view pending);
  std::size_t feed_head(std::string_view bytes);
  std::size_t feed_one_head(std::string_view bytes);
  bool pass_over_interim();
  void start_parser();
  std::size_t feed_body(std::string_view bytes);

  std::unique_ptr<Parser> parser_;
  State state_ = State::head;
  HttpReply reply_;
  std::string raw_head_;
  std::string pending_;    ///< of the body, not yet parsed
  std::size_t taken_ = 0;  ///< parsed bytes of raw_head_ or pending_
  int interims_ = 0;
  std::size_t interim_bytes_ = 0;
  std::string fault_;
};

/// Whether an answer with this status only comes before the one that counts.
inline bool is_interim(int status) { return status >= 100 && status < 200 && status != 101; }

}  // namespace tributary::net
