#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "spool/database.hpp"

namespace tributary::spool {

/// What became of a file that was made anew.
struct Salvaged {
  bool made_anew = false;
  std::uint64_t records = 0;        ///< that are in the new file
  std::uint64_t damaged = 0;        ///< of these: cannot be read any more, and come as dead letters that say so
  std::uint64_t vanished = 0;       ///< nothing is left of them (known only of a file that was in use)
  bool ended_early = false;         ///< it took too long: there may be more
  std::filesystem::path set_aside;  ///< the old file; empty: there was none to keep
  std::string why;                  ///< e.g. `SQLITE_CORRUPT: database disk image is malformed`
};

/// Copies every record that can be found in a file, damaged or not, into a new one that is open. Where a part cannot be
/// read, it goes on behind it; a record that only the index knows leaves an empty row. Takes a minute at most. A fault:
/// of the new file; that of the old is no fault. `pages`: the old file, where its pages are to be looked through one by
/// one for what its tree does not lead to; empty: they are not. `from` need not be open then.
DatabaseFault salvage(Database& from, const std::filesystem::path& pages, Database& to, Salvaged& salvaged);

/// Where a file has lost its beginning, SQLite knows it no more; a file of ours always begins in the same way. While
/// this lives, the file begins with the beginning of `like`; then it has its own again.
class LentBeginning {
 public:
  LentBeginning(std::filesystem::path file, const std::filesystem::path& like);
  ~LentBeginning();
  LentBeginning(const LentBeginning&) = delete;
  LentBeginning& operator=(const LentBeginning&) = delete;

 private:
  std::filesystem::path file_;
  std::string own_;
};

}  // namespace tributary::spool
