#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

/// A ws, wss, http or https URL taken apart. A value. Thread: any.
struct Url {
  std::string scheme;    ///< lower case
  std::string user;      ///< percent-decoded; empty when there is no user info
  std::string password;  ///< percent-decoded
  std::string host;      ///< an IPv6 literal without its brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query, at least "/"

  bool secure() const { return scheme == "wss" || scheme == "https"; }
  /// The host as it stands in a URL: IPv6 literals in brackets.
  std::string bracketed_host() const;
  /// host:port, always with the port, as CONNECT wants it.
  std::string host_and_port() const;
};

/// Strict: printable ASCII only, a known scheme, no fragment, a port of 1 to 65535. On failure `fault` says what is
/// wrong, without repeating the URL (it may hold a secret).
std::optional<Url> parse_url(std::string_view text, std::string& fault);

/// Whether the host is an IPv4 or IPv6 literal rather than a name.
bool is_address_literal(const std::string& host);

/// One segment of a path or one value of a query: all but RFC 3986's unreserved characters as %XX.
std::string percent_encoded(std::string_view plain);

}  // namespace tributary::text
