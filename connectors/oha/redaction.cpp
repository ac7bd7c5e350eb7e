#include "connectors/oha/redaction.hpp"

#include <algorithm>
#include <cctype>

#include "connectors/json_lexis.hpp"
#include "event/json.hpp"
#include "net/url.hpp"

namespace tributary::connectors::oha {
namespace {

constexpr std::string_view mark = "<redacted>";

/// The digits of base64 that `bytes`, standing `before` bytes behind a multiple of three, alone decide.
std::string base64(std::string_view bytes, std::size_t before, std::string_view last_two) {
  static constexpr std::string_view first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto digit = [&](unsigned value) {
    return value < first.size() ? first[value] : last_two[value - first.size()];
  };
  std::string out;
  unsigned bits = 0;
  int count = 0;
  const std::string padded = std::string(before, '\0') + std::string(bytes);
  for (const char c : padded) {
    bits = bits << 8U | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += digit(bits >> (count - 6) & 63U);
  }
  return out.substr(before == 0 ? 0 : before + 1);
}

std::string in_lower_case_hex(std::string text) {
  for (auto at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    for (auto i = at + 1; i < at + 3; ++i)
      text[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  }
  return text;
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
  secrets_.clear();
  forms_.clear();
  for (const std::string& secret : secrets) {
    if (secret.size() < shortest) continue;
    secrets_.push_back(secret);
    std::string quoted;
    event::append_quoted(quoted, secret);
    quoted = quoted.substr(1, quoted.size() - 2);
    const std::string encoded = net::percent_encoded(secret);
    forms_.insert(forms_.end(), {secret, quoted, with_escaped_slashes(quoted), encoded, in_lower_case_hex(encoded)});
    for (const std::size_t before : {0U, 1U, 2U}) {
      forms_.push_back(base64(secret, before, "+/"));
      forms_.push_back(base64(secret, before, "-_"));
    }
  }
  std::sort(forms_.begin(), forms_.end(), [](const auto& one, const auto& other) {
    return one.size() != other.size() ? one.size() > other.size() : one < other;
  });
  forms_.erase(std::unique(forms_.begin(), forms_.end()), forms_.end());
}

bool Redaction::replace_forms(std::string& text) const {
  bool found = false;
  for (const std::string& form : forms_) {
    for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + mark.size())) {
      text.replace(at, form.size(), mark);
      found = true;
    }
  }
  return found;
}

/// Rewrites the strings and numbers of a JSON text into `clean_`; false when a string does not end.
bool Redaction::clean_strings(std::string_view text) {
  clean_.clear();
  for (std::size_t at = 0; at < text.size();) {
    const bool is_string = text[at] == '"';
    std::size_t end = at + 1;
    if (is_string) {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
      if (end++ >= text.size()) return false;
    } else if (is_digit(text[at])) {
      while (end < text.size() && is_digit(text[end])) ++end;
    }
    const std::string_view token = text.substr(at, end - at);
    at = end;
    std::string said = is_string ? unescaped(token.substr(1, token.size() - 2)) : std::string{};
    if (is_string && replace_forms(said)) {
      event::append_quoted(clean_, said);
    } else if (!is_string && std::find(secrets_.begin(), secrets_.end(), token) != secrets_.end()) {
      clean_ += '0';
    } else {
      clean_ += token;
    }
  }
  return true;
}

std::string_view Redaction::cleaned(std::string_view text) {
  const bool suspicious = !forms_.empty() && (text.find("\\u") != std::string_view::npos ||
                                              std::any_of(forms_.begin(), forms_.end(), [&](const std::string& form) {
                                                return text.find(form) != std::string_view::npos;
                                              }));
  if (!suspicious) return text;
  if (!clean_strings(text)) {
    clean_ = text;
    replace_forms(clean_);
  }
  return clean_;
}

}  // namespace tributary::connectors::oha
