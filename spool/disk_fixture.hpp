#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::spool {

/// For tests: a disk in memory behind SQLite's own port for disks (a VFS). What was not synced may be gone after a
/// crash, whole or in part. One for each name; registered while it lives. Thread: any.
class TestDisk {
 public:
  explicit TestDisk(std::string name);
  ~TestDisk();
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  const std::string& name() const { return name_; }

  /// After so many writes, syncs, … nothing reaches the disk any more: every call fails.
  void freeze_after(std::uint64_t calls);
  /// The machine is started again: of what was not synced, each write survives, is torn, or is gone, as `random` says.
  /// No connection may be open.
  void crash(std::mt19937& random);
  /// Says that it has synced, and has not.
  void lie() { lies_ = true; }
  /// Writes fail with this SQLite code; 0: they work again.
  void refuse_writes(int code);
  void refuse_reads(int code);
  /// Of all files together: what would go beyond fails with SQLITE_FULL.
  void limit(std::uint64_t bytes);
  /// Of that limit.
  std::uint64_t free() const;
  /// A write does not return until `release`, which waits until all files are closed.
  void hang();
  void release();
  std::uint64_t writes() const;
  std::uint64_t syncs() const;
  /// Changes one byte of a file where this text stands; false: it is nowhere.
  bool damage(std::string_view text);

 private:
  struct Vfs;  ///< what SQLite calls
  struct Content;
  std::string name_;
  std::unique_ptr<Vfs> vfs_;
  bool lies_ = false;
};

}  // namespace tributary::spool
