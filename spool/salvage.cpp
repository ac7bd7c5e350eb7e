#include "spool/salvage.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "spool/pages.hpp"
#include "spool/row.hpp"
#include "spool/schema.hpp"

namespace tributary::spool {
namespace {

using Clock = std::chrono::steady_clock;
using Names = std::pair<std::string, std::string>;

constexpr auto longest = std::chrono::minutes(1);
constexpr std::int64_t batch = 1'000;

/// What goes into the new file.
class Target {
 public:
  explicit Target(Database& database)
      : database_(database),
        lane_(database.prepare("INSERT INTO lane(id, stream, key, checksum) VALUES(?1, ?2, ?3, ?4)")),
        record_(database.prepare("INSERT INTO record(lane, number, notice, row) VALUES(?1, ?2, ?3, ?4)")),
        find_(database.prepare("SELECT 1 FROM record WHERE lane = ?1 AND number = ?2")) {}
  bool put(const event::LaneName& lane, std::uint64_t number, bool notice, std::string_view row) {
    if (!lane_ || !record_) return false;
    if (!database_.in_transaction() && !database_.run("BEGIN IMMEDIATE")) return false;
    auto* known = lane_of(lane);
    if (known == nullptr) return false;
    record_.bind(1, known->id).bind(2, static_cast<std::int64_t>(number)).bind(3, notice ? 1 : 0).bind_blob(4, row);
    if (!record_.run()) return false;
    ++known->records;
    return ++count_ % batch != 0 || end();
  }
  /// How many records it has of a lane.
  std::uint64_t records(const event::LaneName& lane) const {
    const auto known = lanes_.find({lane.stream, lane.key});
    return known == lanes_.end() ? 0 : known->second.records;
  }
  bool has(const event::LaneName& lane, std::uint64_t number) {
    const auto known = lanes_.find({lane.stream, lane.key});
    if (known == lanes_.end()) return false;
    find_.bind(1, known->second.id).bind(2, static_cast<std::int64_t>(number));
    const bool found = find_.step() == Statement::Step::row;
    find_.reset();
    return found;
  }
  bool end() {
    if (database_.in_transaction() && !database_.run("COMMIT")) return false;
    database_.run("PRAGMA wal_checkpoint(PASSIVE)");
    return true;
  }

 private:
  struct Lane {
    std::int64_t id = 0;
    std::uint64_t records = 0;
  };
  Lane* lane_of(const event::LaneName& name) {
    const auto [known, added] = lanes_.try_emplace(Names(name.stream, name.key));
    Lane& lane = known->second;
    if (!added) return &lane;
    lane.id = static_cast<std::int64_t>(lanes_.size());
    lane_.bind(1, lane.id).bind_blob(2, name.stream).bind_blob(3, name.key);
    lane_.bind(4, lane_check(lane.id, name.stream, name.key));
    return lane_.run() ? &lane : nullptr;
  }
  Database& database_;
  Statement lane_, record_, find_;
  std::map<Names, Lane> lanes_;
  std::int64_t count_ = 0;
};

/// The records of the old file, in order, over whatever cannot be read.
class Walk {
 public:
  explicit Walk(Database& database)
      : find_(database.prepare("SELECT id FROM record WHERE id >= ?1 ORDER BY id LIMIT 1")),
        rows_(database.prepare("SELECT id, lane, number, notice, row FROM record WHERE id >= ?1 ORDER BY id")) {}
  bool works() const { return static_cast<bool>(find_) && static_cast<bool>(rows_); }

  /// Calls `each` with the statement at a row until it says false. True: nothing was left out.
  template <class Each>
  bool run(Each each) {
    bool whole = true;
    std::int64_t next = 0;
    for (;;) {
      rows_.bind(1, next);
      Statement::Step step;
      while ((step = rows_.step()) == Statement::Step::row) {
        next = rows_.integer(0) + 1;
        if (each(rows_)) continue;
        rows_.reset();
        return whole;
      }
      rows_.reset();
      if (step == Statement::Step::done) return whole;
      whole = false;
      const auto behind = behind_the_damage(next);
      if (!behind) return false;
      next = *behind;
    }
  }

