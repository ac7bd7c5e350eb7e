#include "config/reader.hpp"

#include <algorithm>
#include <utility>

#include "config/settings.hpp"
#include "config/spelling.hpp"

namespace tributary::config {
namespace {

constexpr std::size_t named_limit = 10'000;

}  // namespace

Reader::Reader(const Node& root, Report& report, bool complete) : report_(report), complete_(complete) {
  open(root, {}, root.mark);
}

void Reader::finish() { close(); }

void Reader::open(const Node& node, std::string path, Mark mark) {
  levels_.push_back({&node, std::move(path), mark, {}});
}

void Reader::close() {
  const Level level = std::move(levels_.back());
  levels_.pop_back();
  for (const auto& entry : level.node->entries) {
    if (std::find(level.known.begin(), level.known.end(), entry.key) != level.known.end()) continue;
    if (report_.full()) return;
    const auto path = level.path.empty() ? entry.key : level.path + "." + entry.key;
    report_.fault(entry.mark, path, "unknown key " + quote(entry.key) + suggestion(entry.key, level.known));
  }
}

std::string Reader::path_of(std::string_view key) const {
  const auto& path = levels_.back().path;
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

void Reader::at(const Key& key, const Entry& entry, std::string message) {
  report_.fault(entry.place(), path_of(key.name), std::move(message));
}

void Reader::wrong(const Entry& entry, std::string_view expected, bool secret) {
  report_.fault(entry.place(), path_of(entry.key),
                "expected " + std::string(expected) + ", found " + found(entry.value, secret));
}

const Entry* Reader::take(const Key& key, std::string_view expected) {
  auto& level = levels_.back();
  level.known.push_back(key.name);
  const Entry* entry = level.node->find(key.name);
  if (entry != nullptr) {
    report_.place(path_of(key.name), entry->place());
  } else if (key.required) {
    report_.fault(level.mark, path_of(key.name),
                  "the key " + quote(key.name) + " is missing; expected " + std::string(expected));
  }
  return entry;
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
  const Entry* entry = take(key, Node::Kind::map, "a map of keys");
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
    report_.fault(item.mark, path, "expected a map of keys, found " + found(item));
    return false;
  }
  open(item, path, item.mark);
  return true;
}

void Reader::end_item() { close(); }

void Reader::end_items() { lists_.pop_back(); }

void Reader::typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>& value,
                   bool may_be_disabled) {
  const Entry* entry = take(key, Node::Kind::map, "a map of names, each with its settings");
  if (entry == nullptr) return;
  if (entry->value.entries.size() > named_limit)
    return at(key, *entry, "more than " + std::to_string(named_limit) + " names");
  open(entry->value, path_of(key.name), entry->mark);
  const std::string noun(key.name.substr(0, key.name.size() - 1));
  for (const auto& one : entry->value.entries) {
    take({one.key}, {});
    NamedSettings named;
    named.name = one.key;
    read_named(one, noun, types, named, may_be_disabled);
    value.push_back(std::move(named));
  }
  close();
}

void Reader::read_named(const Entry& entry, std::string_view noun, std::span<const SettingsType> types,
                        NamedSettings& named, bool may_be_disabled) {
  if (!is_name(entry.key)) {
    report_.fault(entry.mark, path_of(entry.key),
                  quote(entry.key) + " cannot be the name of a " + std::string(noun) +
                      "; expected a letter or digit, then up to 63 letters, digits, `.`, `_` or `-`");
  }
  if (entry.value.kind != Node::Kind::map) return wrong(entry, "a map with at least a `type`");
  open(entry.value, path_of(entry.key), entry.mark);
  const SettingsType* type = pick(noun, types, named.type);
  if (may_be_disabled) flag({"enabled"}, named.enabled);
  if (type == nullptr) {
    levels_.pop_back();  // which keys it may have is not known
    return;
  }
  named.settings = type->make();
  named.settings->describe(*this);
  close();
}

const SettingsType* Reader::pick(std::string_view noun, std::span<const SettingsType> types, std::string& name) {
  std::vector<std::string_view> usable;
  std::vector<std::string_view> known;
  for (const auto& type : types) {
    known.push_back(type.name);
    if (type.make != nullptr) usable.push_back(type.name);
  }
  const Key key{.name = "type", .required = true};
  const Entry* entry = take(key, Node::Kind::scalar, alternatives(usable));
  if (entry == nullptr) return nullptr;
  name = entry->value.text;
  const auto type = std::find_if(types.begin(), types.end(), [&](const auto& one) { return one.name == name; });
  if (type == types.end()) {
    const auto near = nearest(name, known);
    at(key, *entry,
       "no " + std::string(noun) + " has the type " + quote(name) + "; expected " + alternatives(usable) +
           (near ? "; did you mean " + quote(*near) + "?" : std::string()));
    return nullptr;
  }
  if (type->make == nullptr) {
    at(key, *entry,
       "not yet: " + std::string(noun) + "s of the type " + quote(name) + "; expected " + alternatives(usable));
    return nullptr;
  }
  return &*type;
}

void Reader::not_yet(const Key& key, std::string_view what, Off off) {
  const Entry* entry = take(key, {});
  if (entry == nullptr) return;
  const Node* value = &entry->value;
  Mark mark = entry->place();
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

void Reader::judge(Mark mark, std::string path, std::string message) {
  if (!report_.has_fault_at(path)) report_.fault(mark, std::move(path), std::move(message), Report::Kind::judgement);
}

void Reader::fault(std::string_view key, std::string message) {
  const auto& level = levels_.back();
  const Entry* entry = level.node->find(key);
  judge(entry == nullptr ? level.mark : entry->place(), path_of(key), std::move(message));
}

void Reader::fault(std::string_view key, std::size_t index, std::string message) {
  const Entry* entry = levels_.back().node->find(key);
  if (entry == nullptr || index >= entry->value.items.size()) return fault(key, std::move(message));
  judge(entry->value.items[index].mark, item_path(path_of(key), index), std::move(message));
}

void Reader::fault(std::string_view key, std::string_view member, std::string message) {
  const Entry* entry = levels_.back().node->find(key);
  const Entry* inner = entry == nullptr ? nullptr : entry->value.find(member);
  if (inner == nullptr) return fault(key, std::move(message));
  judge(inner->place(), path_of(key) + "." + inner->key, std::move(message));
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
