#include "config/complaint.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <vector>

#include "config/spelling.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view hidden = "<redacted>";

// What stands between blanks in the output of a command and is long enough to be worth hiding.
std::vector<std::string_view> words_of(std::string_view output) {
  constexpr std::string_view blanks = " \t\r\n";
  constexpr std::size_t shortest = 4;
  constexpr std::size_t most = 64;
  std::vector<std::string_view> words;
  while (words.size() < most) {
    const auto begin = output.find_first_not_of(blanks);
    if (begin == std::string_view::npos) break;
    output.remove_prefix(begin);
    const auto word = output.substr(0, output.find_first_of(blanks));
    if (word.size() >= shortest) words.push_back(word);
    output.remove_prefix(word.size());
  }
  return words;
}

// A token is long, without blanks, and mixes digits and letters as no word does: base64, a JWT, hex.
bool looks_like_token(std::string_view word) {
  const auto any = [word](auto is) { return std::any_of(word.begin(), word.end(), is); };
  const bool digits = any([](char c) { return c >= '0' && c <= '9'; });
  const bool lower = any([](char c) { return c >= 'a' && c <= 'z'; });
  const bool upper = any([](char c) { return c >= 'A' && c <= 'Z'; });
  const bool hex = !any([](char c) { return std::isxdigit(static_cast<unsigned char>(c)) == 0; });
  if (word.starts_with('/')) return false;  // a path
  return digits && ((lower && upper && word.size() >= 20) || (hex && word.size() >= 24));
}

std::string without_token(std::string_view words) {
  const auto part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '+' || c == '/';
  };
  std::string kept;
  while (!words.empty()) {
    const auto end = static_cast<std::size_t>(std::find_if_not(words.begin(), words.end(), part) - words.begin());
    const auto word = words.substr(0, end);
    kept += looks_like_token(word) ? hidden : word;
    words.remove_prefix(end);
    if (words.empty()) break;
    kept += words.front();
    words.remove_prefix(1);
  }
  return kept;
}

}  // namespace

std::string complaint(std::string_view words, std::string_view output) {
  constexpr std::size_t most = 200;
  std::string line = without_token(words);
  for (const auto& secret : words_of(output)) {
    for (auto at = line.find(secret); at != std::string::npos; at = line.find(secret, at)) {
      line.replace(at, secret.size(), hidden);
      at += hidden.size();
    }
  }
  std::string one_line;
  for (const char c : line) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) {
      one_line += c;
    } else if (!one_line.empty() && one_line.back() != ' ') {
      one_line += ' ';
    }
  }
  while (one_line.ends_with(' ')) one_line.pop_back();
  if (one_line.size() <= most) return escaped(one_line);
  std::size_t begin = one_line.size() - most;
  while (begin < one_line.size() && (static_cast<unsigned char>(one_line[begin]) & 0xc0U) == 0x80U) ++begin;
  return "..." + escaped(std::string_view(one_line).substr(begin));
}

}  // namespace tributary::config
