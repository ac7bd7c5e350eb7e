// The Fields that lists what settings hold: a text for every key, so that two configurations can be compared key by
// key. Thread: any.
#include <functional>
#include <string>
#include <utility>

#include "config/load.hpp"
#include "config/telling_fields.hpp"

namespace tributary::config {
namespace {

// Every part with its length, so that no two lists of parts look alike.
void append(std::string& text, std::string_view part) {
  text += std::to_string(part.size()) + ":";
  text += part;
}

// What is at hand of a secret: where it is, and of one in plain text a hash.
std::string text_of(const Secret& secret) {
  std::string text = std::to_string(static_cast<int>(secret.kind)) + " ";
  if (secret.kind == Secret::Kind::value) return text + std::to_string(std::hash<std::string>{}(secret.name));
  append(text, secret.name);
  append(text, secret.path);
  append(text, secret.directory);
  for (const auto& word : secret.command) append(text, word);
  return text + format(secret.timeout);
}

class ValueLister final : public TellingFields {
 public:
  Values take() { return std::move(values_); }

 protected:
  void text(const Key& key, std::string& value) override { add(key, value); }
  void flag(const Key& key, bool& value) override { add(key, value ? "true" : "false"); }
  void integer(const Key& key, std::int64_t& value) override { add(key, std::to_string(value)); }
  void number(const Key& key, double& value) override { add(key, digits_of(value)); }
  void duration(const Key& key, Duration& value) override { add(key, format(value)); }
  void size(const Key& key, Size& value) override { add(key, format(value)); }
  void path(const Key& key, Path& value) override { add(key, value.empty() ? "" : value.resolved.native()); }
  void secret(const Key& key, Secret& value) override { add(key, text_of(value)); }
  void texts(const Key& key, std::vector<std::string>& value) override {
    std::string all;
    for (const auto& one : value) append(all, one);
    add(key, std::move(all));
  }
  void text_map(const Key& key, std::map<std::string, std::string>& value) override {
    std::string all;
    for (const auto& [name, one] : value) append(all, name), append(all, one);
    add(key, std::move(all));
  }
  void secret_map(const Key& key, std::map<std::string, Secret>& value) override {
    std::string all;
    for (const auto& [name, one] : value) append(all, name), append(all, text_of(one));
    add(key, std::move(all));
  }
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override {
    add(key, std::string(names[index]));
  }

  bool begin_optional(const Key&, bool there) override { return there; }
  bool begin_group(const Key& key) override {
    open(key.name);
    return true;
  }
  void end_group() override { close(); }
  std::size_t begin_items(const Key& key, std::size_t there) override {
    open(key.name);
    return there;
  }
  bool begin_item(std::size_t index) override {
    open(std::to_string(index));
    return true;
  }
  void end_item() override { close(); }
  void end_items() override { close(); }
  void typed(const Key& key, std::span<const SettingsType>, std::vector<NamedSettings>& value, bool) override {
    open(key.name);
    for (auto& one : value) {
      open(path_element(one.name));
      list(one);
      close();
    }
    close();
  }

 public:
  void list(const NamedSettings& one) {
    add({.name = "type"}, one.type);
    add({.name = "enabled"}, one.enabled ? "true" : "false");
    one.settings->describe(*this);
  }

 private:
  void open(std::string_view name) { prefix_.append(name).append("."), lengths_.push_back(name.size() + 1); }
  void close() {
    prefix_.resize(prefix_.size() - lengths_.back());
    lengths_.pop_back();
  }
  void add(const Key& key, std::string value) { values_[prefix_ + std::string(key.name)] = std::move(value); }

  Values values_;
  std::string prefix_;
  std::vector<std::size_t> lengths_;
};

}  // namespace

std::string path_element(const std::string& name) {
  return name.find('.') == std::string::npos ? name : "\"" + name + "\"";
}

Values values_of(const Settings& settings, const Vocabulary& vocabulary) {
  ValueLister lister;
  const_cast<Settings&>(settings).describe(lister, vocabulary);  // the lister only reads
  Values values = lister.take();
  values["instance"] = settings.instance;  // its key is optional, its value is not
  return values;
}

Values values_of(const NamedSettings& one) {
  ValueLister lister;
  lister.list(one);
  return lister.take();
}

std::vector<std::string> differences(const Values& one, const Values& other) {
  std::vector<std::string> paths;
  auto left = one.begin();
  auto right = other.begin();
  while (left != one.end() || right != other.end()) {
    if (right == other.end() || (left != one.end() && left->first < right->first)) {
      paths.push_back((left++)->first);
    } else if (left == one.end() || right->first < left->first) {
      paths.push_back((right++)->first);
    } else {
      if (left->second != right->second) paths.push_back(left->first);
      ++left, ++right;
    }
  }
  return paths;
}

}  // namespace tributary::config
