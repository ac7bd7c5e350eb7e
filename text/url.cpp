#include "text/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "text/ascii.hpp"
#include "text/base64.hpp"
#include "text/percent.hpp"

namespace tributary::text {

namespace {

constexpr std::size_t longest_label = 63;  // RFC 1035, 2.3.4
constexpr std::size_t longest_name = 253;

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool is_outside_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// The resolver reads a name whose last label is a number as an address, in spellings of its own ("1.2", "0x7f.1").
bool is_meant_as_ipv4(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  if (last.starts_with("0x")) {
    return last.substr(2).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }
  return !last.empty() && std::all_of(last.begin(), last.end(), is_digit);
}

/// What is wrong with a host that is not in brackets; empty when nothing is.
std::string fault_of_name(const std::string& host) {
  const std::string_view view = host;
  if (view.empty()) return "the host is missing; expected a name or an address after `://`";
  if (std::any_of(view.begin(), view.end(), is_outside_ascii)) {
    return "the host has a character outside ASCII; expected its punycode form, which begins with `xn--`";
  }
  if (view.find('%') != std::string_view::npos)
    return "a `%` in the host; expected the host's name itself, not encoded";
  if (view.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") != std::string_view::npos) {
    return "the host has a character that no host name has; expected letters, digits, `-`, `_` and dots";
  }
  if (is_meant_as_ipv4(view)) {
    return is_ipv4(host) ? std::string()
                         : "the host looks like an IPv4 address and is none; expected four numbers from 0 to 255 with "
                           "dots between them";
  }
  if (view.front() == '-') return "the host begins with `-`; expected a letter or a digit";
  if (view.size() > longest_name) return "the host has more than 253 characters, which no name has";
  std::string_view rest = view.ends_with('.') ? view.substr(0, view.size() - 1) : view;
  for (bool more = true; more;) {
    const auto dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (label.empty()) return "the host has a dot with nothing before it; expected a name between its dots";
    if (label.size() > longest_label) {
      return "a part of the host between dots has more than 63 characters, which no name has";
    }
    more = dot != std::string_view::npos;
    if (more) rest.remove_prefix(dot + 1);
  }
  return {};
}

/// The same for what stands in brackets.
std::string fault_of_ipv6(const std::string& host) {
  if (host.empty()) return "nothing stands in the brackets; expected an IPv6 address, as in `[::1]`";
  if (host.find('%') != std::string::npos) {
    return "an IPv6 address with a zone (`%`), which cannot be dialled; expected one without, or a host name";
  }
  return is_ipv6(host) ? std::string() : "what stands in brackets is not an IPv6 address; expected one, as in `[::1]`";
}

/// Digits are shown as they are found, anything else could be the rest of a password.
std::string take_port(std::string_view text, Url& url) {
  static constexpr std::string_view expected = "expected a port from 1 to 65535 after the host's `:`, found ";
  unsigned value = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc{} && stop == end && value >= 1 && value <= 65'535) {
    url.port = static_cast<std::uint16_t>(value);
    return {};
  }
  std::string fault(expected);
  if (text.empty()) return fault + "nothing";
  if (text.find(':') != std::string_view::npos) {
    return fault + "a second `:`; an IPv6 address stands in brackets, as in `[::1]`";
  }
  if (std::all_of(text.begin(), text.end(), is_digit) && text.size() <= 20) return fault.append("`").append(text) + "`";
  return fault + "something that is no number";
}

/// Takes `user:password@` off the front of the authority. Empty when fine, else what is wrong.
std::string take_user_info(std::string_view& authority, Url& url) {
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return {};
  const std::string_view info = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const auto colon = info.find(':');
  auto user = percent_decoded(info.substr(0, colon));
  auto password = percent_decoded(colon == std::string_view::npos ? std::string_view{} : info.substr(colon + 1));
  if (!user || !password) {
    return "a `%` before the `@` without two hexadecimal digits after it; expected `%25` for a `%` of user or password";
  }
  if (user->find(':') != std::string::npos) return "the user has a `:`, which Basic authorization cannot carry";
  if (std::any_of(user->begin(), user->end(), is_control) ||
      std::any_of(password->begin(), password->end(), is_control)) {
    return "user or password has a control character, which Basic authorization cannot carry";
  }
  url.user = std::move(*user);
  url.password = std::move(*password);
  return {};
}

/// Splits host and port; the default port is already in `url`. Empty when fine, else what is wrong.
std::string take_host_and_port(std::string_view authority, Url& url) {
  if (!authority.starts_with('[')) {
    const auto colon = authority.find(':');
    url.host = lower_case(authority.substr(0, colon));
    if (auto fault = fault_of_name(url.host); !fault.empty()) return fault;
    return colon == std::string_view::npos ? std::string() : take_port(authority.substr(colon + 1), url);
  }
  const auto end = authority.find(']');
  if (end == std::string_view::npos)
    return "a `[` without its `]`; expected an IPv6 address in brackets, as in `[::1]`";
  url.host = lower_case(authority.substr(1, end - 1));
  if (auto fault = fault_of_ipv6(url.host); !fault.empty()) return fault;
  authority.remove_prefix(end + 1);
  if (authority.empty()) return {};
  if (authority.front() != ':') return "something between the `]` and the port; expected `:` and a port, or the path";
  return take_port(authority.substr(1), url);
}

std::string fault_of_scheme(std::string_view found, std::initializer_list<std::string_view> schemes) {
  std::string fault = "expected a URL that begins with ";
  for (const auto* scheme = schemes.begin(); scheme != schemes.end(); ++scheme) {
    if (scheme != schemes.begin()) fault += scheme + 1 == schemes.end() ? " or " : ", ";
    fault.append("`").append(*scheme) += "://`";
  }
  const bool is_scheme = !found.empty() && found.size() <= 20 &&
                         found.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string_view::npos;
  return is_scheme ? fault.append(", found `").append(found) + "`" : fault;
}

/// What a URL has nowhere; empty when nothing of it is there.
std::string fault_of_characters(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return c == ' ' || is_control(c); })) {
    return "a space, line break or other control character in it; expected a URL without (a space is written `%20`)";
  }
  if (text.find('#') != std::string_view::npos) {
    return "a `#` in it; expected a URL without a fragment (in a password it is written `%23`)";
  }
  return {};
}

}  // namespace

