#include "admin/run_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>

#include "event/id.hpp"

namespace tributary::admin {
namespace {

constexpr std::size_t file_limit = 64 * 1024;

std::string words_of(int error) { return std::generic_category().message(error); }

/// The directory of this user's own; others must not be able to put a file there.
std::filesystem::path own_directory() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return std::filesystem::path(runtime) / "tributary";
  std::error_code none;
  auto temporary = std::filesystem::temp_directory_path(none);
  if (none) temporary = "/tmp";
  return temporary / ("tributary-" + std::to_string(::geteuid()));
}

/// "" when it is there, a directory of ours, and closed to others.
std::string fault_of_own(const std::filesystem::path& directory) {
  struct stat status {};
  if (::lstat(directory.c_str(), &status) != 0) return words_of(errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    return "it is not a directory that this user alone may enter";
  }
  return {};
}

/// While it lives nobody else puts a run file into the directory, or removes one of another program: what is seen to
/// be left there is not replaced before it is removed.
class Alone {
 public:
  enum class Wait : bool { no, yes };
  Alone(const std::filesystem::path& directory, Wait wait)
      : directory_(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {
    if (directory_ < 0) return;
    int locked;
    do {
      locked = ::flock(directory_, LOCK_EX | (wait == Wait::yes ? 0 : LOCK_NB));
    } while (locked != 0 && errno == EINTR);
    is_ = locked == 0;
  }
  ~Alone() {
    if (directory_ >= 0) ::close(directory_);
  }
  Alone(const Alone&) = delete;
  Alone& operator=(const Alone&) = delete;
  bool is() const { return is_; }

 private:
  int directory_;
  bool is_ = false;
};

bool is_run_file(const std::string& name) { return name.starts_with("admin-") && name.ends_with(".json"); }

/// Also one that was not finished.
bool may_be_left(const std::string& name) {
  return name.starts_with("admin-") && (name.ends_with(".json") || name.find(".json.") != std::string::npos);
}

std::vector<std::filesystem::path> files_of_own(bool (*wanted)(const std::string& name)) {
  std::vector<std::filesystem::path> files;
  if (!fault_of_own(own_directory()).empty()) return files;
  std::error_code ended;
  for (std::filesystem::directory_iterator one(own_directory(), ended), end; !ended && one != end;
       one.increment(ended)) {
    if (wanted(one->path().filename().native())) files.push_back(one->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Nobody else is at work in the directory.
std::size_t remove_left(const Alone& alone) {
  std::size_t count = 0;
  if (!alone.is()) return count;
  for (const auto& file : files_of_own(may_be_left)) {
    if (held(file) == Held::no && ::unlink(file.c_str()) == 0 && is_run_file(file.filename().native())) ++count;
  }
  return count;
}

/// Writes beside it and renames, so that nobody reads half of it. The descriptor, which holds a lock on it, or -1.
int write_whole(const std::filesystem::path& path, const std::string& text, std::string& fault) {
  const std::string fresh = path.native() + "." + std::to_string(::getpid());
  ::unlink(fresh.c_str());
  const int file = ::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return fault = words_of(errno), -1;
  const auto size = ::write(file, text.data(), text.size());
  if (size >= 0 && size != static_cast<ssize_t>(text.size())) errno = ENOSPC;
  if (size == static_cast<ssize_t>(text.size()) && ::flock(file, LOCK_EX | LOCK_NB) == 0 &&
      ::rename(fresh.c_str(), path.c_str()) == 0) {
    return file;
  }
  fault = words_of(errno);
  ::unlink(fresh.c_str());
  ::close(file);
  return -1;
}

}  // namespace

std::string to_json(const RunFile& file) {
  // Names and paths may be in any encoding.
  return nlohmann::ordered_json{{"pid", file.pid},           {"address", file.address},
                                {"token", file.token},       {"configuration", file.configuration},
                                {"instance", file.instance}, {"run", file.run},
                                {"version", file.version},   {"started", file.started}}
             .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

std::optional<RunFile> read_run_file(std::string_view json) {
  const auto all = nlohmann::json::parse(json, nullptr, false);
  if (!all.is_object()) return std::nullopt;
  const auto text = [&](const char* name) {
    const auto found = all.find(name);
    return found != all.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  RunFile file;
  const auto pid = all.find("pid");
  if (pid != all.end() && pid->is_number_integer()) file.pid = pid->get<long>();
  file.address = text("address");
  file.token = text("token");
  file.configuration = text("configuration");
  file.instance = text("instance");
  file.run = text("run");
  file.version = text("version");
  file.started = text("started");
  if (file.pid <= 0 || file.address.empty()) return std::nullopt;
  return file;
}

std::vector<std::filesystem::path> run_file_places(const std::filesystem::path& state,
                                                   const std::filesystem::path& configuration) {
  std::vector<std::filesystem::path> places;
  if (!state.empty()) places.push_back(state / "admin.json");
  places.push_back(own_directory() / ("admin-" + event::derived_id({configuration.native()}) + ".json"));
  return places;
}

std::vector<std::filesystem::path> run_files_of_user() { return files_of_own(is_run_file); }

std::size_t remove_left_run_files() {
  return fault_of_own(own_directory()).empty() ? remove_left(Alone(own_directory(), Alone::Wait::no)) : 0;
}

std::optional<RunFile> load_run_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(file_limit, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return read_run_file(text);
}

Held held(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return errno == EACCES ? Held::hidden : Held::no;
  const bool taken = ::flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return taken ? Held::yes : Held::no;
}

WrittenRunFile::WrittenRunFile(const RunFile& content, const std::vector<std::filesystem::path>& places) {
  for (const auto& place : places) {
    std::string fault;
    std::optional<Alone> alone;
    const auto directory = place.parent_path();
    if (directory == own_directory()) {
      ::mkdir(directory.c_str(), 0700);
      fault = fault_of_own(directory);
      if (fault.empty()) alone.emplace(directory, Alone::Wait::yes);
    }
    if (fault.empty() && held(place) != Held::no) fault = "another running program has it";
    if (fault.empty()) file_ = write_whole(place, to_json(content), fault);
    if (fault.empty()) {
      path_ = place;
      if (alone) remove_left(*alone);
      return;
    }
    fault_ += (fault_.empty() ? "" : "; ") + place.native() + ": " + fault;
  }
}

WrittenRunFile::~WrittenRunFile() {
  if (path_.empty()) return;
  // Ours still, if nobody has put another in its place.
  struct stat ours {
  }, there{};
  if (::fstat(file_, &ours) == 0 && ::lstat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
      ours.st_dev == there.st_dev) {
    ::unlink(path_.c_str());
  }
  ::close(file_);
}

}  // namespace tributary::admin
