#include "connectors/oha/redaction.hpp"

#include <algorithm>

#include "event/json.hpp"
#include "net/url.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr std::string_view mark = "<redacted>";

/// Without padding, and only the digits that no byte behind it changes.
std::string base64(std::string_view bytes, std::string_view last_two) {
  static constexpr std::string_view first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto digit = [&](unsigned value) {
    return value < first.size() ? first[value] : last_two[value - first.size()];
  };
  std::string out;
  unsigned bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += digit(bits >> (count - 6) & 63U);
  }
  return out;
}

/// As many JSON writers do: a slash escaped, too.
std::string with_escaped_slashes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '/') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

void Redaction::keep_out(const std::vector<std::string>& secrets) {
  forms_.clear();
  for (const std::string& secret : secrets) {
    if (secret.size() < shortest) continue;
    std::string quoted;
    event::append_quoted(quoted, secret);
    quoted = quoted.substr(1, quoted.size() - 2);
    forms_.insert(forms_.end(), {secret, quoted, with_escaped_slashes(quoted), net::percent_encoded(secret),
                                 base64(secret, "+/"), base64(secret, "-_")});
  }
  std::sort(forms_.begin(), forms_.end(), [](const auto& one, const auto& other) {
    return one.size() != other.size() ? one.size() > other.size() : one < other;
  });
  forms_.erase(std::unique(forms_.begin(), forms_.end()), forms_.end());
}

std::string_view Redaction::cleaned(std::string_view text) {
  bool found = false;
  for (const std::string& form : forms_) {
    std::string_view rest = found ? std::string_view(clean_) : text;
    auto at = rest.find(form);
    if (at == std::string_view::npos) continue;
    std::string out;
    for (; at != std::string_view::npos; at = rest.find(form)) {
      out.append(rest.substr(0, at)).append(mark);
      rest.remove_prefix(at + form.size());
    }
    out.append(rest);
    clean_ = std::move(out);
    found = true;
  }
  return found ? std::string_view(clean_) : text;
}

}  // namespace tributary::connectors::oha
