#pragma once

#include <simdjson.h>

#include <cstddef>
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
  bool operator==(const Step&) const = default;
};

/// Where a field stands in an event: `data.items.0.name`, `data."a b"`. A value. Thread: any.
struct Path {
  std::vector<Step> steps;
  bool flag = false;  ///< `relay.test` and its like: false where it is absent
  bool operator==(const Path&) const = default;
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

/// A text in double quotes, as JSON has it.
std::string in_quotes(std::string_view text);

}  // namespace tributary::expression
