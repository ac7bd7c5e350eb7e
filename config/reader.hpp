// The Fields that fills settings from a tree and reports everything wrong with it. Lives for one load; keeps references
// to the tree and the report. Thread: any, one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.hpp"
#include "config/tree.hpp"

namespace tributary::config {

class Reader final : public Fields {
 public:
  Reader(const Node& root, FaultList& report, bool complete);

  // Reports the unknown keys of the top level; call it last.
  void finish();

  void not_yet(const Key& key, std::string_view what, Off off) override;
  void fault(std::string_view key, std::string message) override;
  void fault(std::string_view key, std::size_t index, std::string message) override;
  void fault(std::string_view key, std::string_view member, std::string message) override;
  void fault(std::string_view key, std::string_view member, std::string_view inner, std::string message) override;
  void warn(std::string_view key, std::string message) override;
  [[nodiscard]] bool given(std::string_view key) const override;
  [[nodiscard]] bool reading() const override { return true; }
  [[nodiscard]] bool complete() const override { return complete_; }
  [[nodiscard]] std::filesystem::path resolve(std::string_view key, std::string_view written) const override;

 protected:
  void text(const Key& key, std::string& value) override;
  void flag(const Key& key, bool& value) override;
  void integer(const Key& key, std::int64_t& value) override;
  void number(const Key& key, double& value) override;
  void duration(const Key& key, Duration& value) override;
  void size(const Key& key, Size& value) override;
  void path(const Key& key, Path& value) override;
  void secret(const Key& key, Secret& value) override;
  void texts(const Key& key, std::vector<std::string>& value) override;
  void text_map(const Key& key, std::map<std::string, std::string>& value) override;
  void secret_map(const Key& key, std::map<std::string, Secret>& value) override;
  void choose(const Key& key, std::span<const std::string_view> names, std::size_t& index) override;
  bool begin_optional(const Key& key, bool there) override;
  bool begin_group(const Key& key) override;
  void end_group() override;
  std::size_t begin_items(const Key& key, std::size_t there) override;
  bool begin_item(std::size_t index) override;
  void end_item() override;
  void end_items() override;
  void typed(const Key& key, std::span<const SettingsType> types, std::vector<NamedSettings>& value,
             bool may_be_disabled) override;

 private:
  struct Missing {
    std::string_view key;
    std::string expected;
  };
  struct Judgement {
    Position mark;
    std::string key;
    std::string path;
    std::string message;
  };
  // A group that is there and empty: what belongs to it may stand below, not indented enough.
  struct Hollow {
    const Entry* entry;
    std::string expected;  // "": it may be empty
  };
  struct Level {
    const Node* node;  // the map being read
    std::string path;  // "" at the top
    Position mark;     // where a missing key is reported
    std::vector<std::string_view> known;
    std::vector<Missing> missing;              // told at the end, unless they are there under a wrong name
    std::vector<Judgement> judgements;         // told at the end, unless they follow from another fault
    std::vector<std::string_view> misspelled;  // keys that are there under a wrong name
    std::vector<Hollow> hollow;
  };

  [[nodiscard]] std::string path_of(std::string_view key) const;
  const Entry* take(const Key& key, std::string_view expected);
  const Entry* take(const Key& key, Node::Kind kind, std::string_view expected);
  // An entry of a map whose keys are names, so that all are known.
  void take(const Entry& entry) { report_.place(path_of(entry.key), entry.place()); }
  void wrong(const Entry& entry, std::string_view expected, bool secret = false);
  void at(const Key& key, const Entry& entry, std::string message);
  bool in_range(const Key& key, const Entry& entry, std::int64_t value, std::string (*show)(std::int64_t));
  void out_of_range(const Key& key, const Entry& entry, std::string (*show)(std::int64_t), const std::string& is);
  bool read_texts(const Node& list, const std::string& path, std::vector<std::string>& value);
  bool read_secret(const Node& node, const std::string& path, Position mark, Secret& value);
  bool read_secret_kind(const Entry& entry, const std::string& path, Secret& value);
  void read_named(const Entry& entry, std::string_view noun, std::span<const SettingsType> types, NamedSettings& named,
                  bool may_be_disabled);
  const SettingsType* pick(std::string_view noun, std::span<const SettingsType> types, std::string& name);
  const Entry* take_type(std::string_view expected, std::string& name);
  void judge(Position mark, std::string_view key, std::string path, std::string message);
  // Whether a fault that is told already is the cause of the judgement.
  [[nodiscard]] bool follows(const Level& level, const Judgement& judgement) const;
  // The key that was probably meant: `Type`, `typ`, or `type:dlive` where a blank is missing. "": none.
  static std::string_view meant(const Entry& entry, std::span<const std::string_view> known);
  static bool is_meant(const Entry& entry, std::string_view key) { return !meant(entry, {&key, 1}).empty(); }
  void report_unknown(Level& level, const Entry& entry);
  void report_all_unknown(Level& level);
  bool is_hollow(const Key& key, std::string_view expected);
  void refuse_variable(Position mark, std::string path, const std::string& name, bool secret);
  void warn_open_secrets(const Entry& entry, std::size_t first);
  void open(const Node& node, std::string path, Position mark);
  void close();

  FaultList& report_;
  bool complete_;  // false, too, when the names of connectors or sinks could not be read
  std::vector<Level> levels_;
  std::vector<const Entry*> lists_;  // the lists of maps being read
};

}  // namespace tributary::config
