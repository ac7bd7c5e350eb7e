// The part of the Reader that reads single values: texts, numbers, words, lists, secrets.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include "config/reader.hpp"
#include "config/spelling.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view secret_forms =
    "a secret as {file: PATH}, {env: NAME}, {credential: NAME}, {command: [PROGRAM, ARGUMENT, ...]} or {value: TEXT}";
constexpr std::array<std::string_view, 5> secret_kinds{"file", "env", "credential", "command", "value"};
constexpr Duration longest_command = std::chrono::minutes(10);

template <typename T>
std::optional<T> parse_number(const Node& node) {
  if (node.quoted) return std::nullopt;
  T value{};
  const char* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, value);
  if (error != std::errc{} || stop != end || node.text.empty()) return std::nullopt;
  return value;
}

std::string show_number(std::int64_t value) { return std::to_string(value); }
std::string show_duration(std::int64_t value) { return format(Duration(value)); }
std::string show_size(std::int64_t value) { return format(Size{static_cast<std::uint64_t>(value)}); }
std::string show_length(std::int64_t value) { return std::to_string(value) + " bytes"; }
std::string show_count(std::int64_t value) { return std::to_string(value) + (value == 1 ? " item" : " items"); }

}  // namespace

bool Reader::in_range(const Key& key, const Entry& entry, std::int64_t value, std::string (*show)(std::int64_t)) {
  const bool low = key.minimum && value < *key.minimum;
  const bool high = key.maximum && value > *key.maximum;
  if (!low && !high) return true;
  std::string range;
  if (key.minimum && key.maximum) {
    range = show(*key.minimum) + " to " + show(*key.maximum);
  } else {
    range = low ? "at least " + show(*key.minimum) : "at most " + show(*key.maximum);
  }
  at(key, entry, "out of range: expected " + range + ", found " + show(value));
  return false;
}

void Reader::text(const Key& key, std::string& value) {
  const Entry* entry = take(key, Node::Kind::scalar, "a text");
  if (entry == nullptr) return;
  const auto& written = entry->value.text;
  if (key.required && written.empty()) {
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
  if (!parsed) return wrong(*entry, expected);
  if (in_range(key, *entry, *parsed, show_number)) value = *parsed;
}

void Reader::number(const Key& key, double& value) {
  constexpr std::string_view expected = "a number";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_number<double>(entry->value);
  if (!parsed || !std::isfinite(*parsed)) return wrong(*entry, expected);
  const bool low = key.minimum && *parsed < static_cast<double>(*key.minimum);
  const bool high = key.maximum && *parsed > static_cast<double>(*key.maximum);
  if (low) return at(key, *entry, "out of range: expected at least " + show_number(*key.minimum));
  if (high) return at(key, *entry, "out of range: expected at most " + show_number(*key.maximum));
  value = *parsed;
}

void Reader::duration(const Key& key, Duration& value) {
  constexpr std::string_view expected = "a duration such as 250ms, 10s, 5m or 24h";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_duration(entry->value.text);
  if (!parsed) return wrong(*entry, expected);
  if (in_range(key, *entry, parsed->count(), show_duration)) value = *parsed;
}

void Reader::size(const Key& key, Size& value) {
  constexpr std::string_view expected = "a size such as 512B, 64KiB, 4MiB or 1GiB";
  const Entry* entry = take(key, Node::Kind::scalar, expected);
  if (entry == nullptr) return;
  const auto parsed = parse_size(entry->value.text);
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
  if (key.required && entry->value.text.empty()) return wrong(*entry, expected);
  value.text = entry->value.text;
  value.resolved = resolve(key.name, value.text);
}

void Reader::secret(const Key& key, Secret& value) {
  const Entry* entry = take(key, secret_forms);
  if (entry == nullptr) return;
  if (entry->value.kind != Node::Kind::map) return wrong(*entry, secret_forms, true);
  read_secret(entry->value, path_of(key.name), entry->mark, value);
}

bool Reader::read_secret(const Node& node, const std::string& path, Mark mark, Secret& value) {
  open(node, path, mark);
  const Entry* chosen = nullptr;
  bool good = true;
  for (const auto kind : secret_kinds) {
    const Entry* entry = take({kind}, {});
    if (entry == nullptr) continue;
    if (chosen != nullptr) {
      at({kind}, *entry, "a second place for one secret; the first is " + quote(chosen->key));
      good = false;
    }
    chosen = entry;
  }
  Secret read;
  if (chosen == nullptr) {
    if (node.entries.empty()) report_.fault(mark, path, "expected " + std::string(secret_forms));
    good = false;  // else its keys are unknown ones
  } else if (chosen->key == "command") {
    duration({.name = "timeout", .minimum = 1, .maximum = longest_command.count()}, read.timeout);
  }
  good = good && read_secret_kind(*chosen, path, read);
  close();
  if (!good) return false;
  value = std::move(read);
  report_.secret(path, mark, value);
  if (value.kind == Secret::Kind::value) {
    report_.warn(mark, path,
                 "the secret itself is in this file; a {file: PATH} readable by the service alone is safer");
  }
  return true;
}

bool Reader::read_secret_kind(const Entry& entry, const std::string& path, Secret& value) {
  if (entry.key == "command") {
    value.kind = Secret::Kind::command;
    value.directory = report_.file(entry.mark).directory.string();
    const std::string here = path + ".command";
    const bool list = entry.value.kind == Node::Kind::list && !entry.value.items.empty();
    if (!list) {
      report_.fault(entry.place(), here,
                    "expected a list of a program and its arguments, found " + found(entry.value, true));
      return false;
    }
    return read_texts(entry.value, here, value.command);
  }
  if (entry.value.kind != Node::Kind::scalar || entry.value.text.empty()) {
    const bool empty = entry.value.kind == Node::Kind::scalar;
    report_.fault(entry.place(), path + "." + entry.key,
                  "expected a text" + (empty ? " that is not empty" : ", found " + found(entry.value, true)));
    return false;
  }
  value.name = entry.value.text;
  if (entry.key == "file") {
    value.kind = Secret::Kind::file;
    value.path = resolve(entry.key, value.name).string();
  } else if (entry.key == "env") {
    value.kind = Secret::Kind::env;
  } else if (entry.key == "credential") {
    value.kind = Secret::Kind::credential;
    if (value.name.find('/') != std::string::npos || value.name == "." || value.name == "..") {
      report_.fault(entry.place(), path + ".credential", "expected the name of a credential, not a path");
      return false;
    }
  } else {
    value.kind = Secret::Kind::value;
  }
  return true;
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
  for (const auto& [name, mark, node] : entry->value.entries) {
    if (take({name}, Node::Kind::scalar, "a text") != nullptr) read.emplace(name, node.text);
  }
  close();
  value = std::move(read);
}

void Reader::secret_map(const Key& key, std::map<std::string, Secret>& value) {
  const Entry* entry = take(key, Node::Kind::map, "a map such as {name: value}");
  if (entry == nullptr) return;
  open(entry->value, path_of(key.name), entry->mark);
  std::map<std::string, Secret> read;
  for (const auto& one : entry->value.entries) {
    take({one.key}, {});
    Secret secret;
    if (one.value.kind == Node::Kind::scalar) {
      secret.kind = Secret::Kind::value;
      secret.name = one.value.text;
    } else if (one.value.kind != Node::Kind::map) {
      wrong(one, "a text or " + std::string(secret_forms), true);
      continue;
    } else if (!read_secret(one.value, path_of(one.key), one.mark, secret)) {
      continue;
    }
    read.emplace(one.key, std::move(secret));
  }
  close();
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
