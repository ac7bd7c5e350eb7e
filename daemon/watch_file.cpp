#include "daemon/watch_file.hpp"

#include <algorithm>
#include <utility>

namespace tributary::daemon {

void FileWatch::follow(const std::vector<std::filesystem::path>& paths) {
  paths_ = paths;
  std::erase_if(known_,
                [&](const auto& look) { return std::find(paths.begin(), paths.end(), look.first) == paths.end(); });
}

bool FileWatch::changed(Looks now) {
  const bool stands_still = now == last_;
  last_ = std::move(now);
  if (!stands_still || last_ == known_) return false;
  known_ = last_;
  return true;
}

FileWatch::Looks look_at(const std::vector<std::filesystem::path>& paths) {
  FileWatch::Looks looks;
  for (const auto& path : paths) looks.emplace(path, config::sign(path));
  return looks;
}

}  // namespace tributary::daemon
