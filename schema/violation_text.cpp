#include "schema/violation_text.hpp"

#include <array>
#include <utility>

namespace tributary::schema {
namespace {

std::string clipped(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;  // not inside a character
  return std::string(text.substr(0, limit)) + "…";
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string clipped_path(const std::vector<std::string>& tokens) {
  std::string path;
  for (const std::string& token : tokens) path += '/' + token;
  return clipped(path, 512);
}

std::string name_text(std::string_view name) { return '"' + clipped(name, 80) + '"'; }

std::string type_text(std::uint8_t allowed, std::uint8_t actual) {
  static constexpr std::array<std::pair<std::uint8_t, std::string_view>, 6> kNames{{{kNull, "null"},
                                                                                    {kBoolean, "boolean"},
                                                                                    {kObject, "object"},
                                                                                    {kArray, "array"},
                                                                                    {kString, "string"},
                                                                                    {kFraction, "number"}}};
  std::vector<std::string> words;
  std::string_view is = "integer";
  for (const auto& [bit, name] : kNames) {
    if ((allowed & bit) != 0) words.emplace_back(name);
    if (actual == bit) is = name;
  }
  if ((allowed & kNumber) == kInteger) words.emplace_back("integer");
  return "must be " + listed(words) + ", is " + std::string(is);
}

std::string values_text(const ValueRules& rules) {
  constexpr std::size_t kShown = 12;
  const auto& strings = rules.strings.entries();
  if (!rules.others.empty() || strings.empty() || strings.size() > kShown) {
    return rules.is_const ? "is not the one value allowed" : "is none of the values allowed";
  }
  std::vector<std::string> words;
  words.reserve(strings.size());
  for (const NameTable::Entry& entry : strings) words.push_back(name_text(entry.name));
  return "must be " + listed(words);
}

std::string branches_text(std::size_t matching, std::size_t of) {
  const std::string count = matching == 0 ? "none" : std::to_string(matching);
  return "matches " + count + " of " + std::to_string(of) + " alternatives";
}

std::string number_text(const Bound& bound) {
  return bound.integer ? std::to_string(*bound.integer) : clipped(bound.exact.text(), 80);
}

std::string format_text(std::string_view format) {
  const bool vowel = std::string_view("aei").find(format.front()) != std::string_view::npos;  // a uri, an email
  return (vowel ? "is not an " : "is not a ") + std::string(format);
}

std::string count_text(std::string_view what, std::uint64_t count, std::string_view unit) {
  return std::string(what) + ' ' + std::to_string(count) + ' ' + std::string(unit) + (count == 1 ? "" : "s");
}

}  // namespace tributary::schema
