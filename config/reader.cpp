#include "config/reader.hpp"

#include <algorithm>
#include <utility>

#include "config/spelling.hpp"
#include "config/syntax.hpp"
#include "config/variable.hpp"

namespace tributary::config {

std::string_view Reader::meant(const Entry& entry, std::span<const std::string_view> known) {
  const auto name = std::string_view(entry.key).substr(0, entry.key.find(':'));
  return nearest(name, known).value_or(std::string_view());
}
Reader::Reader(const Node& root, FaultList& report, bool complete) : report_(report), complete_(complete) {
  open(root, {}, root.mark);
}

void Reader::finish() { close(); }

void Reader::open(const Node& node, std::string path, Position mark) {
  levels_.push_back({&node, std::move(path), mark, {}, {}, {}, {}, {}});
}

void Reader::close() {
  Level level = std::move(levels_.back());
  levels_.pop_back();
  report_all_unknown(level);
  if (report_.full()) return;
  const std::string prefix = level.path.empty() ? "" : level.path + ".";
  for (const auto& [key, expected] : level.missing) {
    if (std::find(level.misspelled.begin(), level.misspelled.end(), key) != level.misspelled.end()) continue;
    report_.fault(level.mark, prefix + std::string(key), "the key " + quote(key) + " is missing; expected " + expected);
  }
  for (auto& judgement : level.judgements) {
    if (follows(level, judgement)) continue;
    report_.fault(judgement.mark, std::move(judgement.path), std::move(judgement.message), FaultList::Kind::judgement);
  }
}

/// Unknown keys below an empty group are its own, not indented enough: one fault for all of them.
void Reader::report_all_unknown(Level& level) {
  const std::string prefix = level.path.empty() ? "" : level.path + ".";
  auto group = level.hollow.end();  // the one that the keys stand below
  bool told = false;
  for (const auto& entry : level.node->entries) {
    if (report_.full()) return;
    if (std::find(level.known.begin(), level.known.end(), entry.key) != level.known.end()) {
      group = std::find_if(level.hollow.begin(), level.hollow.end(),
                           [&entry](const Hollow& one) { return one.entry == &entry; });
      told = false;
    } else if (group == level.hollow.end() || (!told && !meant(entry, level.known).empty())) {
      report_unknown(level, entry);
    } else if (!std::exchange(told, true)) {
      const std::string name = quote(group->entry->key);
      report_.fault(entry.mark, prefix + group->entry->key,
                    name + " is empty, and " + quote(entry.key) + " below it is no key of what holds " + name +
                        "; indent deeper what belongs to " + name);
      group->expected.clear();
    }
  }
  for (const auto& [entry, expected] : level.hollow) {
    if (expected.empty()) continue;
    report_.fault(entry->place(), prefix + entry->key, "expected " + expected + ", found nothing");
  }
}

bool Reader::is_hollow(const Key& key, std::string_view expected) {
  auto& level = levels_.back();
  const Entry* entry = level.node->find(key.name);
  if (entry == nullptr || entry->value.kind != Node::Kind::null || entry->value.broken) return false;
  level.known.push_back(key.name);
  level.hollow.push_back({entry, key.required ? std::string(expected) : std::string()});
  report_.place(path_of(key.name), entry->place());
  if (key.required) report_.bar(path_of(key.name));
  return true;
}

void Reader::report_unknown(Level& level, const Entry& entry) {
  const std::string prefix = level.path.empty() ? "" : level.path + ".";
  const auto near = meant(entry, level.known);
  if (!near.empty()) level.misspelled.push_back(near);
  if (const auto hint = colon_hint(entry.key); !near.empty() && !hint.empty()) {
    report_.fault(entry.mark, prefix + std::string(near), hint);
  } else if (entry.key.find("\xc2\xa0") != std::string::npos) {
    report_.fault(entry.mark, prefix + entry.key,
                  "a no-break space (U+00A0) in the key " + quote(entry.key) + "; put a plain blank in its place");
  } else {
    report_.fault(entry.mark, prefix + entry.key,
                  "unknown key " + quote(entry.key) + suggestion(entry.key, level.known));
  }
}

bool Reader::follows(const Level& level, const Judgement& judgement) const {
  if (report_.has_fault_at(judgement.path)) return true;
  const auto misspelled = [&](std::string_view key) {
    return std::find(level.misspelled.begin(), level.misspelled.end(), key) != level.misspelled.end();
  };
  if (misspelled(judgement.key)) return true;
  const std::string prefix = level.path.empty() ? "" : level.path + ".";
  const std::string_view message = judgement.message;
  for (auto begin = message.find('`'); begin != std::string_view::npos;) {  // the keys it speaks of
    const auto end = message.find('`', begin + 1);
    if (end == std::string_view::npos) break;
    const std::string key(message.substr(begin + 1, end - begin - 1));
    if (misspelled(key) || report_.has_fault_at(prefix + key)) return true;
    if (report_.has_fault_at(prefix + judgement.key + "." + key)) return true;
    begin = message.find('`', end + 1);
  }
  return false;
}

std::string Reader::path_of(std::string_view key) const {
  const auto& path = levels_.back().path;
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void Reader::at(const Key& key, const Entry& entry, std::string message) {
  report_.fault(entry.place(), path_of(key.name), std::move(message));
}

void Reader::wrong(const Entry& entry, std::string_view expected, bool secret) {
  const auto& value = entry.value;
  const bool map = expected.starts_with("a map");
  const bool plain = value.kind == Node::Kind::scalar && !value.quoted;
  if (const auto name = variable_in(value.text, secret); plain && !name.empty()) {
    return refuse_variable(entry.place(), path_of(entry.key), name, secret);
  }
  std::string message = plain && map ? colon_hint(value.text) : std::string();
  if (message.empty()) {
    message = "expected " + std::string(expected) + ", found " + found(value, secret);
    if (map && value.kind == Node::Kind::list) message += "; a map has no `- ` before its keys";
    if (expected.starts_with("a list of maps") && value.kind == Node::Kind::map) {
      const bool dash = !value.entries.empty() && value.entries.front().key.starts_with('-');
      message +=
          dash ? "; a blank must follow the `-` of " + quote(value.entries.front().key) : "; begin each with `- `";
    }
  }
  report_.fault(entry.place(), path_of(entry.key), std::move(message));
}

void Reader::refuse_variable(Position mark, std::string path, const std::string& name, bool secret) {
  report_.fault(
      mark, std::move(path),
      secret ? "`${" + name + "}` is not expanded; use {env: " + name + "}"
             : "`${" + name + "}` is not expanded: the environment is read for secrets alone, as {env: " + name + "}");
}

const Entry* Reader::take(const Key& key, std::string_view expected) {
  auto& level = levels_.back();
  level.known.push_back(key.name);
  const Entry* entry = level.node->find(key.name);
  if (entry == nullptr) {
    if (key.required) {
      level.missing.push_back({key.name, std::string(expected)});
      report_.bar(path_of(key.name));
    }
    return nullptr;
  }
  report_.place(path_of(key.name), entry->place());
  if (!entry->value.broken) return entry;
  report_.bar(path_of(key.name));
  return nullptr;
}

const Entry* Reader::take(const Key& key, Node::Kind kind, std::string_view expected) {
  const Entry* entry = take(key, expected);
  if (entry == nullptr || entry->value.kind == kind) return entry;
  const bool empty_is_fine = kind != Node::Kind::scalar && !key.required;
  if (entry->value.kind != Node::Kind::null || !empty_is_fine) wrong(*entry, expected);
  return nullptr;
}

bool Reader::begin_optional(const Key& key, bool) {
  auto& level = levels_.back();
  if (level.node->find(key.name) != nullptr) return true;
  level.known.push_back(key.name);
  return false;
}

bool Reader::begin_group(const Key& key) {
  std::string_view expected = "a map of keys";
  const Entry* written = levels_.back().node->find(key.name);
  if (written != nullptr && written->value.kind == Node::Kind::scalar && !written->value.quoted &&
      (written->value.text == "false" || written->value.text == "true" || written->value.text == "off")) {
    expected = "a map of keys (what can be turned off has a key for it: `{enabled: false}`)";
  }
  if (is_hollow(key, expected)) return false;
  const Entry* entry = take(key, Node::Kind::map, expected);
  if (entry == nullptr) return false;
  open(entry->value, path_of(key.name), entry->mark);
  return true;
}

void Reader::end_group() { close(); }

std::size_t Reader::begin_items(const Key& key, std::size_t) {
  const Entry* entry = take(key, Node::Kind::list, "a list of maps");
  lists_.push_back(entry);
  return entry == nullptr ? 0 : entry->value.items.size();
}

bool Reader::begin_item(std::size_t index) {
  const Entry& list = *lists_.back();
  const Node& item = list.value.items.at(index);
  const auto path = item_path(path_of(list.key), index);
  report_.place(path, item.mark);
  if (item.kind != Node::Kind::map) {
    const bool plain = item.kind == Node::Kind::scalar && !item.quoted;
    const auto hint = plain ? colon_hint(item.text) : std::string();
    report_.fault(item.mark, path,
                  !hint.empty() ? hint
                                : "expected a map of keys, found " + found(item) +
                                      (plain ? ": is the colon of `key: value` missing?" : ""));
    return false;
  }
  open(item, path, item.mark);
  return true;
}

void Reader::end_item() { close(); }

void Reader::end_items() { lists_.pop_back(); }

void Reader::not_yet(const Key& key, std::string_view what, Off off) {
  const Entry* entry = take(key, {});
  if (entry == nullptr) return;
  const Node* value = &entry->value;
  Position mark = entry->place();
  bool harmless = value->kind == Node::Kind::null;
  std::string remedy = "leave it out";
  if (!off.member.empty()) {
    remedy +=
        " or write {" + std::string(off.member) + ": " + (off.value.empty() ? "\"\"" : std::string(off.value)) + "}";
    const Entry* member = value->find(off.member);
    if (value->kind == Node::Kind::map && member == nullptr) harmless = off.absent_is_off;
    if (member != nullptr) {
      mark = member->place();
      harmless = member->value.kind == Node::Kind::scalar && member->value.text == off.value;
    }
  } else {
    harmless = harmless || (value->kind == Node::Kind::scalar && value->text == off.value) ||
               (value->kind != Node::Kind::scalar && value->items.empty() && value->entries.empty());
  }
  if (!harmless && !report_.has_fault_at(path_of(key.name)))
    report_.fault(mark, path_of(key.name), "not yet: " + std::string(what) + "; " + remedy);
}

void Reader::judge(Position mark, std::string_view key, std::string path, std::string message) {
  levels_.back().judgements.push_back({mark, std::string(key), std::move(path), std::move(message)});
}

void Reader::fault(std::string_view key, std::string message) {
  const auto& level = levels_.back();
  const Entry* entry = level.node->find(key);
  judge(entry == nullptr ? level.mark : entry->place(), key, path_of(key), std::move(message));
}

void Reader::fault(std::string_view key, std::size_t index, std::string message) {
  const Entry* entry = levels_.back().node->find(key);
  if (entry == nullptr || index >= entry->value.items.size()) return fault(key, std::move(message));
  judge(entry->value.items[index].mark, key, item_path(path_of(key), index), std::move(message));
}

void Reader::fault(std::string_view key, std::string_view member, std::string message) {
  const Entry* entry = levels_.back().node->find(key);
  const Entry* inner = entry == nullptr ? nullptr : entry->value.find(member);
  if (inner == nullptr) return fault(key, std::move(message));
  judge(inner->place(), key, path_of(key) + "." + inner->key, std::move(message));
}

void Reader::fault(std::string_view key, std::string_view member, std::string_view inner, std::string message) {
  const Entry* entry = levels_.back().node->find(key);
  const Entry* outer = entry == nullptr ? nullptr : entry->value.find(member);
  const Entry* found = outer == nullptr ? nullptr : outer->value.find(inner);
  if (found == nullptr) return fault(key, member, std::move(message));
  judge(found->place(), key, path_of(key) + "." + path_element(outer->key) + "." + found->key, std::move(message));
}

void Reader::warn(std::string_view key, std::string message) {
  const auto& level = levels_.back();
  const Entry* entry = level.node->find(key);
  report_.warn(entry == nullptr ? level.mark : entry->place(), path_of(key), std::move(message));
}

bool Reader::given(std::string_view key) const {
  const Entry* entry = levels_.back().node->find(key);
  return entry != nullptr && entry->value.kind != Node::Kind::null && !report_.has_fault_at(path_of(key));
}

std::filesystem::path Reader::resolve(std::string_view key, std::string_view written) const {
  if (written.empty()) return {};
  const auto& level = levels_.back();
  const Entry* entry = level.node->find(key);
  return report_.file(entry == nullptr ? level.mark : entry->value.mark).directory / written;
}

}  // namespace tributary::config
