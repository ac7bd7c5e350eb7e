#include "spool/directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "text/percent.hpp"

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suffix = ".spool";
/// Of unreserved characters the one that a file name does not keep.
constexpr std::string_view encoded_too = "~";

std::string words_for(const fs::path& path, std::string_view what, int error) {
  return path.string().append(" ").append(what).append(": ").append(std::generic_category().message(error));
}

/// With what is missing above it. 0, or errno.
int make_directories(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return 0;
  if (errno != ENOENT || !path.has_relative_path() || path.parent_path() == path) return errno;
  if (const int error = make_directories(path.parent_path())) return error;
  return ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
}

/// Of a path that is there.
std::string fault_of_there(const fs::path& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path.string() + " is no directory";
  if (::access(path.c_str(), R_OK | W_OK | X_OK) != 0) return words_for(path, "cannot be written to", errno);
  return {};
}

/// Of the process that has the lock, as it wrote it; "" when that cannot be read.
std::string holder(int lock) {
  std::array<char, 32> text{};
  const auto size = ::pread(lock, text.data(), text.size(), 0);
  std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  pid.erase(std::find_if(pid.begin(), pid.end(), [](char c) { return c < '0' || c > '9'; }), pid.end());
  return pid;
}

}  // namespace

std::string Directory::fault_of(const fs::path& path) {
  std::error_code error;
  if (fs::exists(fs::symlink_status(path, error))) return fault_of_there(path);
  fs::path above = path.parent_path();
  while (!above.empty() && above != above.parent_path() && !fs::exists(fs::symlink_status(above, error))) {
    above = above.parent_path();
  }
  if (above.empty()) above = ".";
  const auto fault = fault_of_there(above);
  return fault.empty() ? std::string() : path.string() + " cannot be made: " + fault;
}

namespace {

/// Makes the directory and locks it. A sentence: why it cannot be.
std::string take(const fs::path& path, int& lock) {
  if (const int error = make_directories(path)) return words_for(path, "cannot be made", error);
  if (auto fault = fault_of_there(path); !fault.empty()) return fault;
  const auto file = path / "lock";
  lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock == -1) return words_for(file, "cannot be opened", errno);
  int error = EWOULDBLOCK;
  for (int tries = 0; tries < 5 && error == EWOULDBLOCK; ++tries) {
    if (tries != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // a `check` may look at it
    error = ::flock(lock, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  }
  if (error != 0) {
    const auto pid = error == EWOULDBLOCK ? holder(lock) : std::string();
    ::close(lock);
    if (error != EWOULDBLOCK) return words_for(file, "cannot be locked", error);
    return path.string() + " is in use by another process" + (pid.empty() ? "" : ", " + pid) +
           ": end that one, or give this one a `spool.directory` of its own";
  }
  const auto pid = std::to_string(::getpid()) + "\n";
  // On a full disk the lock is as good without its number.
  const auto written = ::ftruncate(lock, 0) == 0 ? ::pwrite(lock, pid.data(), pid.size(), 0) : 0;
  static_cast<void>(written);
  return {};
}

}  // namespace

std::variant<std::unique_ptr<Directory>, std::string> Directory::open(const fs::path& path) {
  int lock = -1;
  if (auto fault = take(path, lock); !fault.empty()) return fault;
  return std::unique_ptr<Directory>(new Directory(path, lock));
}

/// A shared lock for a moment: `take` waits that long.
std::string Directory::holder_of(const fs::path& path) {
  const int lock = ::open((path / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock == -1) return {};
  std::string found;
  if (::flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    found = holder(lock);
    if (found.empty()) found = "?";
  }
  ::close(lock);
  return found;
}

std::string Directory::hold() {
  const std::lock_guard quiet(mutex_);
  struct stat ours {
  }, there{};
  if (::fstat(lock_, &ours) == 0 && ::stat((path_ / "lock").c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
      ours.st_ino == there.st_ino) {
    return {};
  }
  int lock = -1;
  if (auto fault = take(path_, lock); !fault.empty()) return fault;
  ::close(std::exchange(lock_, lock));
  return {};
}

Directory::~Directory() { ::close(lock_); }

fs::path Directory::file_in(const fs::path& directory, std::string_view sink) {
  return directory / text::percent_encoded(sink, encoded_too).append(suffix);
}

std::vector<std::string> Directory::sinks_in(const fs::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.size() > suffix.size() && name.ends_with(suffix)) {
      names.push_back(text::percent_decoded_leniently(std::string_view(name).substr(0, name.size() - suffix.size())));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

int make_private(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor == -1) return errno;
  ::close(descriptor);
  return 0;
}

}  // namespace tributary::spool
