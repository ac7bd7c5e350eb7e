#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "spool/file.hpp"

// Where a file lies, and how it is made anew of what can be read of it.

namespace tributary::spool {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 3> parts{"", "-wal", "-shm"};

fs::path part_of(const fs::path& file, const char* part) { return file.native() + part; }

/// Device and number of a file; zeros: there is none.
std::pair<std::uint64_t, std::uint64_t> place_of(const fs::path& file) {
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

std::uint64_t size_of(const fs::path& file) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  return failed ? 0 : size;
}

std::string words(const DatabaseFault& fault) { return std::string(fault.code) + ": " + fault.words; }

void remove_parts(const fs::path& file) {
  std::error_code ignored;
  for (const char* part : parts) fs::remove(part_of(file, part), ignored);
}

/// What was renamed is so after a power failure, too.
void sync_folder(const fs::path& file) {
  const int folder = ::open(file.has_parent_path() ? file.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

/// Out of the way, with its log. Empty: there was nothing.
fs::path set_aside(const fs::path& file) {
  const auto aside = aside_of(file);
  std::error_code ignored;
  bool moved = false;
  for (const char* part : parts) {
    fs::rename(part_of(file, part), part_of(aside, part), ignored);
    moved |= !ignored;
  }
  return moved ? aside : fs::path();
}

/// Opens a damaged file as far as it goes. `like`: a sound one, for its beginning.
void open_damaged(Database& from, const fs::path& file, const fs::path& like, std::unique_ptr<LentBeginning>& lent) {
  const auto opens = [&] {
    if (from.open(file, Database::Access::write)) return false;
    from.keep_log();
    return from.number("SELECT count(*) FROM sqlite_schema", -1) >= 3;
  };
  if (opens()) return;
  from.close();
  lent = std::make_unique<LentBeginning>(file, like);
  opens();
}

}  // namespace

void File::note_place() {
  place_ = vfs_.empty() ? place_of(file_) : std::pair<std::uint64_t, std::uint64_t>();
  note_size();
}

std::uint64_t File::disk_free() const {
  struct statvfs disk {};
  if (!vfs_.empty() || ::statvfs(file_.c_str(), &disk) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

void File::note_size() { size_ = vfs_.empty() ? size_of(file_) : 0; }

/// Between checkpoints nobody writes to the file itself, so it does not become smaller, and its beginning stays.
File::Place File::place() const {
  if (!vfs_.empty()) return Place::good;
  if (place_of(file_) != place_) return Place::gone;
  if (database_.log_pages() != 0 && !fs::exists(part_of(file_, "-wal"))) return Place::gone;
  std::int64_t version = 0;
  if (size_ == 0) return Place::good;
  return size_of(file_) >= size_ && kind_of(file_, version) == FileKind::ours ? Place::good : Place::damaged;
}

namespace {

/// What can be read of a file goes into a new one, which then takes its place. `source`: the file, when it is still
/// open; null: the damaged one that lies there. Empty: done.
std::string remake(const fs::path& file, Database* source, Salvaged& salvaged) {
  const fs::path fresh = file.native() + ".new";
  remove_parts(fresh);
  DatabaseFault fault;
  {
    Database to;
    fault = open_file(to, fresh, {});
    if (!fault && source != nullptr) fault = salvage(*source, {}, to, salvaged);
    std::error_code ignored;
    if (!fault && source == nullptr && fs::file_size(file, ignored) > 0 && !ignored) {
      to.close();  // so that its beginning can be lent
      std::unique_ptr<LentBeginning> lent;
      Database from;
      open_damaged(from, file, fresh, lent);
      fault = open_file(to, fresh, {});
      if (!fault) fault = salvage(from, file, to, salvaged);
      from.close();
    } else if (!fault && source == nullptr) {  // perhaps its log is there
      Database nothing;
      fault = salvage(nothing, file, to, salvaged);
    }
    if (!fault && !to.run("PRAGMA wal_checkpoint(TRUNCATE)")) fault = to.fault();
  }
  if (fault) {
    remove_parts(fresh);
    return words(fault);
  }
  salvaged.set_aside = set_aside(file);
  std::error_code failed;
  fs::rename(fresh, file, failed);
  salvaged.made_anew = !failed;
  sync_folder(file);
  return failed ? failed.message() : std::string();
}

}  // namespace

std::string File::fault_of(const fs::path& path) {
  std::int64_t version = 0;
  switch (kind_of(path, version)) {
    case FileKind::newer:
      return "is of version " + std::to_string(version) + ", and this program knows version " +
             std::to_string(file_version) + ": run the newer tributary, or move the file away";
    case FileKind::foreign:
      return "is a SQLite file of another program: move it away";
    default:
      break;
  }
  std::error_code failed;
  const auto type = fs::status(path, failed).type();
  if (type == fs::file_type::not_found || failed) return {};
  if (type != fs::file_type::regular) return "is no file: move it away";
  return ::access(path.c_str(), R_OK | W_OK) == 0 ? ""
                                                  : "cannot be written to: " + std::generic_category().message(errno);
}

std::variant<std::unique_ptr<File>, std::string> File::open(const fs::path& path, const std::string& vfs,
                                                            Salvaged& salvaged) {
  std::unique_ptr<File> file(new File(path, vfs));
  bool damaged = false;
  if (vfs.empty()) {
    std::int64_t version = 0;
    switch (kind_of(path, version)) {
      case FileKind::newer:
      case FileKind::foreign:
        return fault_of(path);
      case FileKind::none: {
        std::error_code ignored;  // a log without its file: SQLite would throw it away
        damaged = fs::file_size(part_of(path, "-wal"), ignored) > 0 && !ignored;
        salvaged.why = "the file is gone or empty, and its log is there";
        break;
      }
      case FileKind::damaged:
        damaged = true;
        salvaged.why = "it does not begin as a SQLite file";
        break;
      case FileKind::ours:
        break;
    }
  }
  if (!damaged) {
    const auto fault = file->connect();
    if (!fault) return file;
    if (fault.kind == DatabaseFault::Kind::busy) return "is in use by another program (" + words(fault) + ")";
    if (fault.kind != DatabaseFault::Kind::damaged || !vfs.empty()) return "cannot be used (" + words(fault) + ")";
    salvaged.why = words(fault);
  }
  if (const auto failed = remake(path, nullptr, salvaged); !failed.empty()) {
    return "is damaged (" + salvaged.why + "), and no new one can be made (" + failed + ")";
  }
  if (const auto fault = file->connect()) return "cannot be used (" + words(fault) + ")";
  return file;
}

std::string File::make_anew(Salvaged& salvaged) {
  if (!vfs_.empty()) return words(database_.fault());
  std::vector<std::pair<std::uint64_t, std::uint64_t>> before;
  for (const auto& lane : lanes_) before.emplace_back(lane->records, lane->notices);
  rollback();
  std::string failed;
  const auto found = place();
  if (found != Place::gone) {
    salvaged.why = found == Place::damaged ? "another program has cut it or written over it while it was in use"
                   : database_.is_open()   ? words(database_.fault())
                                           : "it cannot be opened";
    database_.keep_log();
    disconnect();
    failed = remake(file_, nullptr, salvaged);
  } else {
    salvaged.why = "it has been removed or replaced while it was in use";
    database_.keep_log();
    failed = remake(file_, &database_, salvaged);
    if (!failed.empty()) return failed;
    disconnect();
  }
  if (const auto fault = connect()) return failed.empty() ? words(fault) : failed;
  if (!failed.empty()) return failed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const auto [records, notices] = before[i];
    const auto gone = records - std::min(records, lanes_[i]->records);
    lanes_[i]->vanished += gone;
    lanes_[i]->vanished_notices += notices - std::min(notices, lanes_[i]->notices);
    salvaged.vanished += gone;
  }
  return {};
}

bool File::make_empty() {
  rollback();
  if (!remove_file(file_, vfs_)) return false;  // first: SQLite throws a log away whose file is gone
  database_.keep_log();
  disconnect();
  for (const char* part : {"-wal", "-shm"}) remove_file(part_of(file_, part), vfs_);
  for (const auto& lane : lanes_) lane->records = lane->notices = 0;
  records_ = 0;
  removed_ = true;
  if (connect()) note_place();  // `begin` tries again
  return true;
}

}  // namespace tributary::spool