std::string_view Url::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string Url::bracketed_host() const { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string Url::host_and_port() const { return bracketed_host() + ":" + std::to_string(port); }

std::string Url::authority() const { return port == (secure() ? 443 : 80) ? bracketed_host() : host_and_port(); }

std::string Url::origin() const { return scheme + "://" + authority(); }

std::string Url::shown() const {
  constexpr std::string_view hidden = "(hidden)";
  std::string url = scheme + "://";
  if (has_user_info()) url.append(hidden).append("@");
  url.append(authority()).append(path());
  if (!query().empty()) url.append("?").append(hidden);
  return url;
}

std::string Url::text() const {
  std::string info;
  if (has_user_info()) info = percent_encoded(user) + (password.empty() ? "" : ":" + percent_encoded(password)) + "@";
  return scheme + "://" + info + authority() + target;
}

std::string Url::basic_authorization() const {
  return has_user_info() ? "Basic " + base64(user + ":" + password) : std::string();
}

bool is_address_literal(const std::string& host) { return is_ipv4(host) || is_ipv6(host); }

std::optional<Url> parse_url(std::string_view text, std::initializer_list<std::string_view> schemes,
                             std::string& fault) {
  Url url;
  const auto separator = text.find("://");
  if (separator != std::string_view::npos) url.scheme = lower_case(text.substr(0, separator));
  if (std::find(schemes.begin(), schemes.end(), url.scheme) == schemes.end()) {
    fault = fault_of_scheme(url.scheme, schemes);
    return std::nullopt;
  }
  if (fault = fault_of_characters(text); !fault.empty()) return std::nullopt;
  text.remove_prefix(separator + 3);
  const auto authority_end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, authority_end);
  url.target = authority_end == std::string_view::npos ? "/" : std::string(text.substr(authority_end));
  if (url.target.front() == '?') url.target.insert(0, "/");
  url.port = url.secure() ? 443 : 80;
  if (fault = take_user_info(authority, url); !fault.empty()) return std::nullopt;
  if (fault = take_host_and_port(authority, url); !fault.empty()) {
    if (url.target.find('@') != std::string::npos) fault += "; a `/` or `?` of a password is written `%2F` or `%3F`";
    return std::nullopt;
  }
  if (std::any_of(url.target.begin(), url.target.end(), is_outside_ascii)) {
    fault = "a character outside ASCII in path or query; expected it percent-encoded, such as `%C3%A9`";
    return std::nullopt;
  }
  return url;
}

std::vector<std::string> secrets_of(std::string_view url) {
  std::string fault;
  const auto parsed = parse_url(url, {"wss", "ws", "https", "http"}, fault);
  if (!parsed || parsed->password.empty()) return {};
  return {parsed->password, parsed->user + ":" + parsed->password};
}

}  // namespace tributary::text
