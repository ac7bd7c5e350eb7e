#include "spool/inspect.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "spool/database.hpp"
#include "spool/directory.hpp"
#include "spool/pages.hpp"
#include "spool/row.hpp"
#include "spool/schema.hpp"

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t at_once = 500;  ///< records that one transaction reads, so that no log grows for us

bool has_bytes(const fs::path& file) {
  std::error_code failed;
  return fs::file_size(file, failed) > 0 && !failed;
}

std::string words_of_fault(const DatabaseFault& fault) { return std::string(fault.code) + ": " + fault.words; }

}  // namespace

class Inspection::Reader {
 public:
  explicit Reader(fs::path file) : file_(std::move(file)) {}

  /// Without a log nobody has written since the file was closed, or moved everything into it: it is read as it is,
  /// and nothing is made beside it. With one, SQLite reads both; the index of the log is its writer's.
  std::string open() {
    std::int64_t version = 0;
    switch (kind_of(file_, version)) {
      case FileKind::none:
        return fs::exists(file_) ? "is empty" : "is not there";
      case FileKind::damaged:
        damage_ = "its beginning is damaged";
        return has_records() ? std::string() : "is no spool, or nothing of it can be read";
      case FileKind::foreign:
        return "is a SQLite file of another program";
      case FileKind::newer:
        return "is of version " + std::to_string(version) + ", and this program knows version " +
               std::to_string(file_version);
      case FileKind::ours:
        break;
    }
    const bool log = has_bytes(file_.native() + "-wal");
    const bool index = has_bytes(file_.native() + "-shm");
    const auto access = !log    ? Database::Access::snapshot
                        : index ? Database::Access::read_beside
                                : Database::Access::read;
    if (const auto fault = database_.open(file_, access)) return "cannot be read: " + words_of_fault(fault);
    made_index_ = log && !index;
    names();
    return damage_.empty() || has_records() ? std::string() : "is damaged, and nothing of it can be read: " + damage_;
  }
  ~Reader() {
    database_.close();
    std::error_code ignored;
    if (made_index_) fs::remove(file_.native() + "-shm", ignored);
  }

  Database& database() { return database_; }
  const fs::path& file() const { return file_; }
  const event::LaneName& lane(std::int64_t id) {
    if (lanes_.count(id) == 0) names();  // a new one
    return lanes_[id];
  }
  /// Reading ended early: true, it is damaged, and its pages are to be looked through instead.
  bool damaged() {
    if (damage_.empty()) note(database_.fault());
    return !damage_.empty();
  }
  bool known_damaged() const { return !damage_.empty(); }
  std::string failed() const { return "cannot be read further: " + words_of_fault(database_.fault()); }
  std::string told_damage() const {
    return file_.string() + " is damaged (" + damage_ +
           "): this is what of it verifies; a relay that starts on it sets "
           "it aside, and goes on with that";
  }

 private:
  void names() {
    Statement names = database_.prepare("SELECT id, stream, key FROM lane");
    Statement::Step step = names ? names.step() : Statement::Step::failed;
    for (; step == Statement::Step::row; step = names.step()) {
      lanes_[names.integer(0)] = {std::string(names.bytes(1)), std::string(names.bytes(2))};
    }
    if (step != Statement::Step::done) note(database_.fault());
  }
  /// A missing table is damage, too.
  void note(const DatabaseFault& fault) {
    if (fault.kind == DatabaseFault::Kind::damaged || fault.code == "SQLITE_ERROR") damage_ = words_of_fault(fault);
  }
  bool has_records() const {
    bool any = false;
    ConnectorNames names;
    scan_pages(file_, [&](std::string_view row) {
      any = std::holds_alternative<Row>(decode(row, names, {}));
      return !any;
    });
    return any;
  }
  fs::path file_;
  Database database_;
  std::map<std::int64_t, event::LaneName> lanes_;
  bool made_index_ = false;
  std::string damage_;  ///< "": none is known
};

/// Records that were given to somebody. Lanes by a hash of their names, for there may be millions of records.
class Inspection::Seen {
 public:
  /// False: it was there.
  bool add(const Row& row) {
    const auto lane = std::hash<std::string>()(row.lane.stream + '\n' + row.lane.key);
    return seen_.emplace(lane, row.record.number).second;
  }

 private:
  std::set<std::pair<std::size_t, std::uint64_t>> seen_;
};

namespace {

/// The row outlives the line.
Inspection::Line line_of(const Row& row) {
  const auto& [number, event, letter, notice] = row.record;
  Inspection::Line line{number, &row.lane};
  line.type = event ? event->type_text() : "dead letter";
  line.id = event ? event->id_text() : letter->reason;
  line.time = event ? event->created_at_text() : std::string_view();
  line.value = event ? event->json_text() : std::string_view(letter->value);
  return line;
}

}  // namespace

