#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace tributary::spool {

/// Why a call of the database failed.
struct DatabaseFault {
  enum class Kind : std::uint8_t {
    none,
    trouble,  ///< with the disk (full, broken, read-only, no memory, …): may pass
    damaged,  ///< the file is no database, or malformed
    busy,     ///< another program works with it
  };
  Kind kind = Kind::none;
  std::string_view code = {};  ///< e.g. SQLITE_FULL; static storage
  std::string words = {};      ///< e.g. `No space left on device: database or disk is full`
  explicit operator bool() const { return kind != Kind::none; }
};

/// One prepared statement. Owned by who works with it, and gone before its Database. Thread: its database's.
class Statement {
 public:
  enum class Step : std::uint8_t { row, done, failed };

  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  /// Parameters count from 1. A blob must live until the next `reset`.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind_blob(int parameter, std::string_view bytes);
  Statement& bind_text(int parameter, std::string_view text);
  /// failed: Database::fault says why; `reset` comes before the next.
  Step step();
  /// Columns count from 0; views live until the next `step` or `reset`.
  std::int64_t integer(int column) const;
  std::string_view bytes(int column) const;
  void reset();
  /// For what gives no rows: step and reset. False: failed.
  bool run();
  explicit operator bool() const { return statement_ != nullptr; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// One connection to a SQLite file. Owned by who works with it. Errors are values; nothing is thrown. Thread: one at a
/// time.
class Database {
 public:
  enum class Access : std::uint8_t {
    write,        ///< makes the file where there is none
    read,         ///< with what a writer beside it has not yet moved from its log into the file
    read_beside,  ///< likewise; the index of the log is there, and is not written to
    snapshot      ///< only the file, without locks: nobody writes to it
  };

  Database();
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  /// `vfs`: SQLite's name of another disk; empty: the machine's.
  DatabaseFault open(const std::filesystem::path& file, Access access, const std::string& vfs = {});
  void close();
  bool is_open() const { return database_ != nullptr; }

  /// An empty statement: failed, `fault` says why.
  Statement prepare(std::string_view sql);
  /// Statements without parameters and rows. False: failed.
  bool run(const char* sql);
  /// The one number that it answers with, or `otherwise` (also when it failed).
  std::int64_t number(const char* sql, std::int64_t otherwise = 0);
  /// Is a transaction open?
  bool in_transaction() const;
  /// Rows that the last statement changed.
  std::int64_t changes() const;
  /// Of the log beside the file, as the last commit of this connection left it. Nothing moves it into the file but
  /// `PRAGMA wal_checkpoint`.
  std::int64_t log_pages() const { return log_pages_ ? *log_pages_ : 0; }
  void log_emptied() { *log_pages_ = 0; }
  /// `close` leaves the file and its log as they are.
  void keep_log();
  /// Of the last call that failed.
  DatabaseFault fault() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<std::int64_t> log_pages_;
  std::unique_ptr<sqlite3, Close> database_;
};

/// Removes a file or its log; who has it open keeps what is in it. False: it is still there.
bool remove_file(const std::filesystem::path& file, const std::string& vfs);

/// The version of the library, e.g. `3.40.1`.
std::string_view database_version();

}  // namespace tributary::spool
