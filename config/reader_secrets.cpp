// The part of the Reader that reads where secrets are. What a secret is stands in no message.
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "config/reader.hpp"
#include "config/secret.hpp"
#include "config/spelling.hpp"
#include "config/variable.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view secret_forms =
    "a secret as {file: PATH}, {env: NAME}, {credential: NAME}, {command: [PROGRAM, ARGUMENT, ...]} or {value: TEXT}";
constexpr std::array<std::string_view, 5> secret_kinds{"file", "env", "credential", "command", "value"};
constexpr Duration longest_command = std::chrono::minutes(10);

}  // namespace

void Reader::secret(const Key& key, Secret& value) {
  const Entry* entry = take(key, secret_forms);
  if (entry == nullptr) return;
  if (entry->value.kind != Node::Kind::map) return wrong(*entry, secret_forms, true);
  read_secret(entry->value, path_of(key.name), entry->mark, value);
}

bool Reader::read_secret(const Node& node, const std::string& path, Position mark, Secret& value) {
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
    if (!read_texts(entry.value, here, value.command)) return false;
    auto fault = tilde_fault(value.command.front());
    if (!fault.empty()) report_.fault(entry.value.items.front().mark, item_path(here, 0), std::move(fault));
    return !report_.has_fault_at(item_path(here, 0));
  }
  if (entry.value.kind != Node::Kind::scalar || entry.value.text.empty()) {
    const bool empty = entry.value.kind == Node::Kind::scalar;
    report_.fault(entry.place(), path + "." + entry.key,
                  "expected a text" + (empty ? " that is not empty" : ", found " + found(entry.value, true)));
    return false;
  }
  value.name = entry.value.text;
  const bool plain = entry.key == "value";
  if (const auto variable = variable_in(value.name, plain); !variable.empty()) {
    refuse_variable(entry.place(), path + "." + entry.key, variable, plain || entry.key == "env");
    return false;
  }
  if (entry.key == "file") {
    if (auto fault = tilde_fault(value.name); !fault.empty()) {
      report_.fault(entry.place(), path + ".file", std::move(fault));
      return false;
    }
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
    if (const auto fault = text_fault(value.name, lines_of(path)); !fault.empty()) {
      report_.fault(entry.place(), path + ".value", "the secret " + fault);
      return false;
    }
  }
  return true;
}

void Reader::secret_map(const Key& key, std::map<std::string, Secret>& value) {
  const Entry* entry = take(key, Node::Kind::map, "a map such as {name: value}");
  if (entry == nullptr) return;
  open(entry->value, path_of(key.name), entry->mark);
  std::map<std::string, Secret> read;
  for (const auto& one : entry->value.entries) {
    take(one);
    Secret secret;
    if (const auto variable = variable_in(one.value.text, true); !variable.empty()) {
      refuse_variable(one.place(), path_of(one.key), variable, true);
      continue;
    }
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
  levels_.pop_back();  // all keys are names
  value = std::move(read);
}

}  // namespace tributary::config
