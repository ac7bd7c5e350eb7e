#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "event/memory.hpp"
#include "spool/database.hpp"
#include "spool/salvage.hpp"
#include "spool/schema.hpp"

namespace tributary::spool {

/// The file of one sink: its lanes and their records. Owned by the tail; knows no thread and no clock but the one that
/// names what it sets aside. Whatever fails is a value: `fault` says why, and the transaction is to be rolled back.
/// Thread: one at a time.
class File {
 public:
  /// One lane's book, of what is committed. Lives as long as the file.
  struct Lane {
    event::LaneName name;
    std::int64_t id = 0;
    bool stored = false;  ///< its row is in the file
    std::uint64_t records = 0, notices = 0;
    /// Records of which nothing is left after the file was damaged while it was in use, not even the number.
    std::uint64_t vanished = 0;
    std::uint64_t vanished_notices = 0;  ///< of these

   private:
    friend class File;
    std::int64_t more_records = 0, more_notices = 0;  ///< by the transaction that is open
    bool storing = false, touched = false;
  };
  /// A record as it lies in the file; the view lives during the call.
  struct Stored {
    std::uint64_t number = 0;
    bool notice = false;
    std::string_view bytes;  ///< a row, see row.hpp; empty: it is not there any more
  };
  /// A record that was dropped to make room.
  struct DroppedRecord {
    Lane* lane = nullptr;
    std::uint64_t number = 0;
    bool notice = false;
  };
  struct Left {
    Lane* lane = nullptr;
    std::uint64_t first = 0, last = 0;
  };

  /// As SinkTail::open. `salvaged`: what became of a damaged file.
  static std::variant<std::unique_ptr<File>, std::string> open(const std::filesystem::path& file,
                                                               const std::string& vfs, Salvaged& salvaged);

  /// As SinkTail::fault_of.
  static std::string fault_of(const std::filesystem::path& file);

  Lane& lane(const event::LaneName& name);
  const std::vector<std::unique_ptr<Lane>>& lanes() const { return lanes_; }

  bool begin();
  bool insert(Lane& lane, std::uint64_t number, bool notice, std::string_view row);
  bool remove(Lane& lane, std::uint64_t first, std::uint64_t last);
  /// Removes the oldest records until `bytes` are free or none is left.
  bool drop_oldest(std::uint64_t bytes, std::vector<DroppedRecord>& dropped);
  /// A change that changes nothing, to see whether the disk takes it.
  bool write_something();
  bool commit();
  /// Without a transaction: nothing.
  void rollback();

  /// The records of a lane from a number on, in order, until `each` says false. False: it cannot be read now.
  bool read(Lane& lane, std::uint64_t from, const std::function<bool(const Stored&)>& each);
  /// The rows of the newest records, newest first, until `each` says false.
  bool newest(const std::function<bool(std::string_view row)>& each);
  /// The first or last number of a lane that lies from here on (up to here); none: nothing. False: cannot be read.
  bool first_from(const Lane& lane, std::uint64_t number, std::optional<std::uint64_t>& found);
  bool last_to(const Lane& lane, std::uint64_t number, std::optional<std::uint64_t>& found);
  /// How many records, and how many of them are notices, lie between.
  bool count(const Lane& lane, std::uint64_t first, std::uint64_t last, std::uint64_t& records, std::uint64_t& notices);

  DatabaseFault fault() const { return database_.fault(); }
  /// Bytes in use, and those of free pages; with what the open transaction does.
  std::uint64_t used();
  std::uint64_t free();
  std::uint64_t records() const { return records_; }
  /// Is nothing in it, with what the open transaction does?
  bool empty() const { return records_ + static_cast<std::uint64_t>(more_records_) == 0; }
  std::uint64_t log_bytes() const { return static_cast<std::uint64_t>(database_.log_pages()) * page_size; }
  /// Of the disk it lies on, as far as it can be asked.
  std::uint64_t disk_free() const;
  /// Gives at most so many bytes of free pages back to the disk. False: it cannot now.
  bool give_back(std::uint64_t bytes);
  /// Moves the log into the file; `truncate`: and makes the log empty.
  bool checkpoint(bool truncate);
  /// The log keeps no more than this once all of it has been moved.
  void limit_log(std::uint64_t bytes);

  enum class Place : std::uint8_t {
    good,
    gone,    ///< the file has been removed or replaced: what is written is in no file any more
    damaged  ///< another program has cut it, or written over its beginning
  };
  /// Is the file still what it was made to be? Else a crash would lose it.
  Place place() const;
  bool in_place() const { return place() == Place::good; }
  /// Makes the file anew of what can be read of it: after damage (the old one is set aside), or when it is gone. Empty:
  /// done. Else it goes on as it was.
  std::string make_anew(Salvaged& salvaged);
  /// Makes a new file in place of this one, whose records are all finished: it takes less room than to remove them one
  /// by one. False: the old one is there as it was.
  bool make_empty();

 private:
  File(std::filesystem::path file, std::string vfs);
  DatabaseFault connect();
  void disconnect();
  DatabaseFault load_lanes();
  bool take_lane_names();
  void touch(Lane& lane, std::int64_t records, std::int64_t notices);
  void settle(bool committed);
  void note_place();
  void note_size();

  std::filesystem::path file_;
  std::string vfs_;
  Database database_;
  Statement insert_, insert_lane_, remove_, count_, index_, body_, oldest_, remove_one_, pages_, free_pages_;
  std::map<std::pair<std::string, std::string>, Lane*> by_name_;
  std::map<std::int64_t, Lane*> by_id_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Lane*> touched_;
  std::int64_t next_lane_ = 1;
  bool removed_ = false;  ///< and no new one made yet
  std::uint64_t records_ = 0;
  std::int64_t more_records_ = 0;                    ///< by the transaction that is open
  std::pair<std::uint64_t, std::uint64_t> place_{};  ///< device and number of the file
  std::uint64_t log_limit_ = 0;                      ///< as SQLite was told; 0: not yet
  std::uint64_t size_ = 0;                           ///< of the file, as the last checkpoint left it
};

}  // namespace tributary::spool
