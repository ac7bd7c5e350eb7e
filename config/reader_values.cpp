// The part of the Reader that reads single values: texts, numbers, words, lists.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "config/reader.hpp"
#include "config/spelling.hpp"
#include "config/variable.hpp"

namespace tributary::config {
namespace {

template <typename T>
struct Number {
  bool good = false;
  bool too_large = false;  // a number, but none that a T can be
  T value{};
};

template <typename T>
Number<T> parse_number(const Node& node) {
  Number<T> number;
  if (node.quoted) return number;
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, number.value);
  const bool whole = stop == end && !node.text.empty();
  number.good = whole && error == std::errc{};
  number.too_large = whole && error == std::errc::result_out_of_range;
  return number;
}

std::string show_number(std::int64_t value) { return std::to_string(value); }
std::string show_duration(std::int64_t value) { return format(Duration(value)); }
std::string show_size(std::int64_t value) { return format(Size{static_cast<std::uint64_t>(value)}); }
std::string show_length(std::int64_t value) { return std::to_string(value) + (value == 1 ? " byte" : " bytes"); }
std::string show_count(std::int64_t value) { return std::to_string(value) + (value == 1 ? " item" : " items"); }

}  // namespace

void Reader::out_of_range(const Key& key, const Entry& entry, std::string (*show)(std::int64_t),
                          const std::string& is) {
  std::string range = "fewer digits";
  if (key.minimum && key.maximum) {
    range = show(*key.minimum) + " to " + show(*key.maximum);
  } else if (key.minimum || key.maximum) {
    range = key.minimum ? "at least " + show(*key.minimum) : "at most " + show(*key.maximum);
  }
  at(key, entry, "out of range: expected " + range + ", found " + is);
}

bool Reader::in_range(const Key& key, const Entry& entry, std::int64_t value, std::string (*show)(std::int64_t)) {
  const bool low = key.minimum && value < *key.minimum;
  const bool high = key.maximum && value > *key.maximum;
  if (low || high) out_of_range(key, entry, show, show(value));
  return !low && !high;
}

void Reader::text(const Key& key, std::string& value) {
  const Entry* entry = take(key, Node::Kind::scalar, "a text");
  if (entry == nullptr) return;
  const auto& written = entry->value.text;
  if (const auto variable = variable_in(written); !variable.empty()) {
    refuse_variable(entry->place(), path_of(key.name), variable, false);
  } else if (key.required && written.empty()) {
    at(key, *entry, "expected a text that is not empty");
  } else if (in_range(key, *entry, static_cast<std::int64_t>(written.size()), show_length)) {
    value = written;
  }
}

void Reader::flag(const Key& key, bool& value) {
  constexpr std::string_view expected = "true or false";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto& written = entry->value.text;
  if (entry->value.quoted || (written != "true" && written != "false")) return wrong(*entry, expected);
  value = written == "true";
}

void Reader::integer(const Key& key, std::int64_t& value) {
  constexpr std::string_view expected = "a whole number";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_number<std::int64_t>(entry->value);
  if (parsed.too_large) return out_of_range(key, *entry, show_number, escaped(entry->value.text, 64));
  if (!parsed.good) return wrong(*entry, expected);
  if (in_range(key, *entry, parsed.value, show_number)) value = parsed.value;
}

void Reader::number(const Key& key, double& value) {
  constexpr std::string_view expected = "a number";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto [good, too_large, parsed] = parse_number<double>(entry->value);
  if (!too_large && (!good || !std::isfinite(parsed))) return wrong(*entry, expected);
  const bool low = key.minimum && parsed < static_cast<double>(*key.minimum);
  const bool high = key.maximum && parsed > static_cast<double>(*key.maximum);
  if (too_large || low || high) {
    return out_of_range(key, *entry, show_number, escaped(entry->value.text, 64));
  }
  value = parsed;
}

