#include "connectors/link/redaction.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>

#include "connectors/json/json_lexis.hpp"
#include "text/json.hpp"
#include "text/percent.hpp"

namespace tributary::connectors {
namespace {

constexpr std::string_view mark = "<redacted>";

/// The digits of base64 that `bytes`, standing `before` bytes behind a multiple of three, alone decide. Not text's:
/// that one writes whole texts, whose first and last digits also depend on what stands around a secret.
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

/// Keys and words are in small letters, times and amounts are digits: capitals are rare, but for those of times.
std::string::const_iterator rarest(const std::string& text) {
  const auto commonness = [](char c) {
    if (c >= 'A' && c <= 'Z') return c == 'T' || c == 'Z' ? 1 : 0;
    if (std::string_view("qzjxkvwy").find(c) != std::string_view::npos) return 2;
    return is_digit(c) ? 3 : 4;
  };
  return std::min_element(text.begin(), text.end(),
                          [&](char one, char other) { return commonness(one) < commonness(other); });
}

std::string in_lower_case_hex(std::string text) {
  for (auto at = text.find('%'); at != std::string::npos; at = text.find('%', at + 1)) {
    for (auto i = at + 1; i < at + 3; ++i)
      text[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[i])));
  }
  return text;
}

std::string json_escaped(std::string_view text) {
  std::string quoted;
  text::append_quoted(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
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
  needles_.clear();
  forms_.clear();
  for (const std::string& secret : secrets) {
    if (secret.size() < shortest) continue;
    secrets_.push_back(secret);
    const std::string quoted = json_escaped(secret);
    const std::string slashed = with_escaped_slashes(quoted);
    for (const std::string* const form : {&secret, &quoted, &slashed}) {
      // The end is what tells tokens of one kind apart, and a short needle is found faster than a long one.
      std::string needle = form->substr(form->size() - std::min<std::size_t>(form->size(), 32));
      if (std::any_of(needles_.begin(), needles_.end(), [&](const Needle& other) { return other.text == needle; })) {
        continue;
      }
      const auto rare = static_cast<std::size_t>(rarest(needle) - needle.begin());
      needles_.push_back({std::move(needle), rare});
    }
  }
}

/// A connector that is well never asks for them, and a token's many spellings are some KiB.
void Redaction::find_forms() {
  if (!forms_.empty()) return;
  for (const std::string& secret : secrets_) {
    const std::string quoted = json_escaped(secret);
    const std::string encoded = text::percent_encoded(secret);
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
  // A secret may be part of what stands in its place.
  const auto is_mark = [&text](std::size_t at, const std::string& form) {
    const auto inside = mark.find(form);
    return inside != std::string_view::npos && at >= inside && text.compare(at - inside, mark.size(), mark) == 0;
  };
  const auto is_part_of_number = [&text](std::size_t at, const std::string& form) {
    const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
    return std::all_of(form.begin(), form.end(), is_digit) &&
           ((at > 0 && digit_at(at - 1)) || digit_at(at + form.size()));
  };
  bool found = false;
  for (const std::string& form : forms_) {
    for (auto at = text.find(form); at != std::string::npos;) {
      if (is_mark(at, form) || is_part_of_number(at, form)) {
        at = text.find(form, at + form.size());
        continue;
      }
      text.replace(at, form.size(), mark);
      found = true;
      at = text.find(form, at + mark.size());
    }
  }
  return found;
}

/// A string says no secret, and yet its spelling may show one: a form feed and `oo` before `bar` is `\foobar`.
void Redaction::replace_in_quotes(std::string& quoted) const {
  for (const std::string& form : forms_) {
    if (form.back() == '\\') continue;  // its end could be the beginning of an escape
    for (auto at = quoted.find(form); at != std::string::npos; at = quoted.find(form, at + mark.size())) {
      if (mark.find(form) != std::string_view::npos) break;
      std::size_t backslashes = 0;
      while (backslashes < at && quoted[at - backslashes - 1] == '\\') ++backslashes;
      const std::size_t begin = at - backslashes % 2;
      quoted.replace(begin, at + form.size() - begin, mark);
      at = begin;
    }
  }
}

/// The JSON text with its strings and numbers cleaned; none when a string does not end.
std::optional<std::string> Redaction::with_clean_strings(std::string_view text) const {
  std::string clean;
  for (std::size_t at = 0; at < text.size();) {
    const bool is_string = text[at] == '"';
    std::size_t end = at + 1;
    if (is_string) {
      while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
      if (end++ >= text.size()) return std::nullopt;
    } else if (is_digit(text[at])) {
      while (end < text.size() && is_digit(text[end])) ++end;
    }
    const std::string_view token = text.substr(at, end - at);
    at = end;
    std::string said = is_string ? unescaped(token.substr(1, token.size() - 2)) : std::string{};
    if (is_string) {
      std::string quoted;
      if (replace_forms(said)) {
        text::append_quoted(quoted, said);
      } else {
        quoted = token;
      }
      replace_in_quotes(quoted);
      clean += quoted;
    } else if (std::find(secrets_.begin(), secrets_.end(), token) != secrets_.end()) {
      clean += '0';
    } else {
      clean += token;
    }
  }
  return clean;
}

/// Looks for one byte, which is much faster than for many, until it turns up too often.
bool Redaction::Needle::stands_in(std::string_view whole) const {
  constexpr int patience = 32;
  std::size_t from = 0;
  for (int vain = 0; vain < patience; ++vain) {
    if (whole.size() - from < text.size()) return false;
    const auto at = whole.find(text[rare], from + rare);
    if (at == std::string_view::npos || at + (text.size() - rare) > whole.size()) return false;
    if (whole.compare(at - rare, text.size(), text) == 0) return true;
    from = at - rare + 1;
  }
  return whole.find(text, from) != std::string_view::npos;
}

bool Redaction::stands_in(std::string_view text) const {
  return std::any_of(needles_.begin(), needles_.end(), [&](const Needle& needle) { return needle.stands_in(text); });
}

std::string Redaction::without_secrets(std::string_view frame) {
  std::string clean(cleaned(frame));
  replace_forms(clean);
  return clean;
}

std::string Redaction::wiped(std::string_view text) {
  std::string clean = without_secrets(text);
  replace_cut_form(clean);
  return clean;
}

/// Words are clipped on their way here: the beginning of a secret may be their end.
void Redaction::replace_cut_form(std::string& text) const {
  for (const std::string& form : forms_) {
    for (std::size_t size = std::min(form.size() - 1, text.size()); size >= shortest; --size) {
      if (text.compare(text.size() - size, size, form, 0, size) != 0) continue;
      text.replace(text.size() - size, size, mark);
      return;
    }
  }
}

std::string_view Redaction::cleaned(std::string_view text) {
  find_forms();
  const bool suspicious = !forms_.empty() && (text.find("\\u") != std::string_view::npos ||
                                              std::any_of(forms_.begin(), forms_.end(), [&](const std::string& form) {
                                                return text.find(form) != std::string_view::npos;
                                              }));
  if (!suspicious) return text;
  auto clean = with_clean_strings(text);
  if (!clean) replace_forms(clean.emplace(text));
  clean_ = std::move(*clean);  // only now: `text` may be what was cleaned before
  return clean_;
}

}  // namespace tributary::connectors
