// The formats of draft-07 beside dates, times and URIs, and the list of all that are asserted.
#include "schema/format_kinds.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <variant>

#include "schema/formats.hpp"
#include "schema/pattern.hpp"
#include "text/ascii.hpp"

namespace tributary::schema {
namespace {

constexpr std::size_t kLongestLabel = 63;  // RFC 1035, in characters
constexpr std::size_t kLongestHost = 253;
constexpr std::size_t kLongestLocalPart = 64;  // RFC 5321

bool is_alphanumeric(char c) { return text::is_digit(c) || text::is_letter(c); }
bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// Calls `test` with each part between these separators until one fails.
template <class Test>
bool all_parts(std::string_view text, char separator, Test test) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!test(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

// Labels of letters, digits and inner hyphens. The length of a label with other letters is not judged: it counts in its
// encoded form.
bool is_host(std::string_view text, bool international) {
  const auto is_label = [&](std::string_view label) {
    bool ascii = true;
    for (const char c : label) {
      ascii = ascii && !is_beyond_ascii(c);
      if (!is_alphanumeric(c) && c != '-' && !(international && is_beyond_ascii(c))) return false;
    }
    return !label.empty() && label.front() != '-' && label.back() != '-' && (!ascii || label.size() <= kLongestLabel);
  };
  return (international || text.size() <= kLongestHost) && all_parts(text, '.', is_label);
}

bool is_hostname(std::string_view text) { return is_host(text, false); }

bool is_quoted_local_part(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && ++at >= text.size())
      return false;
    else if (text[at] == '"' && text[at - 1] != '\\')
      return false;
    if (static_cast<unsigned char>(text[at]) < ' ' || text[at] == 0x7F) return false;
  }
  return true;
}

// RFC 5321, 4.1.2, `Mailbox`; international: RFC 6531.
bool is_mailbox(std::string_view text, bool international) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos || at > kLongestLocalPart) return false;
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const auto is_atom = [&](std::string_view atom) {
    for (const char c : atom) {
      const bool known =
          is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
      if (!known && !(international && is_beyond_ascii(c))) return false;
    }
    return !atom.empty();
  };
  const auto may_stand = [&](char c) { return international || !is_beyond_ascii(c); };
  for (const char c : local) {
    if (!may_stand(c)) return false;
  }
  if (!is_quoted_local_part(local) && !all_parts(local, '.', is_atom)) return false;
  if (!domain.starts_with('[') || !domain.ends_with(']')) return is_host(domain, international);
  const std::string_view address = domain.substr(1, domain.size() - 2);
  return address.starts_with("IPv6:") ? is_ipv6(address.substr(5)) : is_ipv4(address);
}

bool is_email(std::string_view text) { return is_mailbox(text, false); }
bool is_idn_email(std::string_view text) { return is_mailbox(text, true); }

// RFC 6901: empty, or tokens that each begin with a slash.
bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

// A number without leading zeros, then a pointer or #.
bool is_relative_json_pointer(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && text::is_digit(text[digits])) ++digits;
  if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
  return text.substr(digits) == "#" || is_json_pointer(text.substr(digits));
}

// RFC 6570, the inside of the braces: an operator, then names with :length or *.
bool is_template_expression(std::string_view text) {
  if (!text.empty() && std::string_view("+#./;?&=,!@|").find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  return all_parts(text, ',', [](std::string_view name) {
    if (name.ends_with('*')) {
      name.remove_suffix(1);
    } else if (const std::size_t colon = name.find(':'); colon != std::string_view::npos) {
      const std::string_view length = name.substr(colon + 1);
      if (length.empty() || length.size() > 4 || length[0] == '0') return false;
      for (const char c : length) {
        if (!text::is_digit(c)) return false;
      }
      name = name.substr(0, colon);
    }
    return all_parts(name, '.', [](std::string_view part) {
      for (const char c : part) {
        if (!is_alphanumeric(c) && c != '_' && c != '%') return false;
      }
      return !part.empty();
    });
  });
}

bool is_uri_template(std::string_view text) {
  while (!text.empty()) {
    const std::size_t brace = text.find_first_of("{}");
    for (const char c : text.substr(0, brace)) {
      if (static_cast<unsigned char>(c) <= ' ' || std::string_view("\"<>\\^`|\x7F").find(c) != std::string_view::npos) {
        return false;
      }
    }
    if (brace == std::string_view::npos) return true;
    const std::size_t close = text.find('}', brace);
    if (text[brace] == '}' || close == std::string_view::npos) return false;
    if (!is_template_expression(text.substr(brace + 1, close - brace - 1))) return false;
    text.remove_prefix(close + 1);
  }
  return true;
}

// An IRI is a URI in which characters beyond ASCII may stand wherever an unreserved one may.
std::string with_unreserved(std::string_view text) {
  std::string plain(text);
  for (char& c : plain) {
    if (is_beyond_ascii(c)) c = '~';
  }
  return plain;
}
bool is_iri(std::string_view text) { return is_uri(with_unreserved(text)); }
bool is_iri_reference(std::string_view text) { return is_uri_reference(with_unreserved(text)); }

// What ECMA-262 knows and this engine does not run is a regular expression all the same.
bool is_regex(std::string_view text) {
  const auto compiled = Pattern::compile(text);
  const auto* error = std::get_if<std::string>(&compiled);
  return error == nullptr || error->find("not supported") != std::string::npos;
}

constexpr std::array<FormatRule, 16> kFormats{{{"date-time", is_date_time},
                                               {"date", is_date},
                                               {"time", is_time},
                                               {"email", is_email},
                                               {"idn-email", is_idn_email},
                                               {"hostname", is_hostname},
                                               {"ipv4", is_ipv4},
                                               {"ipv6", is_ipv6},
                                               {"uri", is_uri},
                                               {"uri-reference", is_uri_reference},
                                               {"iri", is_iri},
                                               {"iri-reference", is_iri_reference},
                                               {"uri-template", is_uri_template},
                                               {"json-pointer", is_json_pointer},
                                               {"relative-json-pointer", is_relative_json_pointer},
                                               {"regex", is_regex}}};

}  // namespace

std::span<const FormatRule> asserted_formats() { return kFormats; }

const FormatRule* asserted_format(std::string_view name) {
  for (const FormatRule& rule : kFormats) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

}  // namespace tributary::schema
