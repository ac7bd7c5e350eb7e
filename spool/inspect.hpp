#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/memory.hpp"

namespace tributary::spool {

/// A look into the file of a sink, also while a relay writes it: takes no lock that a writer would wait for, changes
/// nothing, leaves nothing behind. Each few hundred records are one moment. Thread: any one.
class Inspection {
 public:
  struct Lane {
    event::LaneName name;
    std::uint64_t records = 0, notices = 0;
    std::uint64_t first = 0, last = 0;  ///< numbers
    std::uint64_t bytes = 0;            ///< of their rows
  };
  /// One record; the views live during the call.
  struct Line {
    std::uint64_t number = 0;
    const event::LaneName* lane = nullptr;
    std::string_view type = {};   ///< of an event, JSON-escaped; of a dead letter, `dead letter`; else `corrupt`
    std::string_view id = {};     ///< `_id`, JSON-escaped; of a dead letter, its reason
    std::size_t bytes = 0;        ///< of the row
    std::string_view time = {};   ///< `createdAt`; empty for a dead letter
    std::string_view value = {};  ///< the JSON of the event or dead letter, one line
    bool notice = false;          ///< known of a damaged file only
  };

  /// A sentence: why it cannot be read. A damaged file can, as far as its records verify.
  static std::variant<std::unique_ptr<Inspection>, std::string> open(const std::filesystem::path& file);
  /// A sentence: why this is no file of a sink, whatever is in it (a directory, a pipe, what connectors remember); ""
  /// where it may be one. Reads nothing.
  static std::string misnamed(const std::filesystem::path& file);
  ~Inspection();
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

  /// By lane, in order of their names. Returns why these are not all, or "".
  std::string lanes(std::vector<Lane>& lanes) const;
  /// Every record in the order in which they were kept, until `line` says false; of a damaged file what verifies, in
  /// whatever order it is found. Returns why these are not all, or "".
  std::string each(const std::function<bool(const Line&)>& line) const;

 private:
  class Reader;
  class Seen;
  std::string each_found(const std::function<bool(const Line&)>& line, Seen& seen) const;
  explicit Inspection(std::unique_ptr<Reader> reader);
  std::unique_ptr<Reader> reader_;
};

}  // namespace tributary::spool
