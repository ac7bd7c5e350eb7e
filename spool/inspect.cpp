#include "spool/inspect.hpp"

#include <algorithm>
#include <map>
#include <system_error>
#include <utility>

#include "spool/database.hpp"
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

std::string words(const DatabaseFault& fault) { return std::string(fault.code) + ": " + fault.words; }

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
        return "is no spool, or its beginning is damaged";
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
    if (const auto fault = database_.open(file_, access)) return "cannot be read: " + words(fault);
    made_index_ = log && !index;
    if (const auto fault = names(); !fault.empty()) return fault;
    return {};
  }
  ~Reader() {
    database_.close();
    std::error_code ignored;
    if (made_index_) fs::remove(file_.native() + "-shm", ignored);
  }

  Database& database() { return database_; }
  const event::LaneName& lane(std::int64_t id) {
    if (lanes_.count(id) == 0) names();  // a new one
    return lanes_[id];
  }
  std::string failed() { return "cannot be read further: " + words(database_.fault()); }

 private:
  std::string names() {
    Statement names = database_.prepare("SELECT id, stream, key FROM lane");
    Statement::Step step = names ? names.step() : Statement::Step::failed;
    for (; step == Statement::Step::row; step = names.step()) {
      lanes_[names.integer(0)] = {std::string(names.bytes(1)), std::string(names.bytes(2))};
    }
    return step == Statement::Step::done ? std::string() : "cannot be read: " + words(database_.fault());
  }
  fs::path file_;
  Database database_;
  std::map<std::int64_t, event::LaneName> lanes_;
  bool made_index_ = false;
};

Inspection::Inspection(std::unique_ptr<Reader> reader) : reader_(std::move(reader)) {}
Inspection::~Inspection() = default;

std::variant<std::unique_ptr<Inspection>, std::string> Inspection::open(const fs::path& file) {
  auto reader = std::make_unique<Reader>(file);
  if (auto fault = reader->open(); !fault.empty()) return file.string() + " " + fault;
  return std::unique_ptr<Inspection>(new Inspection(std::move(reader)));
}

std::variant<std::vector<Inspection::Lane>, std::string> Inspection::lanes() const {
  Statement counts = reader_->database().prepare(
      "SELECT lane, count(*), sum(notice), min(number), max(number), sum(length(row)) FROM record GROUP BY lane");
  if (!counts) return reader_->failed();
  std::vector<Lane> lanes;
  Statement::Step step;
  while ((step = counts.step()) == Statement::Step::row) {
    const auto number = [&](int column) { return static_cast<std::uint64_t>(counts.integer(column)); };
    lanes.push_back({reader_->lane(counts.integer(0)), number(1), number(2), number(3), number(4), number(5)});
  }
  if (step != Statement::Step::done) return reader_->failed();
  std::sort(lanes.begin(), lanes.end(), [](const Lane& one, const Lane& other) {
    return std::pair(one.name.stream, one.name.key) < std::pair(other.name.stream, other.name.key);
  });
  return lanes;
}

std::string Inspection::each(const std::function<bool(const Line&)>& line) const {
  Statement rows =
      reader_->database().prepare("SELECT id, lane, number, row FROM record WHERE id > ?1 ORDER BY id LIMIT ?2");
  if (!rows) return reader_->failed();
  ConnectorNames names;
  std::int64_t last = 0;
  for (std::int64_t count = at_once; count == at_once;) {
    rows.bind(1, last).bind(2, at_once);
    count = 0;
    Statement::Step step;
    while ((step = rows.step()) == Statement::Step::row) {
      ++count;
      last = rows.integer(0);
      const auto bytes = rows.bytes(3);
      const auto decoded = decode(bytes, names, {});
      Line one{static_cast<std::uint64_t>(rows.integer(2)), &reader_->lane(rows.integer(1)), "corrupt"};
      one.bytes = bytes.size();
      if (const auto* row = std::get_if<Row>(&decoded)) {
        one.lane = &row->lane;
        const auto& [number, event, letter, notice] = row->record;
        one.number = number;
        one.type = event ? event->type_text() : "dead letter";
        one.id = event ? event->id_text() : letter->reason;
        one.time = event ? event->created_at_text() : std::string_view();
        one.value = event ? event->json_text() : std::string_view(letter->value);
      }
      if (!line(one)) return {};
    }
    rows.reset();
    if (step != Statement::Step::done) return reader_->failed();
  }
  return {};
}

}  // namespace tributary::spool
