// A YAML document as a small tree of values that know where they stand, and the faults found while reading files into
// one. Made by parse() from one text; merged from many by Assembly (assembly.hpp); read by the Reader. Bounded in
// bytes, depth and number of values, aliases expanded. Thread: any.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace tributary::config {

struct Position {
  std::uint32_t file = 0;  // index into FaultList::files
  std::uint32_t line = 0;  // from 1; 0: the file as a whole
  std::uint32_t column = 0;
};

struct Entry;

struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  bool quoted = false;  // scalar: in quotes, or a block: always a text
  bool broken = false;  // a fault in it is reported already
  Position mark;
  std::string text;            // scalar
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in the order of the file; no key twice

  [[nodiscard]] const Entry* find(std::string_view key) const;
};

struct Entry {
  std::string key;
  Position mark;
  Node value;

  [[nodiscard]] Position place() const { return value.kind == Node::Kind::scalar ? value.mark : mark; }
};

// "a list", "a map", "nothing", "the number 5" …: what was found where something else was expected. `secret`: the text
// itself is not shown.
std::string found(const Node& node, bool secret = false);

// What a load has to say. At most 1,000 faults and as many warnings are kept; the last then says that there are more.
class FaultList {
 public:
  struct File {
    std::string name;
    std::filesystem::path directory;
  };

  // A value that could not be read bars later judgements of it; a judgement bars nothing.
  enum class Kind : std::uint8_t { unreadable, judgement };

  std::uint32_t add_file(std::string name, std::filesystem::path directory);
  void fault(Position mark, std::string path, std::string message, Kind kind = Kind::unreadable);
  void warn(Position mark, std::string path, std::string message);
  // What is wrong there is told elsewhere.
  void bar(const std::string& path) { faulted_.insert(path); }
  void place(const std::string& path, Position mark);
  void secret(const std::string& path, Position mark, const Secret& secret);

  [[nodiscard]] bool has_fault_at(const std::string& path) const { return faulted_.contains(path); }
  [[nodiscard]] const std::vector<NamedSecret>& secrets() const { return secrets_; }
  [[nodiscard]] bool sound() const { return faults_.empty(); }
  [[nodiscard]] bool full() const { return faults_.size() > most; }
  [[nodiscard]] const File& file(Position mark) const { return files_.at(mark.file); }
  [[nodiscard]] std::string where(Position mark) const;  // file:line

  // Moves everything but the settings into `loaded`, ordered by place.
  void deliver(Loaded& loaded);

 private:
  struct Placed {
    Position mark;
    std::string path;
    std::string message;
  };

  [[nodiscard]] Place resolve(Position mark) const;
  std::vector<Fault> ordered(std::vector<Placed>& placed) const;

  static constexpr std::size_t most = 1'000;

  std::vector<File> files_;
  std::vector<Placed> faults_;
  std::vector<Placed> warnings_;
  std::size_t warnings_left_out_ = 0;
  std::set<std::string> faulted_;
  std::vector<NamedSecret> secrets_;
  std::map<std::string, Place, std::less<>> places_;
};

// What the files of one load have taken so far of what all together may take.
struct Spent {
  std::size_t bytes = 0;   // of files
  std::size_t values = 0;  // with aliases expanded
  std::size_t text = 0;    // bytes of all keys' and values' text, with aliases expanded
};

// The document in `text`, file number `file` of `report`. False when it could not be read whole (a fault says why).
// An empty document is a null node.
bool parse(std::string_view text, std::uint32_t file, FaultList& report, Spent& spent, Node& root);

}  // namespace tributary::config
