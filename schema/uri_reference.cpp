#include "schema/uri_reference.hpp"

#include <cstddef>

namespace tributary::schema {
namespace {

// Each part with its delimiter, so that absent and empty differ: "http:" "//host" "/path" "?query" "#fragment".
struct UriParts {
  std::string_view scheme, authority, path, query, fragment;
};

UriParts split(std::string_view uri) {
  UriParts parts;
  const auto take_from = [&](std::size_t at) {
    const std::string_view tail = at == std::string_view::npos ? std::string_view() : uri.substr(at);
    uri.remove_suffix(tail.size());
    return tail;
  };
  parts.fragment = take_from(uri.find('#'));
  parts.query = take_from(uri.find('?'));
  const std::size_t colon = uri.find(':');
  if (colon != std::string_view::npos && colon > 0 && colon < uri.find('/')) {
    parts.scheme = uri.substr(0, colon + 1);
    uri.remove_prefix(colon + 1);
  }
  if (uri.starts_with("//")) {
    parts.authority = uri.substr(0, uri.find('/', 2));
    uri.remove_prefix(parts.authority.size());
  }
  parts.path = uri;
  return parts;
}

std::string without_dot_segments(std::string_view path) {
  std::string result;
  const bool absolute = path.starts_with('/');
  if (absolute) path.remove_prefix(1);
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (segment == "..") {
      if (!result.empty()) result.pop_back();
      result.erase(result.rfind('/') == std::string::npos ? 0 : result.rfind('/') + 1);
    } else if (segment != ".") {
      result += segment;
      if (!last) result += '/';
    }
    if (last) break;
    path.remove_prefix(slash + 1);
  }
  return absolute ? "/" + result : result;
}

std::string joined(std::string_view a, std::string_view b, std::string_view c, std::string_view d, std::string_view e) {
  std::string uri;
  for (const std::string_view part : {a, b, c, d, e}) uri += part;
  return uri;
}

}  // namespace

std::string resolve_uri(std::string_view base_text, std::string_view reference_text) {
  const UriParts base = split(base_text);
  const UriParts reference = split(reference_text);
  if (!reference.scheme.empty()) return std::string(reference_text);
  if (!reference.authority.empty()) return joined(base.scheme, reference_text, "", "", "");
  if (reference.path.empty()) {
    const std::string_view query = reference.query.empty() ? base.query : reference.query;
    return joined(base.scheme, base.authority, base.path, query, reference.fragment);
  }
  std::string path(reference.path);
  if (!path.starts_with('/')) {
    const std::size_t slash = base.path.rfind('/');
    if (slash != std::string_view::npos) {
      path = std::string(base.path.substr(0, slash + 1)) + path;
    } else if (!base.authority.empty()) {
      path = '/' + path;
    }
  }
  path = without_dot_segments(path);
  return joined(base.scheme, base.authority, path, reference.query, reference.fragment);
}

}  // namespace tributary::schema
