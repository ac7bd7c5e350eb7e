#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "spool/database.hpp"

namespace tributary::spool {

/// The file of a sink, as SQLite sees it.
constexpr std::int64_t application_id = 0x54525350;  // "TRSP"
constexpr std::int64_t file_version = 1;
constexpr std::uint64_t page_size = 4096;

/// What a file is before it is touched.
enum class FileKind : std::uint8_t {
  none,     ///< there is none, or an empty one
  ours,     ///< of this version, as far as its first bytes say
  newer,    ///< of a later version of the program
  foreign,  ///< a SQLite file of another program
  damaged,  ///< no SQLite file
};
/// `version`: of a newer one. Looks at the first bytes only.
FileKind kind_of(const std::filesystem::path& file, std::int64_t& version);

/// The version that a SQLite file says it has; 0: it is none. Looks at the first bytes only.
std::int64_t version_of(const std::filesystem::path& file);

/// Where a damaged file goes: beside it, `FILE.damaged-20261001T123456Z`, which is no file's name yet.
std::filesystem::path aside_of(const std::filesystem::path& file);

/// Opens for writing; in a new file it makes the tables. `damaged` also where tables are missing.
DatabaseFault open_file(Database& database, const std::filesystem::path& file, const std::string& vfs);

/// The row of a lane carries this, so that a damaged name is noticed.
std::int64_t lane_check(std::int64_t id, const std::string& stream, const std::string& key);

}  // namespace tributary::spool
