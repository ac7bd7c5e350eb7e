#include "connectors/link/chat_line.hpp"

#include <algorithm>

#include "text/ascii.hpp"
#include "text/printable.hpp"

namespace tributary::connectors {

std::string chat_line(std::string_view words, std::size_t units) {
  constexpr char32_t last_of_one_unit = 0xFFFF;
  const std::string line = text::printable(words);
  const std::string_view whole = text::trimmed(line);
  std::size_t end = 0, used = 0;
  while (end < whole.size()) {
    const auto next = text::first_character(whole.substr(end));
    used += next.code > last_of_one_unit ? 2 : 1;
    if (used > units) break;
    end += std::max<std::size_t>(next.bytes, 1);
  }
  return std::string(text::trimmed(whole.substr(0, end)));
}

}  // namespace tributary::connectors
