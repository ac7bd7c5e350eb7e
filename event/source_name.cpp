#include "event/source_name.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <string>

namespace tributary::event {
namespace {

constexpr std::size_t names_limit = 256, name_limit = 32;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= name_limit && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::optional<std::string_view> source_name(std::string_view text) {
  static std::mutex mutex;
  static std::set<std::string, std::less<>> names;
  if (!is_name(text) || text == "tributary") return std::nullopt;
  const std::lock_guard lock(mutex);
  auto known = names.find(text);
  if (known == names.end()) {
    if (names.size() >= names_limit) return std::nullopt;
    known = names.emplace(text).first;
  }
  return *known;
}

}  // namespace tributary::event
