#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sinks/lines.hpp"

namespace tributary::sinks::file {

/// A file that lines are appended to, moved aside to `path.1`, `path.2`, … when it would outgrow `rotate`. A line never
/// stands torn in it: what could not be written whole is cut off again, also what a crash left behind. Written means
/// handed to the kernel: it survives the end of the process, not that of the machine; it is synced to disk when it is
/// rotated, reopened or closed. One that somebody deletes is made anew at the next write. Owned by one LineSink; the
/// observer outlives it. Thread: its owner's. Failure: an errno; the next write tries again, and opens the file anew if
/// need be.
class RotatingFile final : public LineTarget {
 public:
  struct Settings {
    std::filesystem::path path;
    std::uint64_t rotate = 256U << 20U;  ///< bytes; 0: never
    int keep = 8;                        ///< how many rotated files
  };
  RotatingFile(Settings settings, SinkObserver& observer);
  ~RotatingFile() override;
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  /// Opens the file, making it if need be; errno when that fails. `write` does it too.
  int open();
  Written write(std::string_view lines) override;
  void reopen() override;
  std::string_view subject() const override { return name_; }

 private:
  void close();
  void leave_if_deleted();
  void repair();
  void rotate();
  std::size_t part_that_fits(std::string_view lines) const;
  Written write_part(std::string_view part);
  void tell(Sign sign, std::string_view text);

  const Settings settings_;
  const std::string name_;
  SinkObserver& observer_;
  int descriptor_ = -1;
  bool regular_ = true;  ///< not a device or pipe: can be cut and rotated
  std::uint64_t size_ = 0;
  std::uint64_t rotate_at_ = 0;
};

}  // namespace tributary::sinks::file
