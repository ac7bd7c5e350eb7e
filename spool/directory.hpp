#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tributary::spool {

/// The directory in which one process keeps what it must not forget: `<sink>.spool` for each sink, and `memory.db`. It
/// is this process's alone from `open` until it is let go: the file `lock` is locked, which the system undoes however
/// the process ends, and holds the number of the process. What is made here is for its owner alone. Thread: main.
class Directory {
 public:
  /// Makes it when it is missing. A sentence: why it cannot be used; when another process has it, nothing was written.
  static std::variant<std::unique_ptr<Directory>, std::string> open(const std::filesystem::path& path);
  /// Why it could not be opened, as far as that shows without changing anything; "" when it could. Another process may
  /// have it.
  static std::string fault_of(const std::filesystem::path& path);
  /// The process that has it, as a number or, where that cannot be read, "?"; "" where none has. Changes nothing.
  static std::string holder_of(const std::filesystem::path& path);
  /// Is it still there, and this process's? Where somebody has removed it, it is made and locked again. A sentence: why
  /// it cannot be, e.g. another process has it now. Thread: any.
  std::string hold();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path memory_file() const { return path_ / "memory.db"; }
  std::filesystem::path file_of(std::string_view sink) const { return file_in(path_, sink); }
  /// Of what a sink keeps. Bytes of its name that are not [A-Za-z0-9._-] are written as %XX.
  static std::filesystem::path file_in(const std::filesystem::path& directory, std::string_view sink);
  /// The sinks, by name, of which there is a file, also of earlier configurations; none when there is no directory.
  static std::vector<std::string> sinks_in(const std::filesystem::path& directory);

 private:
  Directory(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  std::mutex mutex_;  ///< guards lock_
  int lock_;
};

/// Makes an empty file that its owner alone may read, unless there is one: SQLite would make it for everybody. 0, or
/// errno.
int make_private(const std::filesystem::path& file);

}  // namespace tributary::spool