void Reader::duration(const Key& key, Duration& value) {
  constexpr std::string_view expected = "a duration such as 250ms, 10s, 5m or 24h";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_duration(entry->value.text);
  if (!parsed && is_too_long(entry->value.text)) {
    return out_of_range(key, *entry, show_duration, escaped(entry->value.text, 64));
  }
  if (!parsed) return wrong(*entry, expected);
  if (in_range(key, *entry, parsed->count(), show_duration)) value = *parsed;
}

void Reader::size(const Key& key, Size& value) {
  constexpr std::string_view expected = "a size such as 512B, 64KiB, 4MiB or 1GiB";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_size(entry->value.text);
  if (!parsed && is_too_large(entry->value.text)) {
    return out_of_range(key, *entry, show_size, escaped(entry->value.text, 64));
  }
  if (!parsed) return wrong(*entry, expected);
  if (in_range(key, *entry, static_cast<std::int64_t>(parsed->bytes), show_size)) value = *parsed;
}

void Reader::path(const Key& key, Path& value) {
  constexpr std::string_view expected = "a path";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) {
    if (!value.empty()) value.resolved = resolve(key.name, value.text);
    return;
  }
  if (const auto variable = variable_in(entry->value.text); !variable.empty()) {
    return refuse_variable(entry->place(), path_of(key.name), variable, false);
  }
  if (key.required && entry->value.text.empty()) return wrong(*entry, expected);
  if (auto fault = tilde_fault(entry->value.text); !fault.empty()) return at(key, *entry, std::move(fault));
  value.text = entry->value.text;
  value.resolved = resolve(key.name, value.text);
}

void Reader::texts(const Key& key, std::vector<std::string>& value) {
  const Entry* entry = take(key, Node::Kind::list, "a list such as [a, b]");
  if (entry == nullptr) return;
  std::vector<std::string> read;
  if (!read_texts(entry->value, path_of(key.name), read)) return;
  if (key.required && read.empty()) return at(key, *entry, "expected at least one item");
  if (in_range(key, *entry, static_cast<std::int64_t>(read.size()), show_count)) value = std::move(read);
}

bool Reader::read_texts(const Node& list, const std::string& path, std::vector<std::string>& value) {
  bool good = true;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Node& item = list.items[i];
    const auto here = item_path(path, i);
    report_.place(here, item.mark);
    if (const auto variable = variable_in(item.text); !variable.empty()) {
      refuse_variable(item.mark, here, variable, false);
      good = false;
      continue;
    }
    if (item.kind == Node::Kind::scalar && !item.text.empty()) {
      value.push_back(item.text);
      continue;
    }
    const bool empty = item.kind == Node::Kind::scalar;
    report_.fault(item.mark, here, "expected a text" + (empty ? " that is not empty" : ", found " + found(item)));
    good = false;
  }
  return good;
}

void Reader::text_map(const Key& key, std::map<std::string, std::string>& value) {
  const Entry* entry = take(key, Node::Kind::map, "a map such as {name: value}");
  if (entry == nullptr) return;
  open(entry->value, path_of(key.name), entry->mark);
  std::map<std::string, std::string> read;
  for (const auto& one : entry->value.entries) {
    take(one);
    if (one.value.kind != Node::Kind::scalar) {
      wrong(one, "a text");
    } else if (const auto variable = variable_in(one.value.text); !variable.empty()) {
      refuse_variable(one.place(), path_of(one.key), variable, false);
    } else {
      read.emplace(one.key, one.value.text);
    }
  }
  levels_.pop_back();  // all keys are names
  value = std::move(read);
}

void Reader::choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) {
  const auto expected = alternatives(names);
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto& written = entry->value.text;
  const auto name = std::find(names.begin(), names.end(), written);
  if (name != names.end()) {
    index = static_cast<std::size_t>(name - names.begin());
    return;
  }
  const auto near = nearest(written, names);
  at(key, *entry,
     "expected " + expected + ", found " + found(entry->value) +
         (near ? "; did you mean " + quote(*near) + "?" : std::string()));
}

}  // namespace tributary::config