Inspection::Inspection(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
Inspection::~Inspection() = default;

std::variant<std::unique_ptr<Inspection>, std::string> Inspection::open(const fs::path& file) {
  auto reader = std::make_unique<Reader>(file);
  if (auto fault = reader->open(); !fault.empty()) return file.string() + " " + fault;
  return std::unique_ptr<Inspection>(new Inspection(std::move(reader)));
}

std::string Inspection::misnamed(const fs::path& file) {
  std::error_code failed;
  const auto type = fs::status(file, failed).type();
  if (type == fs::file_type::directory) {
    return file.string() + " is a directory: name the file of a sink in it, such as " +
           Directory::file_in(file, "SINK").string();
  }
  if (type != fs::file_type::regular && type != fs::file_type::not_found && !failed) {
    return file.string() + " is no file, but a pipe, a socket or a device: name the file of a sink, SINK.spool";
  }
  if (file.filename() == "memory.db") {
    return file.string() +
           " is no spool: it holds what connectors remember, ids and times, and no event. The file of a "
           "sink is SINK.spool";
  }
  return {};
}

std::string Inspection::lanes(std::vector<Lane>& lanes) const {
  lanes.clear();
  std::string fault;
  Statement counts = reader_->known_damaged() ? Statement()
                                              : reader_->database().prepare(
                                                    "SELECT lane, count(*), sum(notice), min(number), max(number), "
                                                    "sum(length(row)) FROM record GROUP BY lane");
  auto step = counts ? counts.step() : Statement::Step::failed;
  for (; step == Statement::Step::row; step = counts.step()) {
    const auto number = [&](int column) { return static_cast<std::uint64_t>(counts.integer(column)); };
    lanes.push_back({reader_->lane(counts.integer(0)), number(1), number(2), number(3), number(4), number(5)});
  }
  if (step != Statement::Step::done) {
    if (!reader_->damaged()) return reader_->failed();
    std::map<std::pair<std::string, std::string>, Lane> found;
    Seen seen;
    const auto count = [&](const Line& line) {
      Lane& lane = found[{line.lane->stream, line.lane->key}];
      if (lane.records++ == 0) lane.name = *line.lane, lane.first = lane.last = line.number;
      lane.first = std::min(lane.first, line.number), lane.last = std::max(lane.last, line.number);
      lane.notices += line.notice ? 1 : 0, lane.bytes += line.bytes;
      return true;
    };
    fault = each_found(count, seen);
    lanes.clear();
    for (auto& [name, lane] : found) lanes.push_back(std::move(lane));
  }
  std::sort(lanes.begin(), lanes.end(), [](const Lane& one, const Lane& other) {
    return std::pair(one.name.stream, one.name.key) < std::pair(other.name.stream, other.name.key);
  });
  return fault;
}

/// Page by page: what of a damaged file verifies, each record once.
std::string Inspection::each_found(const std::function<bool(const Line&)>& line, Seen& seen) const {
  ConnectorNames names;
  scan_pages(reader_->file(), [&](std::string_view bytes) {
    const auto decoded = decode(bytes, names, {});
    const auto* row = std::get_if<Row>(&decoded);
    if (row == nullptr) return true;
    if (!seen.add(*row)) return true;
    Line one = line_of(*row);
    one.bytes = bytes.size(), one.notice = row->notice;
    return line(one);
  });
  return reader_->told_damage();
}

std::string Inspection::each(const std::function<bool(const Line&)>& line) const {
  Seen told;
  if (reader_->known_damaged()) return each_found(line, told);
  Statement rows =
      reader_->database().prepare("SELECT id, lane, number, row FROM record WHERE id > ?1 ORDER BY id LIMIT ?2");
  ConnectorNames names;
  std::int64_t last = 0;
  auto step = rows ? Statement::Step::done : Statement::Step::failed;
  for (std::int64_t count = at_once; count == at_once && step == Statement::Step::done;) {
    rows.bind(1, last).bind(2, at_once);
    count = 0;
    while ((step = rows.step()) == Statement::Step::row) {
      ++count;
      last = rows.integer(0);
      const auto bytes = rows.bytes(3);
      const auto decoded = decode(bytes, names, {});
      const auto* row = std::get_if<Row>(&decoded);
      Line one{static_cast<std::uint64_t>(rows.integer(2)), &reader_->lane(rows.integer(1)), "corrupt"};
      if (row != nullptr) one = line_of(*row), told.add(*row);
      one.bytes = bytes.size();
      if (!line(one)) return {};
    }
    if (step == Statement::Step::done) rows.reset();
  }
  if (step == Statement::Step::done) return {};
  if (!reader_->damaged()) return reader_->failed();
  return each_found(line, told);
}

}  // namespace tributary::spool
