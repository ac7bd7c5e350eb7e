// From files to Settings, with every fault of all files at once, each at its place; and the two documents printed from
// the same declarations: the JSON Schema for editors and the reference. Thread: any; blocking (reads files). Nothing is
// thrown: what is wrong with the file is in `faults`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"

namespace tributary::config {

struct Place {
  std::string file;        // as it was named: on the command line, or by `include`, with its directory
  std::size_t line = 0;    // from 1; 0: the file as a whole
  std::size_t column = 0;  // from 1, in bytes
};

struct Fault {
  Place place;
  std::string path;     // connectors.main-stage.auth.method; "" for the file itself
  std::string message;  // what was wrong and what was expected
};

// `tributary.yaml:12:7: connectors.main-stage.urk: unknown key; did you mean `url`?`
std::string format(const Fault& fault);

// A secret the configuration names, so that `check` can try each and a watch can be set.
struct NamedSecret {
  std::string path;  // connectors.main-stage.auth.token
  Place place;
  Secret secret;
};

// What a configuration was read from, so that a watch can tell whether it is still the same.
struct Sources {
  // Every file that was asked for, also one that could not be read, and each folder that a pattern was looked up in; as
  // they were named, so that a look at them goes through symlinks.
  std::vector<std::filesystem::path> paths;
  std::size_t digest = 0;  // of the text of all files; the same text has the same within one process
};

struct Loaded {
  std::optional<Settings> settings;  // empty when there is any fault
  std::vector<Fault> faults;         // in the order of file and line
  std::vector<Fault> warnings;
  std::vector<NamedSecret> secrets;
  std::filesystem::path state_directory;             // `spool.directory`, also when there are faults elsewhere
  std::map<std::string, Place, std::less<>> places;  // of every key written, by path: for faults found later
  Sources sources;                                   // also where there is a fault
};

// All files together may not be larger than this or expand (by aliases) to more values; none may nest deeper.
inline constexpr std::size_t file_limit = std::size_t{64} << 20U;
inline constexpr std::size_t value_limit = 2'000'000;
inline constexpr std::size_t depth_limit = 64;

Loaded load(const std::filesystem::path& file, const Vocabulary& vocabulary);

enum class Includes : std::uint8_t { followed, refused };

// The same from memory. `name` stands for the file in faults, and its directory for relative paths and includes.
Loaded load_text(std::string_view text, const std::filesystem::path& name, const Vocabulary& vocabulary,
                 Includes includes = Includes::followed);

// A text for every key of a configuration, by its path: connectors.main-stage.urk. Defaults stand there like what was
// written; where a secret is, but not the secret.
using Values = std::map<std::string, std::string, std::less<>>;
Values values_of(const Settings& settings, const Vocabulary& vocabulary);
// Of one connector or sink, from its own keys on: urk.
Values values_of(const NamedSettings& one);

// The values in force as YAML for people to read: where each secret is found, but no secret, and of URLs neither
// password nor query.
std::string shown(const Settings& settings, const Vocabulary& vocabulary);

// A connector's or sink's name in such a path: in quotes when it has a dot.
std::string path_element(const std::string& name);

// The paths at which they differ, in order.
std::vector<std::string> differences(const Values& one, const Values& other);

// ./tributary.yaml, else /etc/tributary/tributary.yaml, if either is there.
std::optional<std::filesystem::path> default_path();

// `tributary schema config`: draft-07, for editors.
std::string json_schema(const Vocabulary& vocabulary);

// The reference: a YAML file with every key, its default and its sentence, and one example of every type.
std::string reference(const Vocabulary& vocabulary);

// tributary.yaml(5), the manual page of the same keys, in the language of man(7).
std::string manual(const Vocabulary& vocabulary, std::string_view version);

}  // namespace tributary::config
