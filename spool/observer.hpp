#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::spool {

/// What a spool has noticed. A closed list, so that each can be counted and logged together.
enum class SpoolSign : std::uint8_t {
  cannot_write,    ///< ERROR: the disk is full, broken, read-only, …: records wait in memory, it is tried again
  cannot_read,     ///< ERROR: what lies in the file cannot be read now, it is tried again
  works_again,     ///< after one of these; `lasted`
  full,            ///< WARN: at its size, `at_limit: block` or `drop_newest`; ends by `room`
  room,            ///< `lasted`
  dropped_oldest,  ///< WARN: at its size; `records` were dropped since this was told last; every 10 seconds at most
  set_aside,       ///< ERROR: the file was damaged: `records` verified and are in a new file, `lost` did not
  record_corrupt,  ///< ERROR: records that failed their checksum and become dead letters; `records` since told last
  not_committed,   ///< ERROR: at the end `records` were in memory alone, and are lost
  count
};
std::string_view name(SpoolSign sign) noexcept;

struct SpoolNews {
  SpoolSign sign = SpoolSign::cannot_write;
  std::string_view file;                ///< its path. Lives during the call
  std::string_view code = {};           ///< the database's name of the fault, e.g. SQLITE_FULL; static storage
  std::string text = {};                ///< in words: what is there, what to do; one line, no secret
  std::uint64_t records = 0, lost = 0;  ///< see SpoolSign
  std::chrono::milliseconds lasted{0};
};

/// Who is told. Made by the daemon, which logs and counts; outlives the tails. Each trouble is told once when it
/// begins and once when it is over. Must not call back into the tail. Thread: that of the tail, and main while it is
/// opened.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_news(const SpoolNews& news) = 0;
};

}  // namespace tributary::spool
