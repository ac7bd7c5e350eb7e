#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::text {

/// A ws, wss, http or https URL taken apart. A value. Thread: any.
struct Url {
  std::string scheme;    ///< lower case
  std::string user;      ///< percent-decoded; empty when there is no user info
  std::string password;  ///< percent-decoded
  std::string host;      ///< lower case; an IPv6 literal without its brackets
  std::uint16_t port = 0;
  std::string target;  ///< path and query, at least "/"

  bool secure() const { return scheme == "wss" || scheme == "https"; }
  bool has_user_info() const { return !user.empty() || !password.empty(); }
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  /// What follows the `?`; empty without one.
  std::string_view query() const;
  /// The host as it stands in a URL: IPv6 literals in brackets.
  std::string bracketed_host() const;
  /// host:port, always with the port, as CONNECT wants it.
  std::string host_and_port() const;
  /// host, and the port unless it is the scheme's own: a Host header's value.
  std::string authority() const;
  /// scheme://authority: what may be shown to anyone. User info, path and query can hold secrets.
  std::string origin() const;
  /// All of it, with its user info.
  std::string text() const;
  /// For people and for recordings: a URL still, with its path; `(hidden)` stands for user info and query.
  std::string shown() const;
  /// The value of an Authorization header made of the user info (RFC 7617); empty without one.
  std::string basic_authorization() const;
};

/// The one reading of a URL, by `check`, by connectors and by whoever dials. Strict: printable ASCII only, one of
/// `schemes`, a host that is a name, IPv4 or IPv6, no fragment, a port of 1 to 65535. On failure `fault` says what was
/// expected and what is there, and repeats nothing that could be part of a password, a path or a query.
std::optional<Url> parse_url(std::string_view text, std::initializer_list<std::string_view> schemes,
                             std::string& fault);

/// What of a URL must be told to nobody: its password, and user and password as Basic authorization joins them. Empty
/// without a password, and for what is no URL.
std::vector<std::string> secrets_of(std::string_view url);

/// Whether the host is an IPv4 or IPv6 literal rather than a name.
bool is_address_literal(const std::string& host);

}  // namespace tributary::text
