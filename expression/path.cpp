#include "expression/path.hpp"

#include <algorithm>
#include <charconv>

#include "expression/fields.hpp"
#include "text/ascii.hpp"
#include "text/json.hpp"

namespace tributary::expression {
namespace {

constexpr std::size_t index_digits = 9;

std::optional<std::size_t> index_of(std::string_view name) {
  std::size_t index = 0;
  const bool digits =
      !name.empty() && name.size() <= index_digits && std::all_of(name.begin(), name.end(), text::is_digit);
  if (!digits || (name.size() > 1 && name.front() == '0')) return std::nullopt;
  std::from_chars(name.data(), name.data() + name.size(), index);
  return index;
}

bool take_step(Scanner& scanner, Path& path) {
  if (scanner.peek() == '"' || scanner.peek() == '\'') {
    auto name = scanner.take_quoted();
    if (!name) return false;
    path.steps.push_back({std::move(*name)});
    return true;
  }
  const auto name = scanner.name();
  if (name.empty())
    return scanner.fail(scanner.found() + ", expected a name, a number or a name in quotes after the dot");
  scanner.skip(name.size());
  path.steps.push_back({std::string(name), index_of(name)});
  return true;
}

std::optional<simdjson::dom::element> member(simdjson::dom::object object, std::string_view name, std::size_t& place) {
  place = 0;
  const auto end = object.end();
  for (auto field = object.begin(); field != end; ++field, ++place) {
    if (field.key_equals(name)) return field.value();
  }
  return std::nullopt;
}

}  // namespace

std::optional<Path> take_path(Scanner& scanner) {
  const std::size_t begin = scanner.offset();
  Path path;
  const auto first = scanner.name();
  path.steps.push_back({std::string(first)});
  scanner.skip(first.size());
  while (scanner.take(".")) {
    if (!take_step(scanner, path)) return std::nullopt;
  }
  complete(path);
  if (const auto fault = fault_of(path); !fault.empty()) {
    scanner.fail(begin, fault);
    return std::nullopt;
  }
  return path;
}

std::string in_quotes(std::string_view text) {
  std::string out;
  text::append_quoted(out, text);
  return out;
}

std::string text_of(const Path& path) {
  std::string out;
  for (const Step& step : path.steps) {
    if (!out.empty()) out += '.';
    // A quoted number is a name alone, so what was written without quotes stays without.
    const bool plain = !step.name.empty() && std::all_of(step.name.begin(), step.name.end(), is_of_name);
    out += plain && step.index == index_of(step.name) ? step.name : in_quotes(step.name);
  }
  return out;
}

std::optional<simdjson::dom::element> find(const schema::Document& event, const Path& path,
                                           std::vector<std::size_t>* places) {
  return find_from(event.root(), path, 0, places);
}

std::optional<simdjson::dom::element> find_from(simdjson::dom::element value, const Path& path, std::size_t from,
                                                std::vector<std::size_t>* places) {
  for (std::size_t i = from; i < path.steps.size(); ++i) {
    const Step& step = path.steps[i];
    std::size_t place = 0;
    if (value.is_object()) {
      const auto found = member(schema::members_of(value), step.name, place);
      if (!found) return std::nullopt;
      value = *found;
    } else if (!step.index || !value.is_array() ||
               schema::items_of(value).at(*step.index).get(value) != simdjson::SUCCESS) {
      return std::nullopt;
    } else {
      place = *step.index;
    }
    if (places != nullptr) places->push_back(place);
  }
  return value;
}

}  // namespace tributary::expression
