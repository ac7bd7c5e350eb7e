// The part of the Reader that reads connectors and sinks: maps of names, each with settings of the type it says.
#include <algorithm>
#include <string>
#include <utility>

#include "config/reader.hpp"
#include "config/settings.hpp"
#include "config/spelling.hpp"
#include "text/url.hpp"

namespace tributary::config {
namespace {

constexpr std::size_t named_limit = 100'000;

// Whether what is sent there can be read on the way: no TLS, and another machine than this one.
bool is_open(std::string_view text) {
  std::string fault;  // told where the URL is read
  const auto url = text::parse_url(text, {"ws", "http"}, fault);
  return url && url->host != "localhost" && !url->host.starts_with("127.") && url->host != "::1";
}

}  // namespace

void Reader::typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>& value,
                   bool may_be_disabled) {
  const auto& around = levels_.back().node->entries;
  if (is_hollow(key, {})) {
    // Names that are not indented below it are names all the same.
    const Entry* const below = levels_.back().hollow.back().entry + 1;
    if (below != around.data() + around.size() && below->value.find("type") != nullptr) complete_ = false;
    return;
  }
  const Entry* entry = take(key, Node::Kind::map, "a map of names, each with its settings");
  if (entry == nullptr) {
    // Its names may stand under a key that is spelled wrong, or in what could not be read.
    if (report_.has_fault_at(path_of(key.name)) ||
        std::any_of(around.begin(), around.end(), [&](const Entry& one) { return is_meant(one, key.name); })) {
      complete_ = false;
    }
    return;
  }
  if (entry->value.entries.size() > named_limit) {
    complete_ = false;
    return at(key, *entry, "more than " + std::to_string(named_limit) + " names");
  }
  open(entry->value, path_of(key.name), entry->mark);
  const std::string noun(key.name.substr(0, key.name.size() - 1));
  value.reserve(entry->value.entries.size());
  for (const auto& one : entry->value.entries) {
    take(one);
    NamedSettings named;
    named.name = one.key;
    const auto secrets = report_.secrets().size();
    read_named(one, noun, types, named, may_be_disabled);
    warn_open_secrets(one, secrets);
    value.push_back(std::move(named));
  }
  levels_.pop_back();  // all keys are names
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

// The entry of `type`, and what it says. When the key is spelled wrong, that is told, and its value is taken all the
// same, so that the other keys can be read.
const Entry* Reader::take_type(std::string_view expected, std::string& name) {
  auto& level = levels_.back();
  const auto& entries = level.node->entries;
  auto wrong_name = entries.end();
  if (level.node->find("type") == nullptr) {
    wrong_name = std::find_if(entries.begin(), entries.end(), [](const Entry& one) { return is_meant(one, "type"); });
  }
  if (wrong_name == entries.end()) {
    const Entry* entry = take({.name = "type", .required = true}, Node::Kind::scalar, expected);
    if (entry != nullptr) name = entry->value.text;
    for (const auto& missing : level.missing) {
      report_.fault(level.mark, path_of(missing.key),
                    "the key " + quote(missing.key) + " is missing; expected " + missing.expected);
    }
    level.missing.clear();
    return entry;
  }
  level.known.push_back("type");
  report_unknown(level, *wrong_name);
  level.known.push_back(wrong_name->key);
  const auto colon = wrong_name->key.find(':');
  name = colon == std::string::npos ? wrong_name->value.text : wrong_name->key.substr(colon + 1);
  return &*wrong_name;
}

const SettingsType* Reader::pick(std::string_view noun, std::span<const SettingsType> types, std::string& name) {
  std::vector<std::string_view> usable;
  std::vector<std::string_view> known;
  for (const auto& type : types) {
    known.push_back(type.name);
    if (type.make != nullptr) usable.push_back(type.name);
  }
  const Key key{.name = "type"};
  const Entry* entry = take_type(alternatives(usable), name);
  if (entry == nullptr) return nullptr;
  const auto type = std::find_if(types.begin(), types.end(), [&](const auto& one) { return one.name == name; });
  if (entry->key != key.name && (type == types.end() || type->make == nullptr)) return nullptr;
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

void Reader::warn_open_secrets(const Entry& entry, std::size_t first) {
  const auto& secrets = report_.secrets();
  const std::string path = path_of(entry.key) + ".";
  for (const std::string_view key : {"url", "api_url"}) {
    const Entry* const url = entry.value.find(key);
    if (url == nullptr || !is_open(url->value.text)) continue;
    const bool password = !text::secrets_of(url->value.text).empty();
    if (secrets.size() == first && !password) continue;
    report_.warn(url->place(), path + std::string(key),
                 (secrets.size() == first ? "the password in it"
                                          : "the secret " + quote(secrets[first].path.substr(path.size()))) +
                     " crosses the network in plain text; use " + (key == "url" ? "wss://" : "https://"));
    return;
  }
}

}  // namespace tributary::config
