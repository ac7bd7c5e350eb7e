// The Fields that writes what settings hold as YAML: every key with the value in force, where each secret is found but
// none of them, no password and no query of a URL. For people to read, not for load(). Thread: any.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>

#include "config/load.hpp"
#include "config/telling_fields.hpp"
#include "text/ascii.hpp"
#include "text/url.hpp"

namespace tributary::config {
namespace {

constexpr std::string_view not_shown = "(hidden)";

std::string yaml_word(std::string_view text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("._-/:+").find(c) != std::string_view::npos;
  };
  const bool begins = !text.empty() && (std::isalpha(static_cast<unsigned char>(text.front())) != 0 ||
                                        (text.front() == '/' && text.size() > 1));
  static constexpr std::array<std::string_view, 8> other_kinds{"true", "false", "null", "yes", "no", "on", "off", "y"};
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const bool a_word = std::find(other_kinds.begin(), other_kinds.end(), lower) == other_kinds.end();
  if (begins && a_word && text.back() != ':' && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\', quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      static constexpr std::string_view digits = "0123456789abcdef";
      quoted.append("\\x") += digits[byte >> 4U];
      quoted += digits[byte & 15U];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string found_at(const Secret& secret) {
  switch (secret.kind) {
    case Secret::Kind::none:
      return "{}";
    case Secret::Kind::file:
      return "{file: " + yaml_word(secret.name) + "}";
    case Secret::Kind::env:
      return "{env: " + yaml_word(secret.name) + "}";
    case Secret::Kind::credential:
      return "{credential: " + yaml_word(secret.name) + "}";
    case Secret::Kind::command:  // its arguments may be anything
      return "{command: [" + yaml_word(secret.command.empty() ? "" : secret.command.front()) +
             (secret.command.size() > 1 ? ", " + yaml_word(not_shown) : "") + "], timeout: " + format(secret.timeout) +
             "}";
    case Secret::Kind::value:
      return "{value: " + yaml_word(not_shown) + "}";
  }
  return "{}";
}

/// Any text; of a URL what may be shown.
std::string shown_text(const std::string& text) {
  std::string ignored;
  const auto url = text::parse_url(text, {"ws", "wss", "http", "https"}, ignored);
  return url && (url->has_user_info() || !url->query().empty()) ? url->shown() : text;
}

class SettingsWriter final : public TellingFields {
 public:
  explicit SettingsWriter(const Settings& settings) : settings_(settings) {}
  std::string take_text() { return std::move(text_); }

 protected:
  void text(const Key& key, std::string& value) override {
    const bool with_password = value.starts_with(kWithPassword);
    add(key, yaml_word(with_password ? value.substr(value.find(' ', kWithPassword.size()) + 1) : shown_text(value)));
  }
  void flag(const Key& key, bool& value) override { add(key, value ? "true" : "false"); }
  void integer(const Key& key, std::int64_t& value) override { add(key, std::to_string(value)); }
  void number(const Key& key, double& value) override { add(key, digits_of(value)); }
  void duration(const Key& key, Duration& value) override { add(key, format(value)); }
  void size(const Key& key, Size& value) override { add(key, format(value)); }
  void path(const Key& key, Path& value) override { add(key, yaml_word(value.text)); }
  void secret(const Key& key, Secret& value) override { add(key, found_at(value)); }
  void texts(const Key& key, std::vector<std::string>& value) override {
    std::string all;
    for (const auto& one : value) all += (all.empty() ? "" : ", ") + yaml_word(shown_text(one));
    add(key, "[" + all + "]");
  }
  void text_map(const Key& key, std::map<std::string, std::string>& value) override {
    std::string all;
    for (const auto& [name, one] : value) all += (all.empty() ? "" : ", ") + yaml_word(name) + ": " + yaml_word(one);
    add(key, "{" + all + "}");
  }
  void secret_map(const Key& key, std::map<std::string, Secret>& value) override {
    std::string all;
    for (const auto& [name, one] : value) {
      all += (all.empty() ? "" : ", ") + yaml_word(name) + ": " +
             (one.kind == Secret::Kind::value ? yaml_word(not_shown) : found_at(one));
    }
    add(key, "{" + all + "}");
  }
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override {
    const auto name = names[index];
    const bool number = !name.empty() && std::all_of(name.begin(), name.end(), text::is_digit);
    add(key, number ? std::string(name) : yaml_word(name));
    // Its key is optional, its value is not; it stands beside the version.
    if (depth_ == 0 && key.name == "version") add({.name = "instance"}, yaml_word(settings_.instance));
  }

  bool begin_optional(const Key&, bool there) override { return there; }
  bool begin_group(const Key& key) override {
    line(std::string(key.name) + ":");
    ++depth_;
    return true;
  }
  void end_group() override { --depth_; }
  std::size_t begin_items(const Key& key, std::size_t there) override {
    line(std::string(key.name) + (there == 0 ? ": []" : ":"));
    ++depth_;
    return there;
  }
  bool begin_item(std::size_t) override {
    ++depth_;
    item_ = true;
    return true;
  }
  void end_item() override {
    if (std::exchange(item_, false)) line("{}");
    --depth_;
  }
  void end_items() override { --depth_; }
  void typed(const Key& key, std::span<const SettingsType>, std::vector<NamedSettings>& value,
             bool may_be_disabled) override {
    line(std::string(key.name) + (value.empty() ? ": {}" : ":"));
    ++depth_;
    for (auto& one : value) {
      line(yaml_word(one.name) + ":");
      ++depth_;
      line("type: " + yaml_word(one.type));
      if (may_be_disabled) line(one.enabled ? "enabled: true" : "enabled: false");
      one.settings->describe(*this);
      --depth_;
    }
    --depth_;
  }

 private:
  void add(const Key& key, const std::string& value) { line(std::string(key.name) + ": " + value); }
  void line(const std::string& content) {
    std::string indent(2 * depth_, ' ');
    if (std::exchange(item_, false)) indent.replace(indent.size() - 2, 2, "- ");
    text_ += indent + content + "\n";
  }

  const Settings& settings_;
  std::string text_;
  std::size_t depth_ = 0;
  bool item_ = false;  // the next line begins an item of a list
};

}  // namespace

std::string shown(const Settings& settings, const Vocabulary& vocabulary) {
  SettingsWriter writer(settings);
  const_cast<Settings&>(settings).describe(writer, vocabulary);  // the writer only reads
  return writer.take_text();
}

}  // namespace tributary::config
