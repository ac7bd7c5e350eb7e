#include "connectors/link/chat_line.hpp"

#include <algorithm>

#include "text/ascii.hpp"
#include "text/printable.hpp"

namespace tributary::connectors {

std::string chat_line(std::string_view words, std::size_t characters) {
  const std::string line = text::printable(words);
  const std::string_view whole = text::trimmed(line);
  std::size_t end = 0;
  for (std::size_t used = 0; used < characters && end < whole.size(); ++used) {
    end += std::max<std::size_t>(text::first_character(whole.substr(end)).bytes, 1);
  }
  return std::string(text::trimmed(whole.substr(0, end)));
}

}  // namespace tributary::connectors