 private:
  /// Can a row be read that lies here or behind?
  bool readable(std::int64_t id) {
    find_.bind(1, id);
    const bool found = find_.step() == Statement::Step::row;
    find_.reset();
    return found;
  }
  std::optional<std::int64_t> behind_the_damage(std::int64_t bad) {
    std::int64_t low = bad, high = bad;
    for (std::int64_t step = 1;; step *= 2) {
      high = bad + step;
      if (readable(high)) break;
      low = high;
      if (step > std::int64_t{1} << 40U) return std::nullopt;
    }
    while (high - low > 1) {
      const auto middle = low + (high - low) / 2;
      (readable(middle) ? high : low) = middle;
    }
    return high;
  }
  Statement find_, rows_;
};

std::map<std::int64_t, event::LaneName> lane_names(Database& from) {
  std::map<std::int64_t, event::LaneName> names;
  Statement lanes = from.prepare("SELECT id, stream, key, checksum FROM lane");
  while (lanes && lanes.step() == Statement::Step::row) {
    event::LaneName name{std::string(lanes.bytes(1)), std::string(lanes.bytes(2))};
    if (lane_check(lanes.integer(0), name.stream, name.key) == lanes.integer(3)) {
      names[lanes.integer(0)] = std::move(name);
    }
  }
  return names;
}

/// What only the index knows of a lane: that there was a record of this number.
bool put_traces(Database& from, std::int64_t id, const event::LaneName& lane, Target& target, Salvaged& salvaged) {
  Statement index = from.prepare("SELECT number, notice FROM record INDEXED BY by_lane WHERE lane = ?1");
  if (!index) return true;
  index.bind(1, id);
  while (index.step() == Statement::Step::row) {
    const auto number = static_cast<std::uint64_t>(index.integer(0));
    if (target.has(lane, number)) continue;
    if (!target.put(lane, number, index.integer(1) == 1, {})) return false;
    ++salvaged.records, ++salvaged.damaged;
  }
  return true;
}

bool put_traces(Database& from, const std::map<std::int64_t, event::LaneName>& names, Target& target,
                Salvaged& salvaged) {
  Statement count = from.prepare("SELECT count(*) FROM record INDEXED BY by_lane WHERE lane = ?1");
  if (!count) return true;
  for (const auto& [id, lane] : names) {
    count.bind(1, id);
    const bool fewer =
        count.step() == Statement::Step::row && static_cast<std::uint64_t>(count.integer(0)) > target.records(lane);
    count.reset();
    if (fewer && !put_traces(from, id, lane, target, salvaged)) return false;
  }
  return true;
}

}  // namespace

DatabaseFault salvage(Database& from, const std::filesystem::path& pages, Database& to, Salvaged& salvaged) {
  const auto until = Clock::now() + longest;
  const auto names = lane_names(from);
  ConnectorNames connectors;
  Target target(to);
  Walk walk(from);
  bool failed = false, whole = false;
  if (walk.works()) {
    whole = walk.run([&](const Statement& row) {
      const auto bytes = row.bytes(4);
      const auto decoded = decode(bytes, connectors, {});
      if (const auto* good = std::get_if<Row>(&decoded)) {
        failed = !target.put(good->lane, good->record.number, good->notice, bytes);
        if (!failed) ++salvaged.records;
      } else if (const auto lane = names.find(row.integer(1)); lane != names.end()) {
        failed = !target.put(lane->second, static_cast<std::uint64_t>(row.integer(2)), row.integer(3) == 1, bytes);
        if (!failed) ++salvaged.records, ++salvaged.damaged;
      }
      salvaged.ended_early = Clock::now() > until;
      return !failed && !salvaged.ended_early;
    });
  }
  if (!failed && !whole && !pages.empty()) {
    scan_pages(pages, [&](std::string_view row) {
      const auto decoded = decode(row, connectors, {});
      const auto* good = std::get_if<Row>(&decoded);
      if (good != nullptr && !target.has(good->lane, good->record.number)) {
        failed = !target.put(good->lane, good->record.number, good->notice, row);
        if (!failed) ++salvaged.records;
      }
      salvaged.ended_early = Clock::now() > until;
      return !failed && !salvaged.ended_early;
    });
  }
  failed = failed || !put_traces(from, names, target, salvaged);
  if (failed || !target.end()) return to.fault();
  return {};
}

LentBeginning::LentBeginning(std::filesystem::path file, const std::filesystem::path& like) : file_(std::move(file)) {
  constexpr std::size_t size_at = 28, free_at = 32;  // of SQLite's file format
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file_, ignored);
  if (ignored || size < page_size) return;
  std::string lent(page_size, '\0');
  std::ifstream(like, std::ios::binary).read(lent.data(), page_size);
  for (std::size_t i = 0; i < 4; ++i) lent[size_at + i] = static_cast<char>(size / page_size >> (24 - 8 * i));
  std::fill_n(lent.begin() + free_at, 8, '\0');
  std::fstream out(file_, std::ios::binary | std::ios::in | std::ios::out);
  own_.resize(page_size);
  if (!out.read(own_.data(), page_size)) {
    own_.clear();
    return;
  }
  out.seekp(0).write(lent.data(), page_size);
}

LentBeginning::~LentBeginning() {
  if (own_.empty()) return;
  std::fstream(file_, std::ios::binary | std::ios::in | std::ios::out).write(own_.data(), page_size);
}

}  // namespace tributary::spool
