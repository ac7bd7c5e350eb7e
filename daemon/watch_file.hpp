#pragma once

#include <filesystem>
#include <map>
#include <vector>

#include "config/secret.hpp"

namespace tributary::daemon {

/// Decides when the files of a configuration are to be read again, from what each looked like, look after look. A file
/// is read once it has stood still from one look to the next, as most programs do not write a file in one step. What
/// was never seen counts as changed: so nothing that happens between a reading and the first look is missed. Looks go
/// through symlinks, as Kubernetes swaps the link `..data` and not the file. Pure. Thread: any, one at a time.
class FileWatch {
 public:
  using Looks = std::map<std::filesystem::path, config::FileSignature>;

  /// These are to be looked at from now on, files and folders. What was seen of those looked at before stays known.
  void follow(const std::vector<std::filesystem::path>& paths);
  const std::vector<std::filesystem::path>& paths() const { return paths_; }
  /// `now`: a look at each of `paths`. True when they are to be read again; then they are known as they are now.
  bool changed(Looks now);

 private:
  std::vector<std::filesystem::path> paths_;
  Looks known_;  ///< as they were when they were read last
  Looks last_;   ///< as they were at the last look
};

/// A stat of each, through symlinks.
FileWatch::Looks look_at(const std::vector<std::filesystem::path>& paths);

}  // namespace tributary::daemon
