#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expression/scanner.hpp"
#include "schema/document.hpp"

namespace tributary::expression {

/// One step into a value: a member by its name; a number is also the place of an item in a list.
struct Step {
  std::string name;
  std::optional<std::size_t> index = std::nullopt;
  std::uint32_t likeness = 0;  ///< likeness_of(name)
};

/// Length, first, middle and last character of a name: names that differ in these need no further comparing.
inline std::uint32_t likeness_of(std::string_view name) {
  if (name.empty()) return 0;
  const auto at = [name](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])); };
  return static_cast<std::uint32_t>(name.size() & 0xffU) | at(0) << 8U | at(name.size() / 2) << 16U |
         at(name.size() - 1) << 24U;
}

/// Where a field stands in an event: `data.items.0.name`, `data."a b"`. A value. Thread: any.
struct Path {
  enum class Begin : std::uint8_t { anywhere, data, relay };  ///< the two objects that most of them begin with

  std::vector<Step> steps;
  Begin begin = Begin::anywhere;
  bool flag = false;  ///< `relay.test` and its like: false where it is absent
};

/// The path that stands here: names, numbers or quoted names with dots between them; the first is a name of an event,
/// as fields.hpp knows them. A fault: nothing.
std::optional<Path> take_path(Scanner& scanner);

/// As take_path reads it.
std::string text_of(const Path& path);

/// What stands there; no value for a path that leads nowhere. `places`, when given, gets the place of each step among
/// the members or items.
std::optional<simdjson::dom::element> find(const schema::Document& event, const Path& path,
                                           std::vector<std::size_t>* places = nullptr);
/// The same from a value on, to which the steps before `from` have led.
std::optional<simdjson::dom::element> find_from(simdjson::dom::element value, const Path& path, std::size_t from,
                                                std::vector<std::size_t>* places = nullptr);

/// A text in double quotes, as JSON has it.
std::string in_quotes(std::string_view text);

}  // namespace tributary::expression
