#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/reason.hpp"
#include "net/upgrade.hpp"
#include "net/websocket.hpp"

namespace tributary::net {

/// One HTTP/1.1 request, whole.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://
  Headers headers;
  std::string body;
  TlsSettings tls;
  std::string proxy;                          ///< http://user:password@host:port, empty: none
  std::chrono::milliseconds timeout{10'000};  ///< for all of it
  std::size_t limit = 1u << 20;               ///< bytes of the reply's body
};

struct HttpReply {
  int status = 0;
  Headers headers;
  std::string body;
};

/// Asks, and calls `answered` once, from the event loop: with the reply, whatever its status, or with why there is none
/// (the reasons of a dial; `protocol_error` for what is no HTTP, `frame_too_large` for a body over the limit).
/// Redirects are not followed. `io` must outlive it; an answer that nobody wants any more still comes. Thread: io.
void fetch(boost::asio::io_context& io, HttpRequest request,
           std::function<void(std::variant<HttpReply, Ending>)> answered);

}  // namespace tributary::net
