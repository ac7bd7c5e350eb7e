#include "spool/schema.hpp"

#include <array>
#include <chrono>
#include <fstream>
#include <optional>

#include "spool/checksum.hpp"
#include "text/time.hpp"

namespace tributary::spool {
namespace {

// Records lie in the order in which they came, so that appending touches few pages; the index finds those of a lane.
constexpr const char* tables =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE lane(id INTEGER PRIMARY KEY, stream BLOB NOT NULL, key BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE record(id INTEGER PRIMARY KEY, lane INTEGER NOT NULL, number INTEGER NOT NULL,"
    " notice INTEGER NOT NULL, row BLOB NOT NULL);"
    "CREATE INDEX by_lane ON record(lane, number, notice);"
    "PRAGMA application_id=1414681424;"
    "PRAGMA user_version=1;"
    "COMMIT";
static_assert(application_id == 1414681424 && file_version == 1 && page_size == 4096);

constexpr const char* before_all = "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL;";
constexpr const char* settings =
    "PRAGMA synchronous=FULL; PRAGMA cache_size=-4000; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"
    "PRAGMA trusted_schema=OFF; PRAGMA journal_size_limit=4194304;";

std::int64_t big_endian(const char* bytes) {
  std::int64_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

constexpr std::size_t header_size = 100, version_at = 60, application_at = 68;  // of SQLite's file format

/// None: it does not begin as a SQLite file. A pipe is not waited for.
std::optional<std::array<char, header_size>> header_of(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  std::array<char, header_size> header{};
  std::ifstream in(file, std::ios::binary);
  in.read(header.data(), header.size());
  constexpr std::string_view magic("SQLite format 3", 16);
  if (in.gcount() != header_size || std::string_view(header.data(), magic.size()) != magic) return {};
  return header;
}

}  // namespace

std::filesystem::path aside_of(const std::filesystem::path& file) {
  auto time = text::to_text(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  time.resize(std::string_view("2026-10-01T12:34:56").size());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  const std::string first = file.native() + ".damaged-" + time + "Z";
  std::filesystem::path aside = first;
  for (int again = 2; std::filesystem::exists(aside); ++again) aside = first + "-" + std::to_string(again);
  return aside;
}

std::int64_t version_of(const std::filesystem::path& file) {
  const auto header = header_of(file);
  return header ? big_endian(header->data() + version_at) : 0;
}

FileKind kind_of(const std::filesystem::path& file, std::int64_t& version) {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file, ignored);
  if (ignored || size == 0) return FileKind::none;
  const auto header = header_of(file);
  if (!header) return FileKind::damaged;
  const auto application = big_endian(header->data() + application_at);
  version = big_endian(header->data() + version_at);
  if (application == 0 && version == 0) return FileKind::ours;  // it was being made
  if (application != application_id) return FileKind::foreign;
  return version > file_version ? FileKind::newer : FileKind::ours;
}

DatabaseFault open_file(Database& database, const std::filesystem::path& file, const std::string& vfs) {
  if (auto fault = database.open(file, Database::Access::write, vfs)) return fault;
  const auto failed = [&] {
    auto fault = database.fault();
    database.close();
    return fault;
  };
  if (!database.run(before_all)) return failed();
  {
    Statement journal = database.prepare("PRAGMA journal_mode=WAL");
    if (!journal || journal.step() != Statement::Step::row) return failed();
  }
  if (!database.run(settings)) return failed();
  Statement tables_there = database.prepare("SELECT count(*) FROM sqlite_schema");
  if (!tables_there || tables_there.step() != Statement::Step::row) return failed();
  const auto count = tables_there.integer(0);
  tables_there = {};
  const auto version = database.number("PRAGMA user_version");
  if (count == 0 && version == 0 && database.number("PRAGMA page_count") <= 2) {
    if (!database.run(tables)) return failed();
    return {};
  }
  if (count < 3 || version != file_version) {
    database.close();
    return {DatabaseFault::Kind::damaged, "SQLITE_CORRUPT", "its tables are missing"};
  }
  return {};
}

std::int64_t lane_check(std::int64_t id, const std::string& stream, const std::string& key) {
  std::string bytes = std::to_string(id);
  bytes += '\n';
  bytes += std::to_string(stream.size());
  bytes += '\n';
  bytes += stream;
  bytes += key;
  return static_cast<std::int64_t>(checksum(bytes));
}

}  // namespace tributary::spool
