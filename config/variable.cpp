#include "config/variable.hpp"
#include "text/ascii.hpp"

#include <cstddef>

namespace tributary::config {
namespace {

constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789abcdefghijklmnopqrstuvwxyz";

}  // namespace

std::string variable_in(std::string_view text, bool secret) {
  for (auto begin = text.find("${"); begin != std::string_view::npos; begin = text.find("${", begin + 1)) {
    const auto rest = text.substr(begin + 2);
    const auto end = rest.find_first_not_of(letters);
    const bool closed = end != std::string_view::npos && end != 0 && (rest[end] == '}' || rest[end] == ':');
    if (closed && !text::is_digit(rest.front())) return std::string(rest.substr(0, end));
  }
  if (text.size() < 3 || text.front() != '$' || text::is_digit(text[1])) return {};
  const auto name = text.substr(1);
  if (name.find_first_not_of(capitals) != std::string_view::npos) return {};
  return secret && name.find('_') == std::string_view::npos ? std::string() : std::string(name);
}

std::string tilde_fault(std::string_view path) {
  if (!path.starts_with('~') || (path.size() > 1 && path.substr(0, path.find('/')).size() > 1)) return {};
  return "the `~` is not expanded, as a shell would; write the whole path, or one against the folder of this file";
}

}  // namespace tributary::config
