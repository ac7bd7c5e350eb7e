#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "net/dial_target.hpp"
#include "net/upgrade.hpp"

namespace tributary::net {

/// One HTTP/1.1 request, whole.
struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< http:// or https://; user info becomes Basic authorization
  Headers headers;
  std::string body;
  TlsSettings tls;
  std::string proxy;                          ///< http://user:password@host:port, empty: none
  std::chrono::milliseconds timeout{10'000};  ///< for all of it
  std::size_t limit = 1u << 20;               ///< bytes of the answer's body
};

struct HttpAnswer {
  int status = 0;
  Headers headers;
  std::string body;
};

}  // namespace tributary::net
