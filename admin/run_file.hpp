#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::admin {

/// What a running program notes of itself for its owner's commands: where its admin port is, and a token for it that
/// nobody else can read. `admin.json` in the state directory; the format may change with the version.
struct RunFile {
  long pid = 0;
  std::string address;        ///< host:port, as it is asked from this machine
  std::string token;          ///< of this start
  std::string configuration;  ///< the file, absolute
  std::string instance, run, version;
  std::string started;  ///< RFC 3339

  bool operator==(const RunFile&) const = default;
};

std::string to_json(const RunFile& file);
/// None: it is no such file.
std::optional<RunFile> read_run_file(std::string_view json);

/// Where one may be, the first choice first: in the state directory, else in a directory of this user's own
/// (`$XDG_RUNTIME_DIR/tributary`, or `tributary-UID` below the directory for temporary files) under a name made of the
/// configuration's path. `state`: may be empty, when it is not known.
std::vector<std::filesystem::path> run_file_places(const std::filesystem::path& state,
                                                   const std::filesystem::path& configuration);

/// All that stand in the directory of this user's own: of which configuration they are is in them.
std::vector<std::filesystem::path> run_files_of_user();

/// Removes from that directory what programs that were killed have left there; how many. Nothing is done, and 0, while
/// another program writes or removes one there.
std::size_t remove_left_run_files();

/// Whether a living program holds the file at that path; its lock says so, whatever processes are numbered.
enum class Held : std::uint8_t {
  no,
  yes,
  hidden,  ///< it may not be read
};
Held held(const std::filesystem::path& path);

/// The file of this process, from now until it is destroyed: mode 0600, in the first place that can be written and that
/// no other living program holds. A file whose program is gone is replaced; in the directory of this user's own those
/// of other such programs are removed. Thread: main.
class WrittenRunFile {
 public:
  /// `fault()` says why there is none.
  WrittenRunFile(const RunFile& content, const std::vector<std::filesystem::path>& places);
  ~WrittenRunFile();
  WrittenRunFile(const WrittenRunFile&) = delete;
  WrittenRunFile& operator=(const WrittenRunFile&) = delete;

  const std::filesystem::path& path() const { return path_; }  ///< empty: none
  const std::string& fault() const { return fault_; }

 private:
  int file_ = -1;  ///< locked
  std::filesystem::path path_;
  std::string fault_;
};

/// The file at that path, none when there is none, it is not readable, or no such file.
std::optional<RunFile> load_run_file(const std::filesystem::path& path);

}  // namespace tributary::admin
