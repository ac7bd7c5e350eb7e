#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "event/memory.hpp"
#include "spool/connector_memory.hpp"
#include "spool/database.hpp"

namespace tributary::spool {

/// `memory.db`: until when each channel was listened to, and the ids that each connector knows, in blocks of many. It
/// survives the end of the process, however it comes; of the machine, it may lose what is newest. Every call may wait
/// for the disk. Errors are values. Owned by Memory. Thread: one at a time.
class MemoryFile {
 public:
  explicit MemoryFile(std::filesystem::path file) : file_(std::move(file)) {}

  /// Why it could not be opened; `newer`: by a later version, nothing has been changed.
  struct Opened {
    DatabaseFault fault;
    bool newer = false;
    std::string set_aside = {};  ///< where a damaged file is now; a new one has taken its place
  };
  Opened open();
  /// Why a file would be refused, as far as its first bytes say: it is of a later version. "" when it would not.
  static std::string fault_of(const std::filesystem::path& file);
  bool is_open() const { return database_.is_open(); }
  bool in_place() const;
  /// Where the file has been removed while it was in use: writes it anew with all that it held.
  DatabaseFault put_back();

  /// By connector and channel.
  std::map<std::string, std::map<std::string, event::WallTime>> seen();
  /// In the order of telling.
  std::vector<event::KnownId> ids(const std::string& connector);
  /// All or nothing. After `damaged` it is closed, and `open` sets it aside.
  DatabaseFault write(const std::vector<MemoryChanges>& changes);

  const std::filesystem::path& path() const { return file_; }

 private:
  struct Block {
    std::int64_t number = 0;
    std::size_t ids = 0;
  };
  /// Of one connector. The newest block is written again until it is full.
  struct Blocks {
    std::deque<Block> full;
    Block newest;
    std::string newest_bytes;
  };

  DatabaseFault prepare();
  bool load_blocks();
  bool write_channels(const MemoryChanges& changes);
  bool write_ids(const MemoryChanges& changes, Blocks& blocks);
  std::string set_aside();
  void close();

  std::filesystem::path file_;
  std::map<std::string, Blocks> blocks_;
  Database database_;
  Statement put_channel_, remove_channel_, put_block_, remove_block_;
};

}  // namespace tributary::spool
