// The Fields that writes tributary.yaml(5): every key by its whole path, with its sentence, its default and its words,
// in the language of man(7). Thread: any.
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "config/load.hpp"
#include "config/telling_fields.hpp"
#include "text/roff.hpp"

namespace tributary::config {
namespace {

using text::roff;

constexpr std::string_view description =
    R"(One YAML file tunes the relay. It is read at the start and again at SIGHUP; `tributary check` reports every fault
of it with line and column, `tributary schema reference` prints it whole, as YAML to copy from.)";

constexpr std::string_view kinds =
    R"(Relative paths start at the file that names them. Durations are written 250ms, 10s, 5m or 24h, sizes 512B, 64KiB,
4MiB or 1GiB.)";

constexpr std::string_view secrets[][2] = {
    {"{file: PATH}", "The file is read again at every dial, so it may change while the relay runs."},
    {"{env: NAME}", "An environment variable; fixed for the life of the process."},
    {"{credential: NAME}", "A file in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=)."},
    {"{command: [PROGRAM, ARGUMENT], timeout: 10s}", "What the command prints; it is run at every dial."},
    {"{value: TEXT}", "The secret itself; warned about."},
};

std::string section(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return ".SH " + roff(upper) + "\n";
}

std::string strong(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }

class ManualWriter final : public TellingFields {
 public:
  std::string take_text() { return std::move(text_); }

 protected:
  void text(const Key& key, std::string& value) override { add(key, value); }
  void flag(const Key& key, bool& value) override { add(key, value ? "true" : "false"); }
  void integer(const Key& key, std::int64_t& value) override { add(key, std::to_string(value)); }
  void number(const Key& key, double& value) override { add(key, digits_of(value)); }
  void duration(const Key& key, Duration& value) override { add(key, format(value)); }
  void size(const Key& key, Size& value) override { add(key, format(value)); }
  void path(const Key& key, Path& value) override { add(key, value.text); }
  void secret(const Key& key, Secret&) override { add(key, {}, "a secret"); }
  void texts(const Key& key, std::vector<std::string>& value) override {
    std::string all;
    for (const auto& one : value) all += (all.empty() ? "" : ", ") + one;
    add(key, all.empty() ? all : "[" + all + "]", "a list");
  }
  void text_map(const Key& key, std::map<std::string, std::string>&) override { add(key, {}, "a map"); }
  void secret_map(const Key& key, std::map<std::string, Secret>&) override { add(key, {}, "a map of secrets"); }
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override {
    std::string words;
    for (const auto name : names) {
      words += (words.empty() ? "one of " : ", ") + (name.empty() ? std::string("\"\"") : std::string(name));
    }
    add(key, std::string(names[index]), names.size() > 1 ? words : std::string());
  }

  bool begin_optional(const Key&, bool) override { return true; }
  bool begin_group(const Key& key) override {
    add(key, {});
    path_.push_back(std::string(key.name) + ".");
    return true;
  }
  void end_group() override { path_.pop_back(); }
  std::size_t begin_items(const Key& key, std::size_t) override {
    if (path_.empty()) text_ += section(key.name);
    add(key, {}, "a list");
    path_.push_back(std::string(key.name) + "[].");
    return 1;
  }
  bool begin_item(std::size_t) override { return true; }
  void end_item() override {}
  void end_items() override {
    path_.pop_back();
    if (path_.empty()) text_ += ".SH OTHER KEYS\n";
  }
  void typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>&,
             bool may_be_disabled) override {
    text_ += section(key.name) + roff(key.help) + "\n";
    for (const auto& type : types) {
      if (type.make == nullptr) continue;
      text_ += ".SS type: " + roff(type.name) + "\n" + roff(type.summary) + "\n";
      path_.push_back(std::string(key.name) + ".NAME.");
      bool enabled = true;
      if (may_be_disabled) flag({"enabled", "false: not started"}, enabled);
      type.make()->describe(*this);
      path_.pop_back();
    }
  }

 private:
  void add(const Key& key, const std::string& value, const std::string& words = {}) {
    std::string path;
    for (const auto& part : path_) path += part;
    text_ += ".TP 4\n" + strong(path + std::string(key.name));
    if (!value.empty()) text_ += ": " + roff(value);
    text_ += "\n";
    std::string says = key.required ? "required" : "";
    for (const auto& part : {std::string(key.help), words}) {
      if (!part.empty()) says += (says.empty() ? "" : "; ") + part;
    }
    if (!key.example.empty() && value.empty()) says += "; example: " + std::string(key.example);
    text_ += roff(says) + "\n";
  }

  std::string text_;
  std::vector<std::string> path_;
};

}  // namespace

std::string manual(const Vocabulary& vocabulary, std::string_view version) {
  std::string text = ".\\\" Made by `tributary man tributary.yaml`.\n.TH TRIBUTARY.YAML 5 \"\" \"tributary " +
                     roff(version) +
                     "\" \"File Formats\"\n.nh\n.ad l\n.SH NAME\ntributary.yaml \\- configuration of tributary(1)\n" +
                     ".SH DESCRIPTION\n" + roff(description) + "\n.PP\n" + roff(kinds) +
                     "\n.PP\nEach key stands below with its default, if it has one.\n.SH SECRETS\n";
  for (const auto& [form, says] : secrets) text += ".TP\n" + strong(form) + "\n" + roff(says) + "\n";
  ManualWriter writer;
  Settings settings;
  text += ".SH GENERAL\n";
  settings.describe(writer, vocabulary);
  return text + writer.take_text() + ".SH FILES\n" + strong("./tributary.yaml") + ", " +
         strong("/etc/tributary/tributary.yaml") + "\n.SH SEE ALSO\n" + strong("tributary") + "(1)\n";
}

}  // namespace tributary::config
