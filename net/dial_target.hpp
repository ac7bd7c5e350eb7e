#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tributary::net {

/// TLS towards a server. Host and chain are verified unless `insecure`.
struct TlsSettings {
  std::string ca_file;      ///< PEM; empty: the system's store
  std::string certificate;  ///< PEM, client certificate; empty: none
  std::string key;          ///< PEM, its key
  std::string server_name;  ///< SNI and verified name; empty: the URL's host
  bool insecure = false;
};

/// Where and how to dial one websocket.
struct DialTarget {
  std::string url;  ///< ws:// or wss://, with path and query; user info becomes Basic authorization
  std::vector<std::pair<std::string, std::string>> headers;  ///< added to the upgrade request
  std::vector<std::string> subprotocols;
  std::string origin;  ///< empty: no Origin header
  TlsSettings tls;
  std::string proxy;                   ///< http://user:password@host:port, empty: none
  std::size_t frame_limit = 4u << 20;  ///< bytes of one message, fragments together
  std::chrono::milliseconds dial_timeout{10'000};
  std::chrono::milliseconds close_timeout{2'000};  ///< from our close frame to a hard end
};

}  // namespace tributary::net
