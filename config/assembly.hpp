// One tree from the main file and all it includes: `include:` is followed (globs, relative to the file that names
// them), maps of connectors and sinks and the list of routes are joined, every other key may be in one file only.
// Faults go to the FaultList. Thread: any; blocking (reads files).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include "config/tree.hpp"

namespace tributary::config {

class Assembly {
 public:
  Assembly(FaultList& report, Includes includes) : report_(report), includes_(includes) {}

  // Adds the main file, from disk or from memory, and whatever it includes.
  void add_main(const std::filesystem::path& file);
  void add_main(std::string_view text, const std::filesystem::path& name);

  [[nodiscard]] const Node& root() const { return root_; }
  // False when some file could not be read whole, so that a name not found may be in what is missing.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] const Sources& sources() const { return sources_; }

 private:
  struct Asked {
    Position mark;
    std::string path;
  };

  std::variant<std::string, std::error_code> content_of(const std::filesystem::path& file, bool main);
  void add_text(std::string_view text, const std::filesystem::path& name, bool main);
  void add_file(const std::filesystem::path& file, const Asked& asked);
  void follow(const Node& list, std::uint32_t file);
  void follow(const Node& pattern, const std::string& path);
  void join(Node& document);
  void join(Entry& entry);
  void join_named(Entry& into, Entry& entry);

  FaultList& report_;
  const Includes includes_;
  Node root_;
  bool complete_ = true;
  Spent spent_;
  std::map<std::string, std::map<std::string, Position, std::less<>>, std::less<>>
      names_;                                // section → name → where it is
  std::vector<std::filesystem::path> open_;  // the files being read, outermost first
  std::vector<std::filesystem::path> read_;  // every file read so far, canonical
  Sources sources_;
};

}  // namespace tributary::config
