#include "admin/access.hpp"

#include <algorithm>

#include "text/ascii.hpp"

namespace tributary::admin {
namespace {

std::string lower(std::string_view text) {
  std::string all(text);
  for (char& c : all) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return all;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), text::is_digit);
}

/// The host of `host`, `host:port`, `[v6]` or `[v6]:port`, in lower case; "" when it is none of them.
std::string host_of(std::string_view authority) {
  const auto end = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  if (end != std::string_view::npos) {
    const auto rest = authority.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return {};
    return lower(authority.substr(1, end - 1));
  }
  const auto colon = authority.find(':');
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return {};
  return lower(authority.substr(0, colon));
}

bool names_loopback(std::string_view authority) {
  const std::string host = host_of(authority);
  return host == "localhost" || is_loopback(host);
}

/// Its scheme may be another: somebody in front may speak TLS.
bool same_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return lower(origin.substr(scheme.size())) == lower(host);
  }
  return false;
}

/// A browser that asks for the page of another origin.
bool crosses(const Asker& asker) {
  if (!asker.origin.empty() && !same_origin(asker.origin, asker.host)) return true;
  return !asker.fetch_site.empty() && asker.fetch_site != "same-origin" && asker.fetch_site != "none";
}

/// Somebody follows a link: what is shown, is shown to them alone.
bool follows_a_link(const Asker& asker) {
  return asker.origin.empty() && asker.fetch_mode == "navigate" && asker.fetch_dest == "document";
}

}  // namespace

Asker Asker::of(const net::Headers& headers) {
  // The headers outlive the asker; their values are looked at, not copied.
  const auto value = [&](std::string_view name) -> std::string_view {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [&](const auto& one) { return net::same_header(one.first, name); });
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  };
  Asker asker;
  asker.host = value("Host");
  asker.origin = value("Origin");
  asker.fetch_site = value("Sec-Fetch-Site");
  asker.fetch_mode = value("Sec-Fetch-Mode");
  asker.fetch_dest = value("Sec-Fetch-Dest");
  return asker;
}

Judgement judge(const BoundPort& bound, const Asker& asker, Access access) {
  if (bound.loopback && !names_loopback(asker.host)) {
    return {421, false,
            "this port is bound to loopback, and the Host header names something else; ask http://localhost or "
            "http://127.0.0.1"};
  }
  if (crosses(asker) && (access == Access::change || !follows_a_link(asker))) {
    return {403, false, "a page of another origin asked for this; expected a page of this port, or no browser"};
  }
  const bool known = asker.known || !bound.needs_token;
  if (access == Access::anyone || access == Access::open || known) return {200, known, {}};
  return {401, false,
          asker.offers ? "this token, or this session, is not the right one"
                       : "a token is needed: Authorization: Bearer TOKEN, or /login in a browser"};
}

bool is_loopback(std::string_view address) {
  if (address == "::1") return true;
  if (!address.starts_with("127.")) return false;
  int dots = 0;
  for (const char c : address) {
    if (c == '.') ++dots;
    if (c != '.' && !text::is_digit(c)) return false;
  }
  return dots == 3;
}

bool same_secret(std::string_view kept, std::string_view offered) {
  if (kept.empty()) return false;
  // volatile: every byte of what is offered is compared, whatever the compiler knows.
  volatile unsigned char different = kept.size() == offered.size() ? 0 : 1;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    const auto mine = static_cast<unsigned char>(kept[i % kept.size()]);
    different = static_cast<unsigned char>(different | (mine ^ static_cast<unsigned char>(offered[i])));
  }
  return different == 0;
}

}  // namespace tributary::admin
