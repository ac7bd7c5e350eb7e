#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <variant>

#include "net/http_message.hpp"
#include "net/reason.hpp"

namespace boost::asio {
class io_context;
}

namespace tributary::net {

/// One question over HTTP and its answer, on a connection of its own; redirects are not followed.
/// Kept alive by its pending I/O. The handler is called once, from the event loop, unless cancelled: with the answer,
/// whatever its status, or with why there is none: the reasons of a dial, `eof`, `reset`, `protocol_error`,
/// `frame_too_large` for a body over the limit, `dial_timeout` for all that took too long. Thread: io.
class HttpExchange {
 public:
  using Result = std::variant<HttpAnswer, Ending>;
  using Handler = std::function<void(Result)>;
  /// Called from the event loop before the first byte of the request is written: until then nobody has heard of it.
  using Writing = std::function<void()>;
  /// Takes the body of an answer with status 200 piece by piece, as it comes: the answer then has none, and neither
  /// `limit` nor, once its headers are there, `timeout` applies. False: no more is wanted, which ends the exchange.
  using Pieces = std::function<bool(std::string_view piece)>;

  virtual ~HttpExchange() = default;
  virtual void cancel() = 0;

  static std::shared_ptr<HttpExchange> start(boost::asio::io_context& io, const HttpRequest& request, Handler handler,
                                             Writing writing = {}, Pieces pieces = {});
};

}  // namespace tributary::net
