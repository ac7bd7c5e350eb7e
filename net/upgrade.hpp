#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tributary::net {

class WebSocketListener;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Whether two names are those of one header: case does not count.
bool same_header(std::string_view one, std::string_view other);

/// The first value of a header, its name compared without case; "" when absent.
std::string header_value(const Headers& headers, std::string_view name);

/// The request that asked for an accepted websocket, as a server sees it.
struct UpgradeRequest {
  std::string target;  ///< path and query
  Headers headers;
  std::vector<std::string> subprotocols;

  std::string header(std::string_view name) const { return header_value(headers, name); }
};

/// A server's answer to an upgrade request. A request that is no websocket handshake is asked about too: it gets the
/// answer's status and body, or 426 when the answer would have been 101.
struct UpgradeAnswer {
  int status = 101;  ///< anything else refuses
  std::string content_type;
  std::string body;
  std::string subprotocol;  ///< one of the request's, or empty
  Headers headers;
  WebSocketListener* listener = nullptr;  ///< who hears the accepted socket; must be set with 101
};

}  // namespace tributary::net
