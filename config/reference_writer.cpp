// The Fields that writes the reference: YAML that load() accepts, with every key at its default, beside its sentence,
// its words and an example where the default shows nothing. Thread: any.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>
#include <string>
#include <utility>

#include "config/load.hpp"
#include "config/telling_fields.hpp"

namespace tributary::config {
namespace {

constexpr std::size_t comment_column = 44;
constexpr std::size_t line_width = 120;

constexpr std::string_view heading =
    R"(# Every key of the configuration, each once, with its default; those marked "example" have none. Generated from the
# declarations that also read the file, so it is complete; a test compares them.
#
# Relative paths start at the file that names them. Durations: 250ms 10s 5m 24h. Sizes: 512B 64KiB 4MiB 1GiB.
# Secrets: {file: PATH} {env: NAME} {credential: NAME} {command: [PROGRAM, ARGUMENT], timeout: 10s} {value: TEXT}; the
# last is warned about. Default of -c: ./tributary.yaml, then /etc/tributary/tributary.yaml.

)";

// As YAML, in quotes only where it must be.
std::string as_yaml(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("._-/:+").find(c) != std::string_view::npos;
  };
  const bool safe = !text.empty() && std::isalnum(static_cast<unsigned char>(text.front())) != 0 &&
                    std::all_of(text.begin(), text.end(), plain) && text.back() != ':';
  const bool absolute = text.size() > 1 && text.front() == '/' && std::all_of(text.begin(), text.end(), plain);
  if (safe || absolute) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

template <typename Range, typename Write>
std::string joined(const Range& range, std::string_view separator, Write write) {
  std::string text;
  for (const auto& one : range) {
    if (!text.empty()) text += separator;
    text += write(one);
  }
  return text;
}

class ReferenceWriter final : public TellingFields {
 public:
  std::string take_text() { return std::move(text_); }

 protected:
  void text(const Key& key, std::string& value) override { add(key, as_yaml(value), {}, value.empty()); }
  void flag(const Key& key, bool& value) override { add(key, value ? "true" : "false", {}); }
  void integer(const Key& key, std::int64_t& value) override { add(key, std::to_string(value), {}); }
  void number(const Key& key, double& value) override {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    add(key, std::string(digits.data(), end), {});
  }
  void duration(const Key& key, Duration& value) override { add(key, format(value), {}); }
  void size(const Key& key, Size& value) override { add(key, format(value), {}); }
  void path(const Key& key, Path& value) override { add(key, as_yaml(value.text), {}, value.empty()); }
  void secret(const Key& key, Secret&) override {
    optional_ = optional_ || !(key.required || key.shown);  // a secret has no default
    add(key, "{file: secrets/" + std::string(key.name) + "}", {});
  }
  void texts(const Key& key, std::vector<std::string>& value) override {
    add(key, "[" + joined(value, ", ", as_yaml) + "]", {}, value.empty());
  }
  void text_map(const Key& key, std::map<std::string, std::string>& value) override {
    const auto pair = [](const auto& one) { return as_yaml(one.first) + ": " + as_yaml(one.second); };
    add(key, "{" + joined(value, ", ", pair) + "}", {}, value.empty());
  }
  void secret_map(const Key& key, std::map<std::string, Secret>&) override { add(key, "{}", {}, true); }
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override {
    const auto words =
        joined(names, " | ", [](std::string_view name) { return name.empty() ? "\"\"" : std::string(name); });
    add(key, as_yaml(std::string(names[index])), names.size() > 1 ? words : std::string());
  }

  bool begin_optional(const Key& key, bool) override {
    optional_ = !key.shown;
    return true;
  }
  bool begin_group(const Key& key) override {
    if (optional_) ++commented_;
    groups_.push_back(optional_);
    optional_ = false;
    line(std::string(key.name) + ":", key.required ? note({"required", std::string(key.help)}) : std::string(key.help));
    ++depth_;
    return true;
  }
  void end_group() override {
    --depth_;
    if (groups_.back()) --commented_;
    groups_.pop_back();
  }
  std::size_t begin_items(const Key& key, std::size_t) override {
    if (depth_ == 0) text_ += "\n";
    line(std::string(key.name) + ":", std::string(key.help));
    ++depth_;
    return 1;
  }
  bool begin_item(std::size_t) override {
    ++depth_;
    item_ = true;
    return true;
  }
  void end_item() override { --depth_; }
  void end_items() override {
    --depth_;
    if (depth_ == 0) text_ += "\n";
  }

  void typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>&,
             bool may_be_disabled) override {
    text_ += "\n";
    const bool any = std::any_of(types.begin(), types.end(), [](const auto& type) { return type.make != nullptr; });
    line(std::string(key.name) + (any ? ":" : ": {}"), std::string(key.help));
    ++depth_;
    for (const auto& type : types) {
      if (type.make == nullptr) continue;
      const auto name = type.example_name.empty() ? type.name : type.example_name;
      line(std::string(name) + ":", note({"example", std::string(type.summary)}));
      ++depth_;
      line("type: " + std::string(type.name), {});
      bool enabled = true;
      if (may_be_disabled) flag({"enabled", "false: not started"}, enabled);
      type.make()->describe(*this);
      --depth_;
    }
    --depth_;
  }

 private:
  static std::string note(const std::vector<std::string>& parts) {
    std::vector<std::string> some;
    std::copy_if(parts.begin(), parts.end(), std::back_inserter(some), [](const auto& part) { return !part.empty(); });
    return joined(some, "; ", [](const std::string& part) { return part; });
  }

  // `value`: the default as YAML. An empty one shows the key's example in the comment; an optional or required key
  // shows its example in the place of the value.
  void add(const Key& key, const std::string& value, const std::string& words, bool empty = false) {
    const bool optional = std::exchange(optional_, false);
    const std::string example(key.example);
    const bool in_place = (optional || key.required || key.shown) && !example.empty();
    std::vector<std::string> parts;
    if (key.required) parts.emplace_back("required");
    if (in_place && !key.required) parts.emplace_back("example");
    parts.emplace_back(key.help);
    parts.push_back(words);
    if (!in_place && empty && !example.empty()) parts.push_back("example: " + example);
    if (optional) ++commented_;
    line(std::string(key.name) + ": " + (in_place ? example : value), note(parts));
    if (optional) --commented_;
  }

  void line(const std::string& content, const std::string& comment) {
    std::string indent(2 * depth_, ' ');
    if (std::exchange(item_, false)) indent.replace(indent.size() - 2, 2, "- ");
    std::string whole = indent + (commented_ > 0 ? "# " : "") + content;
    if (comment.empty()) {
      text_ += whole + "\n";
      return;
    }
    const std::size_t column = std::max(whole.size() + 2, comment_column);
    if (column + 2 + comment.size() > line_width) {
      text_ += std::string(indent.size(), ' ') + "# " + comment + "\n" + whole + "\n";
      return;
    }
    whole.resize(column, ' ');
    text_ += whole + "# " + comment + "\n";
  }

  std::string text_{heading};
  std::size_t depth_ = 0;
  std::size_t commented_ = 0;
  bool optional_ = false;
  bool item_ = false;         // the next line begins an item of a list
  std::vector<bool> groups_;  // whether each open group is commented out
};

}  // namespace

std::string reference(const Vocabulary& vocabulary) {
  ReferenceWriter writer;
  Settings settings;
  settings.describe(writer, vocabulary);
  return writer.take_text();
}

}  // namespace tributary::config
