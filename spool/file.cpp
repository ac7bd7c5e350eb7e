#include "spool/file.hpp"

#include <algorithm>
#include <limits>

#include "event/assert.hpp"
#include "spool/directory.hpp"
#include "spool/row.hpp"

namespace tributary::spool {
namespace {

constexpr auto as_signed(std::uint64_t number) { return static_cast<std::int64_t>(number); }

std::uint64_t plus(std::uint64_t value, std::int64_t change) {
  return change < 0 && value < static_cast<std::uint64_t>(-change) ? 0 : value + static_cast<std::uint64_t>(change);
}

}  // namespace

File::File(std::filesystem::path file, std::string vfs) : file_(std::move(file)), vfs_(std::move(vfs)) {}

/// Everything that is done with the database from here on is prepared.
DatabaseFault File::connect() {
  if (vfs_.empty()) static_cast<void>(make_private(file_));  // where it cannot be made, `open_file` says why
  if (auto fault = open_file(database_, file_, vfs_)) return fault;
  const std::pair<Statement*, const char*> all[] = {
      {&insert_, "INSERT INTO record(lane, number, notice, row) VALUES(?1, ?2, ?3, ?4)"},
      {&insert_lane_, "INSERT OR REPLACE INTO lane(id, stream, key, checksum) VALUES(?1, ?2, ?3, ?4)"},
      {&remove_, "DELETE FROM record WHERE lane = ?1 AND number BETWEEN ?2 AND ?3"},
      {&count_, "SELECT count(*), sum(notice) FROM record WHERE lane = ?1 AND number BETWEEN ?2 AND ?3"},
      {&index_, "SELECT number, notice, id FROM record WHERE lane = ?1 AND number >= ?2 ORDER BY number"},
      {&body_, "SELECT row FROM record WHERE id = ?1"},
      {&oldest_, "SELECT id, lane, number, notice FROM record ORDER BY id LIMIT 1"},
      {&remove_one_, "DELETE FROM record WHERE id = ?1"},
      {&pages_, "PRAGMA page_count"},
      {&free_pages_, "PRAGMA freelist_count"}};
  for (const auto& [statement, sql] : all) {
    *statement = database_.prepare(sql);
    if (*statement) continue;
    auto fault = database_.fault();
    if (fault.code == "SQLITE_ERROR") fault.kind = DatabaseFault::Kind::damaged;  // a table is missing
    disconnect();
    return fault;
  }
  auto fault = load_lanes();
  if (fault) {
    disconnect();
  } else {
    note_place();
    log_limit_ = 0;
    removed_ = false;
  }
  return fault;
}

void File::disconnect() {
  for (auto* statement :
       {&insert_, &insert_lane_, &remove_, &count_, &index_, &body_, &oldest_, &remove_one_, &pages_, &free_pages_}) {
    *statement = {};
  }
  database_.close();
}

/// The books of all lanes, from the file.
DatabaseFault File::load_lanes() {
  for (const auto& lane : lanes_) {
    lane->stored = false;
    lane->records = lane->notices = 0;
  }
  by_id_.clear();
  records_ = 0;
  next_lane_ = 1;
  if (!take_lane_names()) return database_.fault();
  Statement counts = database_.prepare("SELECT lane, count(*), sum(notice) FROM record GROUP BY lane");
  if (!counts) return database_.fault();
  Statement::Step step;
  bool nameless = false;
  while ((step = counts.step()) == Statement::Step::row) {
    const auto id = counts.integer(0);
    next_lane_ = std::max(next_lane_, id + 1);
    const auto known = by_id_.find(id);
    Lane* lane = known == by_id_.end() ? nullptr : known->second;
    nameless |= lane == nullptr;
    if (lane == nullptr) continue;
    lane->records = static_cast<std::uint64_t>(counts.integer(1));
    lane->notices = static_cast<std::uint64_t>(counts.integer(2));
    records_ += lane->records;
  }
  for (const auto& lane : lanes_) {
    if (lane->stored) continue;
    lane->id = next_lane_++;
    by_id_[lane->id] = lane.get();
  }
  if (step != Statement::Step::done) return database_.fault();
  if (nameless) return {DatabaseFault::Kind::damaged, "SQLITE_CORRUPT", "the name of a lane is damaged"};
  return {};
}

bool File::take_lane_names() {
  Statement names = database_.prepare("SELECT id, stream, key, checksum FROM lane");
  if (!names) return false;
  Statement::Step step;
  while ((step = names.step()) == Statement::Step::row) {
    const event::LaneName name{std::string(names.bytes(1)), std::string(names.bytes(2))};
    const auto id = names.integer(0);
    next_lane_ = std::max(next_lane_, id + 1);
    if (lane_check(id, name.stream, name.key) != names.integer(3)) continue;
    auto& known = by_name_[{name.stream, name.key}];
    if (known == nullptr) {
      lanes_.push_back(std::make_unique<Lane>());
      known = lanes_.back().get();
      known->name = name;
    }
    known->id = id;
    known->stored = true;
    by_id_[id] = known;
  }
  return step == Statement::Step::done;
}

File::Lane& File::lane(const event::LaneName& name) {
  auto& known = by_name_[{name.stream, name.key}];
  if (known != nullptr) return *known;
  lanes_.push_back(std::make_unique<Lane>());
  known = lanes_.back().get();
  known->name = name;
  known->id = next_lane_++;
  by_id_[known->id] = known;
  return *known;
}

// ── a transaction ───────────────────────────────────────────────────────────────────────────────────────────────────

bool File::begin() {
  if (!database_.is_open() && connect()) {
    note_place();  // of what it has begun to make
    return false;
  }
  return database_.run("BEGIN IMMEDIATE");
}

void File::touch(Lane& lane, std::int64_t records, std::int64_t notices) {
  if (!std::exchange(lane.touched, true)) touched_.push_back(&lane);
  lane.more_records += records;
  more_records_ += records;
  lane.more_notices += notices;
}

bool File::insert(Lane& lane, std::uint64_t number, bool notice, std::string_view row) {
  if (!lane.stored && !lane.storing) {
    insert_lane_.bind(1, lane.id).bind_blob(2, lane.name.stream).bind_blob(3, lane.name.key);
    insert_lane_.bind(4, lane_check(lane.id, lane.name.stream, lane.name.key));
    if (!insert_lane_.run()) return false;
    lane.storing = true;
  }
  touch(lane, 0, 0);
  insert_.bind(1, lane.id).bind(2, as_signed(number)).bind(3, notice ? 1 : 0).bind_blob(4, row);
  if (!insert_.run()) return false;
  touch(lane, 1, notice ? 1 : 0);
  return true;
}

bool File::remove(Lane& lane, std::uint64_t first, std::uint64_t last) {
  if (lane.records == 0 && lane.more_records == 0) return true;
  std::uint64_t records = 0, notices = 0;
  const bool has_notices = lane.notices != 0 || lane.more_notices != 0;
  if (has_notices && !count(lane, first, last, records, notices)) return false;
  remove_.bind(1, lane.id).bind(2, as_signed(first)).bind(3, as_signed(last));
  if (!remove_.run()) return false;
  touch(lane, -database_.changes(), -as_signed(notices));
  return true;
}

bool File::drop_oldest(std::uint64_t bytes, std::vector<DroppedRecord>& dropped) {
  const auto until = free() + bytes;
  for (std::size_t count = 0; free() < until; ++count) {
    const auto step = oldest_.step();
    if (step != Statement::Step::row) {
      oldest_.reset();
      return step == Statement::Step::done;
    }
    const auto lane = by_id_.find(oldest_.integer(1));
    const DroppedRecord record{lane == by_id_.end() ? nullptr : lane->second,
                               static_cast<std::uint64_t>(oldest_.integer(2)), oldest_.integer(3) == 1};
    remove_one_.bind(1, oldest_.integer(0));
    oldest_.reset();
    if (!remove_one_.run()) return false;
    if (record.lane == nullptr) continue;
    touch(*record.lane, -1, record.notice ? -1 : 0);
    dropped.push_back(record);
  }
  return true;
}

bool File::write_something() { return database_.run("PRAGMA user_version=1"); }

bool File::commit() {
  if (!database_.run("COMMIT")) return false;
  settle(true);
  return true;
}

void File::rollback() {
  if (database_.in_transaction()) database_.run("ROLLBACK");
  settle(false);
}

void File::settle(bool committed) {
  more_records_ = 0;
  for (Lane* lane : std::exchange(touched_, {})) {
    if (committed) {
      const auto before = lane->records;
      lane->records = plus(lane->records, lane->more_records);
      lane->notices = plus(lane->notices, lane->more_notices);
      records_ += lane->records - before;
      lane->stored |= lane->storing;
    }
    lane->more_records = lane->more_notices = 0;
    lane->storing = lane->touched = false;
  }
}

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

bool File::read(Lane& lane, std::uint64_t from, const std::function<bool(const Stored&)>& each) {
  if (removed_) return true;
  index_.bind(1, lane.id).bind(2, as_signed(from));
  Statement::Step step;
  bool more = true;
  while (more && (step = index_.step()) == Statement::Step::row) {
    body_.bind(1, index_.integer(2));
    const auto found = body_.step();
    Stored stored{static_cast<std::uint64_t>(index_.integer(0)), index_.integer(1) == 1, {}};
    if (found == Statement::Step::row) stored.bytes = body_.bytes(0);
    if (found != Statement::Step::failed) more = each(stored);
    if (found == Statement::Step::failed) index_.reset();  // before the one whose fault is asked for
    body_.reset();
    if (found == Statement::Step::failed) return false;
  }
  index_.reset();
  return !more || step == Statement::Step::done;
}

bool File::newest(const std::function<bool(std::string_view)>& each) {
  Statement rows = database_.prepare("SELECT row FROM record ORDER BY id DESC");
  if (!rows) return false;
  Statement::Step step;
  while ((step = rows.step()) == Statement::Step::row) {
    if (!each(rows.bytes(0))) return true;
  }
  return step == Statement::Step::done;
}

bool File::first_from(const Lane& lane, std::uint64_t number, std::optional<std::uint64_t>& found) {
  index_.bind(1, lane.id).bind(2, as_signed(number));
  const auto step = index_.step();
  found.reset();
  if (step == Statement::Step::row) found = static_cast<std::uint64_t>(index_.integer(0));
  index_.reset();
  return step != Statement::Step::failed;
}

bool File::last_to(const Lane& lane, std::uint64_t number, std::optional<std::uint64_t>& found) {
  Statement last =
      database_.prepare("SELECT number FROM record WHERE lane = ?1 AND number <= ?2 ORDER BY number DESC LIMIT 1");
  if (!last) return false;
  last.bind(1, lane.id).bind(2, as_signed(number));
  const auto step = last.step();
  found.reset();
  if (step == Statement::Step::row) found = static_cast<std::uint64_t>(last.integer(0));
  return step != Statement::Step::failed;
}

bool File::count(const Lane& lane, std::uint64_t first, std::uint64_t last, std::uint64_t& records,
                 std::uint64_t& notices) {
  count_.bind(1, lane.id).bind(2, as_signed(first)).bind(3, as_signed(last));
  const bool found = count_.step() == Statement::Step::row;
  if (found) {
    records = static_cast<std::uint64_t>(count_.integer(0));
    notices = static_cast<std::uint64_t>(count_.integer(1));
  }
  count_.reset();
  return found;
}

std::uint64_t File::used() {
  const auto pages = pages_.step() == Statement::Step::row ? pages_.integer(0) : 0;
  pages_.reset();
  const auto all = static_cast<std::uint64_t>(pages) * page_size;
  return all - std::min(all, free());
}

std::uint64_t File::free() {
  const auto pages = free_pages_.step() == Statement::Step::row ? free_pages_.integer(0) : 0;
  free_pages_.reset();
  return static_cast<std::uint64_t>(pages) * page_size;
}

bool File::give_back(std::uint64_t bytes) {
  return database_.run(("PRAGMA incremental_vacuum(" + std::to_string(bytes / page_size) + ")").c_str());
}

void File::limit_log(std::uint64_t bytes) {
  if (bytes == log_limit_ || !database_.is_open()) return;
  if (database_.run(("PRAGMA journal_size_limit=" + std::to_string(bytes)).c_str())) log_limit_ = bytes;
}

bool File::checkpoint(bool truncate) {
  Statement checkpoint =
      database_.prepare(truncate ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)");
  const bool done = checkpoint && checkpoint.step() == Statement::Step::row && checkpoint.integer(0) == 0;
  if (done && truncate) database_.log_emptied();
  note_size();
  return done;
}

}  // namespace tributary::spool
