#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "config/settings.hpp"
#include "connectors/link/tape.hpp"
#include "daemon/telemetry.hpp"

namespace tributary::daemon {

/// Keeps the frames of connectors in files, on a thread of its own: `<directory>/<connector>-<start>.frames.jsonl`,
/// mode 0600. At a quarter of `max_size` a file is full and the next begins; the oldest are removed, so that a
/// connector's files are no larger than `max_size` together. What a tape is given waits in memory, at most
/// `Limits::waiting` for each connector; what does not fit is counted and told, never waited for. A disk that cannot be
/// written to is a WARN; it is tried again, and nothing else stops.
/// Owned by the composition root; tapes may outlive it, and then write nothing. Thread: any.
class Recorder {
 public:
  struct Limits {
    std::size_t waiting = std::size_t{4} << 20U;  ///< bytes of one connector; a frame alone may be larger
    std::chrono::milliseconds try_again{10'000};  ///< a disk that could not be written to
  };

  /// `run`: the id of this start of the program.
  Recorder(Telemetry& telemetry, std::string run);
  Recorder(Telemetry& telemetry, std::string run, Limits limits);
  /// Writes what waits, but waits no longer than two seconds for a disk that hangs.
  ~Recorder();

  /// Of this connector, as its settings say; null: it is not to be recorded.
  std::shared_ptr<connectors::Tape> tape(const config::NamedSettings& connector);

 private:
  struct Shared;
  class Reel;
  class File;
  static void run(const std::shared_ptr<Shared>& shared);

  const std::string run_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace tributary::daemon
