#include "admin/process.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>

namespace tributary::admin {
namespace {

struct DirectoryCloser {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// Resident pages are the second number of the file.
std::optional<std::uint64_t> resident_memory() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0, resident = 0;
  if (!(file >> all >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> open_descriptors() {
  const std::unique_ptr<DIR, DirectoryCloser> directory(::opendir("/proc/self/fd"));
  if (!directory) return std::nullopt;
  std::uint64_t count = 0;
  while (const auto* entry = ::readdir(directory.get())) count += entry->d_name[0] == '.' ? 0 : 1;
  return count - 1;  // without the one that reads
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

ProcessView read_process() {
  ProcessView view;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) view.cpu = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) view.most_files = limit.rlim_cur;
  view.memory = resident_memory();
  view.open_files = open_descriptors();
  return view;
}

}  // namespace tributary::admin
