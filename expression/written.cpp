#include "expression/written.hpp"

namespace tributary::expression {
namespace {

constexpr std::string_view white = " \t\r\n";

std::size_t skip_white(std::string_view json, std::size_t at) {
  at = json.find_first_not_of(white, at);
  return at == std::string_view::npos ? json.size() : at;
}

/// The offset behind the text whose quote is at `at`.
std::size_t end_of_text(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) {
    if (json[at] == '\\') ++at;
  }
  return at + 1;
}

/// The offset of what ends the value at `at`: its comma or closing bracket, or the colon behind a name.
std::size_t end_of_value(std::string_view json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = end_of_text(json, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return json.size();
}

}  // namespace

std::string_view written_number(std::string_view json, std::span<const std::size_t> places) {
  std::size_t at = skip_white(json, 0);
  for (const std::size_t place : places) {
    if (at >= json.size()) return {};
    const bool object = json[at] == '{';
    if (!object && json[at] != '[') return {};
    ++at;
    for (std::size_t passed = 0;; ++passed) {
      if (object) at = end_of_value(json, at) + 1;  // past the name and its colon
      if (passed == place) break;
      at = end_of_value(json, at);
      if (at >= json.size() || json[at] != ',') return {};
      ++at;
    }
    at = skip_white(json, at);
  }
  if (at >= json.size()) return {};
  const auto number = json.substr(at);
  return number.substr(0, number.find_first_not_of("+-.eE0123456789"));
}

}  // namespace tributary::expression
