#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/upgrade.hpp"

namespace tributary::admin {

/// Who may ask for a page.
enum class Access : std::uint8_t {
  anyone,  ///< probes: everybody, without details
  open,    ///< what is needed before somebody has said who they are: /login
  read,    ///< shows something
  change,  ///< does something: POST alone
};

/// How the port is bound, as far as it decides who may ask.
struct BoundPort {
  bool loopback = true;      ///< only this machine reaches it
  bool needs_token = false;  ///< one is configured, or it is not on loopback
};

/// What one request says of who asks.
struct Asker {
  std::string_view host;  ///< headers, "" when absent
  std::string_view origin;
  std::string_view fetch_site, fetch_mode, fetch_dest;  ///< Sec-Fetch-…
  bool known = false;                                   ///< its token or its session is good
  bool offers = false;                                  ///< it has a token or a session, good or not

  static Asker of(const net::Headers& headers);
};

struct Judgement {
  int status = 200;      ///< 200, else 401, 403 or 421 with a sentence
  bool details = false;  ///< may see everything
  std::string words;
};

/// May this be served? On loopback a `Host` must be a name of this machine's own loopback: another one means that a
/// page in a browser here had its own name changed to 127.0.0.1 (DNS rebinding). What a browser sends for the page of
/// another origin is refused, but for a link that somebody follows to look at a page. Pure. Thread: any.
Judgement judge(const BoundPort& bound, const Asker& asker, Access access);

/// Whether an address is of loopback: 127.0.0.0/8, ::1.
bool is_loopback(std::string_view address);

/// Compares in a time that depends on the length of `offered` alone.
bool same_secret(std::string_view kept, std::string_view offered);

}  // namespace tributary::admin
