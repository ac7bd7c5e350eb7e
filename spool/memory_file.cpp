#include "spool/memory_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include "spool/directory.hpp"
#include "spool/known_ids.hpp"
#include "spool/schema.hpp"

namespace tributary::spool {
namespace {

using Kind = DatabaseFault::Kind;

constexpr std::int64_t version_of_memory = 1;
constexpr std::size_t ids_of_a_block = 512;
constexpr std::int64_t most_log_pages = 256;  ///< 1 MiB: then what it holds is moved into the file

constexpr auto memory_tables =
    "CREATE TABLE IF NOT EXISTS channels (connector TEXT, channel TEXT, at INTEGER, PRIMARY KEY (connector, channel)) "
    "WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS ids (connector TEXT, block INTEGER, count INTEGER, ids BLOB, "
    "PRIMARY KEY (connector, block));"
    "PRAGMA user_version = 1;";

std::string newer_words(std::int64_t version) {
  return "is of version " + std::to_string(version) + ", and this program knows version " +
         std::to_string(version_of_memory) + ": run the newer tributary, or move the file away";
}

}  // namespace

std::string MemoryFile::fault_of(const std::filesystem::path& file) {
  const auto version = version_of(file);
  return version > version_of_memory ? file.string() + " " + newer_words(version) : std::string();
}

MemoryFile::Opened MemoryFile::open() {
  Opened opened;
  if (const int error = make_private(file_)) {
    opened.fault = {Kind::trouble, "SQLITE_CANTOPEN", std::generic_category().message(error)};
    return opened;
  }
  opened.fault = database_.open(file_, Database::Access::write);
  if (!opened.fault) {
    // 0 of a file that is no database, too: `prepare` finds out.
    const auto version = database_.number("PRAGMA user_version");
    opened.newer = version > version_of_memory;
    if (opened.newer) {
      opened.fault = {Kind::trouble, {}, newer_words(version)};
      close();
      return opened;
    }
    opened.fault = prepare();
  }
  if (!opened.fault) return opened;
  close();
  if (opened.fault.kind != Kind::damaged) return opened;
  opened.set_aside = set_aside();
  if (opened.set_aside.empty()) return opened;
  if (make_private(file_) == 0) opened.fault = database_.open(file_, Database::Access::write);
  if (!opened.fault || database_.is_open()) opened.fault = prepare();
  if (opened.fault) close();
  return opened;
}

bool MemoryFile::in_place() const {
  std::error_code failed;
  return std::filesystem::exists(file_, failed) || failed;
}

DatabaseFault MemoryFile::put_back() {
  if (const int error = make_private(file_)) {
    return {Kind::trouble, "SQLITE_CANTOPEN", std::generic_category().message(error)};
  }
  {
    auto copy = database_.prepare("VACUUM INTO ?1");
    if (!copy || !copy.bind_text(1, file_.native()).run()) {
      auto fault = database_.fault();
      std::error_code ignored;
      std::filesystem::remove(file_, ignored);  // so that it is tried again
      return fault;
    }
  }
  database_.keep_log();
  close();
  return open().fault;
}

DatabaseFault MemoryFile::prepare() {
  const bool good = database_.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 0;") &&
                    database_.run("BEGIN IMMEDIATE") && database_.run(memory_tables) && database_.run("COMMIT") &&
                    load_blocks();
  if (!good) return database_.fault();
  put_channel_ = database_.prepare("INSERT OR REPLACE INTO channels VALUES (?1, ?2, ?3)");
  remove_channel_ = database_.prepare("DELETE FROM channels WHERE connector = ?1 AND channel = ?2");
  put_block_ = database_.prepare("INSERT OR REPLACE INTO ids VALUES (?1, ?2, ?3, ?4)");
  remove_block_ = database_.prepare("DELETE FROM ids WHERE connector = ?1 AND block = ?2");
  return put_channel_ && remove_channel_ && put_block_ && remove_block_ ? DatabaseFault() : database_.fault();
}

/// What there is, without the ids themselves: all blocks of earlier runs are as good as full.
bool MemoryFile::load_blocks() {
  blocks_.clear();
  auto statement = database_.prepare("SELECT connector, block, count FROM ids ORDER BY connector, block");
  if (!statement) return false;
  auto step = statement.step();
  for (; step == Statement::Step::row; step = statement.step()) {
    auto& blocks = blocks_[std::string(statement.bytes(0))];
    blocks.full.push_back({statement.integer(1), static_cast<std::size_t>(statement.integer(2))});
    blocks.newest.number = statement.integer(1) + 1;
  }
  return step == Statement::Step::done;
}

std::map<std::string, std::map<std::string, event::WallTime>> MemoryFile::seen() {
  std::map<std::string, std::map<std::string, event::WallTime>> all;
  auto statement = database_.prepare("SELECT connector, channel, at FROM channels");
  if (!statement) return all;
  while (statement.step() == Statement::Step::row) {
    all[std::string(statement.bytes(0))][std::string(statement.bytes(1))] =
        event::WallTime(event::WallTime::duration(statement.integer(2)));
  }
  return all;
}

std::vector<event::KnownId> MemoryFile::ids(const std::string& connector) {
  std::vector<event::KnownId> all;
  if (blocks_.count(connector) == 0) return all;
  auto statement = database_.prepare("SELECT ids FROM ids WHERE connector = ?1 ORDER BY block");
  if (!statement) return all;
  statement.bind_text(1, connector);
  while (statement.step() == Statement::Step::row) read_ids(statement.bytes(0), all);
  return all;
}

DatabaseFault MemoryFile::write(const std::vector<MemoryChanges>& changes) {
  std::map<std::string, Blocks> blocks;  // in force when all is written
  bool good = database_.run("BEGIN IMMEDIATE");
  for (const auto& some : changes) {
    const auto known = blocks_.find(some.connector);
    auto& changed = blocks[some.connector] = known == blocks_.end() ? Blocks() : known->second;
    good = good && write_channels(some) && write_ids(some, changed);
  }
  good = good && database_.run("COMMIT");
  if (good) {
    for (auto& [connector, changed] : blocks) blocks_[connector] = std::move(changed);
    // Nothing else does it. One that fails now is made at one of the next commits.
    if (database_.log_pages() > most_log_pages) database_.run("PRAGMA wal_checkpoint(PASSIVE)");
    return {};
  }
  auto fault = database_.fault();
  if (database_.in_transaction()) database_.run("ROLLBACK");
  if (fault.kind == Kind::damaged) close();
  return fault;
}

bool MemoryFile::write_channels(const MemoryChanges& changes) {
  for (const auto& [channel, at] : changes.channels) {
    auto& statement = at ? put_channel_ : remove_channel_;
    statement.bind_text(1, changes.connector).bind_text(2, channel);
    if (at) statement.bind(3, at->time_since_epoch().count());
    if (!statement.run()) return false;
  }
  return true;
}

bool MemoryFile::write_ids(const MemoryChanges& changes, Blocks& blocks) {
  if (changes.ids.empty()) return true;
  auto& newest = blocks.newest;
  const auto put = [&] {
    put_block_.bind_text(1, changes.connector).bind(2, newest.number);
    return put_block_.bind(3, static_cast<std::int64_t>(newest.ids)).bind_blob(4, blocks.newest_bytes).run();
  };
  for (const auto& id : changes.ids) {
    append_id(blocks.newest_bytes, id);
    if (++newest.ids < ids_of_a_block) continue;
    if (!put()) return false;
    blocks.full.push_back(newest);
    newest = {newest.number + 1, 0};
    blocks.newest_bytes.clear();
  }
  if (newest.ids != 0 && !put()) return false;
  std::size_t kept = newest.ids;
  for (const auto& block : blocks.full) kept += block.ids;
  while (!blocks.full.empty() && kept - blocks.full.front().ids >= changes.most_ids) {
    remove_block_.bind_text(1, changes.connector).bind(2, blocks.full.front().number);
    if (!remove_block_.run()) return false;
    kept -= blocks.full.front().ids;
    blocks.full.pop_front();
  }
  return true;
}

/// Where it is now; "" when it could not be moved.
std::string MemoryFile::set_aside() {
  const auto aside = aside_of(file_).string();
  std::error_code error, ignored;
  std::filesystem::rename(file_, aside, error);
  if (error) return {};
  std::filesystem::rename(file_.string() + "-wal", aside + "-wal", ignored);
  std::filesystem::remove(file_.string() + "-shm", ignored);
  return aside;
}

void MemoryFile::close() {
  for (auto* statement : {&put_channel_, &remove_channel_, &put_block_, &remove_block_}) *statement = Statement();
  database_.close();
}

}  // namespace tributary::spool
