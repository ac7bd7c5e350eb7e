#include "spool/disk_fixture.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <limits>
#include <new>

namespace tributary::spool {

/// One file: as it is, as it is on the platter, and what lies between.
struct TestDisk::Content {
  struct Change {
    std::size_t at = 0;
    std::string bytes;
    bool cut = false;  ///< to the size `at`
  };
  std::string now, safe;
  std::vector<Change> changes;
  std::vector<std::unique_ptr<char[]>> shared;  ///< the shared memory of its log's index

  static void apply(std::string& to, const Change& change) {
    if (change.cut) {
      to.resize(change.at);
      return;
    }
    if (to.size() < change.at + change.bytes.size()) to.resize(change.at + change.bytes.size());
    to.replace(change.at, change.bytes.size(), change.bytes);
  }
  void change(Change change) {
    apply(now, change);
    changes.push_back(std::move(change));
  }
  void sync() {
    for (const auto& change : changes) apply(safe, change);
    changes.clear();
  }
  void crash(std::mt19937& random) {
    const auto mode = random() % 4;
    for (auto& change : changes) {
      if (mode == 0 || (mode == 1 && random() % 2 == 0)) continue;
      if (mode == 2 && !change.cut && random() % 3 == 0) {  // torn at a sector
        change.bytes.resize(random() % (change.bytes.size() / 512 + 1) * 512);
      }
      apply(safe, change);
    }
    changes.clear();
    shared.clear();
    now = safe;
  }
};

struct TestDisk::Vfs {
  TestDisk* disk = nullptr;
  sqlite3_vfs* machine = nullptr;
  sqlite3_vfs vfs{};
  mutable std::mutex mutex;
  std::condition_variable released;
  std::map<std::string, std::shared_ptr<Content>> files;
  std::uint64_t calls = 0, freeze_at = std::numeric_limits<std::uint64_t>::max(), writes = 0, syncs = 0;
  int write_code = 0, read_code = 0;
  bool hangs = false;
  std::size_t open_files = 0;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();

  /// May a file grow to this size?
  bool has_room(const Content& content, std::uint64_t size) const {
    if (size <= content.now.size()) return true;
    std::uint64_t all = size - content.now.size();
    for (const auto& [name, other] : files) all += other->now.size();
    return all <= limit;
  }

  struct File {
    sqlite3_file base;
    Vfs* vfs;
    std::shared_ptr<Content>* content;
  };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  bool frozen() const { return calls >= freeze_at; }
  /// Before a call that changes something. 0: it may.
  int change(std::unique_lock<std::mutex>& lock) {
    released.wait(lock, [&] { return !hangs; });
    if (frozen()) return SQLITE_IOERR;
    ++calls;
    return write_code;
  }

  static int close(sqlite3_file* file) {
    auto& [base, vfs, content] = of(file);
    delete content;
    const std::lock_guard lock(vfs->mutex);
    --vfs->open_files;
    vfs->released.notify_all();
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
    auto& [base, vfs, content] = of(file);
    const std::lock_guard lock(vfs->mutex);
    if (vfs->frozen()) return SQLITE_IOERR_READ;
    if (vfs->read_code != 0) return vfs->read_code;
    const auto& now = (*content)->now;
    const auto from = std::min(static_cast<std::size_t>(at), now.size());
    const auto some = std::min(static_cast<std::size_t>(size), now.size() - from);
    std::memcpy(to, now.data() + from, some);
    if (some == static_cast<std::size_t>(size)) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + some, 0, static_cast<std::size_t>(size) - some);
    return SQLITE_IOERR_SHORT_READ;
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    auto& [base, vfs, content] = of(file);
    std::unique_lock lock(vfs->mutex);
    if (const int code = vfs->change(lock)) return code;
    if (!vfs->has_room(**content, static_cast<std::uint64_t>(at) + static_cast<std::uint64_t>(size)))
      return SQLITE_FULL;
    ++vfs->writes;
    (*content)->change(
        {static_cast<std::size_t>(at), std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
    return SQLITE_OK;
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    auto& [base, vfs, content] = of(file);
    std::unique_lock lock(vfs->mutex);
    if (const int code = vfs->change(lock)) return code;
    (*content)->change({static_cast<std::size_t>(size), {}, true});
    return SQLITE_OK;
  }
  static int sync(sqlite3_file* file, int) {
    auto& [base, vfs, content] = of(file);
    std::unique_lock lock(vfs->mutex);
    if (const int code = vfs->change(lock)) return code;
    ++vfs->syncs;
    if (!vfs->disk->lies_) (*content)->sync();
    return SQLITE_OK;
  }
  static int size(sqlite3_file* file, sqlite3_int64* size) {
    auto& [base, vfs, content] = of(file);
    const std::lock_guard lock(vfs->mutex);
    *size = static_cast<sqlite3_int64>((*content)->now.size());
    return SQLITE_OK;
  }
  static int map(sqlite3_file* file, int region, int size, int extend, void volatile** at) {
    auto& [base, vfs, content] = of(file);
    const std::lock_guard lock(vfs->mutex);
    auto& shared = (*content)->shared;
    *at = nullptr;
    while (shared.size() <= static_cast<std::size_t>(region)) {
      if (extend == 0) return SQLITE_OK;
      shared.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
    }
    *at = shared[static_cast<std::size_t>(region)].get();
    return SQLITE_OK;
  }
  static int unmap(sqlite3_file* file, int) {
    auto& [base, vfs, content] = of(file);
    const std::lock_guard lock(vfs->mutex);
    (*content)->shared.clear();
    return SQLITE_OK;
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods all = [] {
      sqlite3_io_methods made{};
      made.iVersion = 2;
      made.xClose = close;
      made.xRead = read;
      made.xWrite = write;
      made.xTruncate = truncate;
      made.xSync = sync;
      made.xFileSize = size;
      made.xLock = made.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
      made.xCheckReservedLock = [](sqlite3_file*, int* reserved) { return *reserved = 0, SQLITE_OK; };
      made.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
      made.xSectorSize = [](sqlite3_file*) { return 512; };
      made.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; };
      made.xShmMap = map;
      made.xShmLock = [](sqlite3_file*, int, int, int) { return SQLITE_OK; };
      made.xShmBarrier = [](sqlite3_file*) {};
      made.xShmUnmap = unmap;
      return made;
    }();
    return all;
  }

