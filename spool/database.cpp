#include "spool/database.hpp"

#include <sqlite3.h>

#include <system_error>
#include <utility>

#include "text/percent.hpp"

namespace tributary::spool {
namespace {

std::string_view name_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_PERM:
      return "SQLITE_PERM";
    case SQLITE_BUSY:
      return "SQLITE_BUSY";
    case SQLITE_LOCKED:
      return "SQLITE_LOCKED";
    case SQLITE_NOMEM:
      return "SQLITE_NOMEM";
    case SQLITE_READONLY:
      return "SQLITE_READONLY";
    case SQLITE_IOERR:
      return "SQLITE_IOERR";
    case SQLITE_CORRUPT:
      return "SQLITE_CORRUPT";
    case SQLITE_FULL:
      return "SQLITE_FULL";
    case SQLITE_CANTOPEN:
      return "SQLITE_CANTOPEN";
    case SQLITE_PROTOCOL:
      return "SQLITE_PROTOCOL";
    case SQLITE_SCHEMA:
      return "SQLITE_SCHEMA";
    case SQLITE_TOOBIG:
      return "SQLITE_TOOBIG";
    case SQLITE_NOTADB:
      return "SQLITE_NOTADB";
    default:
      return "SQLITE_ERROR";
  }
}

DatabaseFault::Kind kind_of(int code) {
  using Kind = DatabaseFault::Kind;
  switch (code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Kind::none;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Kind::damaged;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return Kind::busy;
    default:
      return Kind::trouble;
  }
}

DatabaseFault fault_of(sqlite3* database, int code) {
  DatabaseFault fault{kind_of(code), name_of(code), sqlite3_errstr(code)};
  const int number = database == nullptr ? 0 : sqlite3_system_errno(database);
  if (number != 0 && fault.kind == DatabaseFault::Kind::trouble) {
    fault.words = std::generic_category().message(number) + ": " + fault.words;
  }
  return fault;
}

}  // namespace

std::string_view database_version() { return sqlite3_libversion(); }

// ── Statement ───────────────────────────────────────────────────────────────────────────────────────────────────────

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement& Statement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data() == nullptr ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement::Step Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW:
      return Step::row;
    case SQLITE_DONE:
      return Step::done;
    default:
      return Step::failed;
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {data == nullptr ? "" : data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::reset() { sqlite3_reset(statement_.get()); }

bool Statement::run() {
  Step step = this->step();
  while (step == Step::row) step = this->step();
  reset();  // the fault stays with the database
  return step == Step::done;
}

// ── Database ────────────────────────────────────────────────────────────────────────────────────────────────────────

Database::Database() = default;
Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Database::close() { database_.reset(); }

DatabaseFault Database::open(const std::filesystem::path& file, Access access, const std::string& vfs) {
  close();
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI;
  flags |= access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  std::string uri = "file:";
  for (const char c : file.string()) {
    if (c == '%' || c == '?' || c == '#') {
      text::append_percent(uri, c);
    } else {
      uri += c;
    }
  }
  if (access == Access::snapshot) uri += "?immutable=1";
  if (access == Access::read_beside) uri += "?readonly_shm=1";
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &opened, flags, vfs.empty() ? nullptr : vfs.c_str());
  database_.reset(opened);
  if (code == SQLITE_OK) {
    log_pages_ = std::make_unique<std::int64_t>(0);
    sqlite3_wal_hook(
        opened,
        [](void* count, sqlite3*, const char*, int pages) {
          *static_cast<std::int64_t*>(count) = pages;
          return SQLITE_OK;
        },
        log_pages_.get());
    return {};
  }
  auto fault = fault_of(opened, code);
  close();
  return fault;
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (!is_open()) return {};
  sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                     nullptr);
  return Statement(statement);
}

bool Database::run(const char* sql) {
  return is_open() && sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::int64_t Database::number(const char* sql, std::int64_t otherwise) {
  Statement statement = prepare(sql);
  return statement && statement.step() == Statement::Step::row ? statement.integer(0) : otherwise;
}

bool Database::in_transaction() const { return is_open() && sqlite3_get_autocommit(database_.get()) == 0; }

void Database::keep_log() {
  if (is_open()) sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

std::int64_t Database::changes() const { return sqlite3_changes64(database_.get()); }

DatabaseFault Database::fault() const {
  if (!is_open()) return {DatabaseFault::Kind::trouble, "SQLITE_CANTOPEN", "the file is not open"};
  const int code = sqlite3_extended_errcode(database_.get());
  return fault_of(database_.get(), code == SQLITE_OK ? SQLITE_ERROR : code);
}

bool remove_file(const std::filesystem::path& file, const std::string& vfs) {
  auto* disk = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (disk == nullptr) return false;
  const int code = disk->xDelete(disk, file.c_str(), 1);
  return code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT;
}

}  // namespace tributary::spool
