#include "text/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace tributary::text {

namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return out;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

bool valid_name(std::string_view host) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         host.find("..") == std::string_view::npos && std::all_of(host.begin(), host.end(), allowed);
}

bool valid_ipv6(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

/// Takes `user:password@` off the front of the authority. False when it is malformed.
bool take_user_info(std::string_view& authority, Url& url) {
  const auto at = authority.rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view info = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const auto colon = info.find(':');
  auto user = percent_decoded(info.substr(0, colon));
  auto password = percent_decoded(colon == std::string_view::npos ? std::string_view{} : info.substr(colon + 1));
  if (!user || !password || user->find(':') != std::string::npos) return false;
  url.user = std::move(*user);
  url.password = std::move(*password);
  return true;
}

/// Splits host and port; the default port is already in `url`. Empty when fine, else what is wrong.
std::string take_host_and_port(std::string_view authority, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (!authority.empty() && authority.front() == '[') {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return "the IPv6 address has no closing bracket";
    url.host = lower_case(authority.substr(1, end - 1));
    if (!valid_ipv6(url.host)) return "the address in brackets is not IPv6";
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return "a port must follow the address";
    has_port = !authority.empty();
    port = authority.substr(has_port ? 1 : 0);
  } else {
    const auto colon = authority.find(':');
    has_port = colon != std::string_view::npos;
    url.host = lower_case(authority.substr(0, colon));
    if (has_port) port = authority.substr(colon + 1);
    if (url.host.empty()) return "the host is missing";
    if (!valid_name(url.host)) return "the host has a character that no host name has";
  }
  if (!has_port) return {};
  const auto number = parse_port(port);
  if (!number) return "the port is not a number from 1 to 65535";
  url.port = *number;
  return {};
}

}  // namespace

std::string Url::bracketed_host() const { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string Url::host_and_port() const { return bracketed_host() + ":" + std::to_string(port); }

bool is_address_literal(const std::string& host) {
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 || valid_ipv6(host);
}

std::optional<Url> parse_url(std::string_view text, std::string& fault) {
  const auto failed = [&](std::string_view why) {
    fault = why;
    return std::nullopt;
  };
  if (!std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return failed("it has a space, a control character or a character outside ASCII");
  }
  const auto separator = text.find("://");
  if (separator == std::string_view::npos) return failed("it does not begin with a scheme such as wss://");
  Url url;
  url.scheme = lower_case(text.substr(0, separator));
  if (url.scheme != "ws" && url.scheme != "wss" && url.scheme != "http" && url.scheme != "https") {
    return failed("the scheme is none of ws, wss, http, https");
  }
  text.remove_prefix(separator + 3);
  if (text.find('#') != std::string_view::npos) return failed("it has a fragment (#)");
  const auto authority_end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, authority_end);
  url.target = authority_end == std::string_view::npos ? "/" : std::string(text.substr(authority_end));
  if (url.target.front() == '?') url.target.insert(0, "/");
  url.port = url.secure() ? 443 : 80;
  if (!take_user_info(authority, url)) return failed("the user info is malformed");
  if (const std::string wrong = take_host_and_port(authority, url); !wrong.empty()) return failed(wrong);
  return url;
}

std::string percent_encoded(std::string_view plain) {
  static constexpr std::string_view kept = "-._~";
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || kept.find(c) != kept.npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

}  // namespace tributary::text
