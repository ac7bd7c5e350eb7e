#include "connectors/link/credential.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "text/base64.hpp"
#include "text/json.hpp"

namespace tributary::connectors {
namespace {

constexpr std::size_t token_limit = 64u << 10;
constexpr double latest_expiry_seconds = 253'402'300'799.0;  // the end of the year 9999

/// A number, or a string that holds one.
std::optional<double> number_in(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  const auto inner = nlohmann::json::parse(value.get<std::string>(), nullptr, false);
  return inner.is_number() ? std::optional(inner.get<double>()) : std::nullopt;
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  if (what.empty()) return;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

}  // namespace

TokenClaims claims_of(std::string_view token) {
  TokenClaims claims;
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > token_limit) return claims;
  const auto payload = text::from_base64_leniently(token.substr(first + 1, second - first - 1));
  if (!payload) return claims;
  const auto json = nlohmann::json::parse(*payload, nullptr, false);
  if (!json.is_object()) return claims;
  if (const auto exp = json.find("exp"); exp != json.end()) {
    const auto seconds = number_in(*exp);
    if (seconds && *seconds > 0 && *seconds <= latest_expiry_seconds) {
      claims.expires = event::WallTime{std::chrono::seconds{static_cast<std::int64_t>(*seconds)}};
    } else {
      claims.odd_expiry = exp->dump(-1, ' ', true);
    }
  }
  const auto text = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  claims.channel = text("channel");
  claims.username = text("username");
  return claims;
}

std::string redacted(std::string_view text, std::string_view secret, std::size_t limit) {
  static constexpr std::string_view mark = "<redacted>";
  std::string clean;
  text::append_repaired(clean, text);
  if (!secret.empty()) {
    std::string escaped;
    text::append_quoted(escaped, secret);
    replace_all(clean, std::string_view(escaped).substr(1, escaped.size() - 2), mark);
    replace_all(clean, secret, mark);
  }
  return std::string(text::clip(clean, limit));
}

}  // namespace tributary::connectors