  static Vfs& of(sqlite3_vfs* vfs) { return *static_cast<Vfs*>(vfs->pAppData); }
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    Vfs& self = of(vfs);
    const std::lock_guard lock(self.mutex);
    File& opened = of(file);
    opened.base.pMethods = nullptr;
    if (self.frozen()) return SQLITE_CANTOPEN;
    std::shared_ptr<Content> content;
    if (name == nullptr) {
      content = std::make_shared<Content>();
    } else {
      auto& known = self.files[name];
      if (known == nullptr) known = std::make_shared<Content>();
      content = known;
    }
    opened.base.pMethods = &methods();
    opened.vfs = &self;
    ++self.open_files;
    opened.content = new std::shared_ptr<Content>(std::move(content));
    if (out != nullptr) *out = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int) {
    Vfs& self = of(vfs);
    std::unique_lock lock(self.mutex);
    if (const int code = self.change(lock)) return code;
    self.files.erase(name);
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* there) {
    Vfs& self = of(vfs);
    const std::lock_guard lock(self.mutex);
    *there = self.files.count(name) != 0 ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }
};

TestDisk::TestDisk(std::string name) : name_(std::move(name)), vfs_(std::make_unique<Vfs>()) {
  vfs_->disk = this;
  vfs_->machine = sqlite3_vfs_find(nullptr);
  auto& vfs = vfs_->vfs;
  vfs = *vfs_->machine;  // time, randomness and the like
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Vfs::File);
  vfs.pNext = nullptr;
  vfs.zName = name_.c_str();
  vfs.pAppData = vfs_.get();
  vfs.xOpen = Vfs::open;
  vfs.xDelete = Vfs::remove;
  vfs.xAccess = Vfs::access;
  vfs.xFullPathname = Vfs::full_name;
  sqlite3_vfs_register(&vfs, 0);
}

TestDisk::~TestDisk() { sqlite3_vfs_unregister(&vfs_->vfs); }

void TestDisk::freeze_after(std::uint64_t calls) {
  const std::lock_guard lock(vfs_->mutex);
  vfs_->freeze_at = vfs_->calls + calls;
}

void TestDisk::crash(std::mt19937& random) {
  const std::lock_guard lock(vfs_->mutex);
  for (auto& [name, content] : vfs_->files) content->crash(random);
  vfs_->freeze_at = std::numeric_limits<std::uint64_t>::max();
  vfs_->write_code = vfs_->read_code = 0;
}

void TestDisk::refuse_writes(int code) {
  const std::lock_guard lock(vfs_->mutex);
  vfs_->write_code = code;
}

void TestDisk::refuse_reads(int code) {
  const std::lock_guard lock(vfs_->mutex);
  vfs_->read_code = code;
}

std::uint64_t TestDisk::free() const {
  const std::lock_guard lock(vfs_->mutex);
  std::uint64_t all = 0;
  for (const auto& [name, content] : vfs_->files) all += content->now.size();
  return vfs_->limit - std::min(vfs_->limit, all);
}

void TestDisk::limit(std::uint64_t bytes) {
  const std::lock_guard lock(vfs_->mutex);
  vfs_->limit = bytes;
}

void TestDisk::hang() {
  const std::lock_guard lock(vfs_->mutex);
  vfs_->hangs = true;
}

void TestDisk::release() {
  std::unique_lock lock(vfs_->mutex);
  vfs_->hangs = false;
  vfs_->released.notify_all();
  vfs_->released.wait(lock, [&] { return vfs_->open_files == 0; });
}

std::uint64_t TestDisk::writes() const {
  const std::lock_guard lock(vfs_->mutex);
  return vfs_->writes;
}

std::uint64_t TestDisk::syncs() const {
  const std::lock_guard lock(vfs_->mutex);
  return vfs_->syncs;
}

bool TestDisk::damage(std::string_view text) {
  const std::lock_guard lock(vfs_->mutex);
  bool found = false;
  for (auto& [name, content] : vfs_->files) {
    for (auto* bytes : {&content->now, &content->safe}) {
      const auto at = bytes->find(text);
      if (at == std::string::npos) continue;
      (*bytes)[at] ^= 1;
      found = true;
    }
  }
  return found;
}

}  // namespace tributary::spool
