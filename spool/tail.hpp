#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "event/memory.hpp"
#include "event/thread_check.hpp"
#include "spool/observer.hpp"

namespace tributary::spool {

/// An id whose event lies in a spool: it is known to its connector's dedupe, as if it had been remembered.
struct SpooledId {
  std::string connector;
  event::KnownId id;
};

/// The lanes' tails of one sink in one SQLite file. A thread of its own does everything that touches the disk: it takes
/// all that is pending and commits it in one transaction, again and again; what is forgotten before its commit is never
/// written. Trouble with the disk (full, broken, read-only, gone) never ends the process and throws nothing: what
/// is pending stays in memory, and is tried again.
/// Owned by the spool's Memory; outlives its outboxes, which follow each other. Thread: sink, but where it is said
/// otherwise.
class SinkTail final : public event::Tail {
 public:
  struct Settings {
    event::TailSettings limits = {};
    std::chrono::milliseconds retry_first{500}, retry_most{10'000};  ///< after trouble with the disk
    /// Bytes of SQLite's log from which it is moved into the file; less where the size or the disk is small.
    std::uint64_t log = 8u << 20;
    /// Makes sure that the directory of the file is there and this process's alone; a sentence: why it is not. Thread:
    /// any; may touch the disk.
    std::function<std::string()> hold = {};
    std::function<std::uint64_t()> disk_free = {};  ///< for tests: of another disk, in bytes
    std::string vfs = {};                           ///< for tests: SQLite's name of another disk
  };

  /// Opens or makes the file. A damaged one is set aside as `<file>.damaged-<time>`, and what verifies is taken over.
  /// A sentence: why it cannot be used (of a newer version, not writable, in use by another program, …); nothing has
  /// been changed then. `observer` outlives the tail. Thread: main.
  static std::variant<std::unique_ptr<SinkTail>, std::string> open(const std::filesystem::path& file,
                                                                   const Settings& settings, Observer& observer);
  /// Why `open` would refuse this file, as far as that shows without changing anything; "" when it would not.
  static std::string fault_of(const std::filesystem::path& file);
  /// What is not committed is lost; `close` comes before. A thread that hangs in the disk stays behind.
  ~SinkTail() override;
  SinkTail(const SinkTail&) = delete;
  SinkTail& operator=(const SinkTail&) = delete;

  /// Other limits from now on. Thread: any.
  void set(const event::TailSettings& limits);
  /// The ids of the newest events that lie in the file, at most so many of all connectors together, oldest first.
  /// Before the first `left`. Thread: main.
  std::vector<SpooledId> ids(std::size_t most);
  const std::filesystem::path& file() const { return file_; }
  /// Of the file: what is in use, without free pages; with its write-ahead log. Thread: any.
  std::uint64_t bytes() const;
  /// How many records of each stream lie in the file. Thread: any.
  std::map<std::string, std::uint64_t> streams() const;
  /// Records that lie in the file. Thread: any.
  std::uint64_t records() const;

  std::vector<event::TailLeft> left() override;
  void append(const event::LaneName& lane, event::TailRecord record) override;
  std::uint64_t committed() const override;
  void read(const event::LaneName& lane, std::uint64_t from, std::size_t bytes) override;
  std::optional<event::TailNews> take() override;
  void on_news(std::function<void()> wake) override;
  void forget(const event::LaneName& lane, std::uint64_t first, std::uint64_t last) override;
  bool full() const override;
  bool failing() const override;
  std::size_t held() const override;
  void close(std::chrono::milliseconds timeout) override;
  std::optional<event::TailKept> kept() const override;

 private:
  class Writer;  ///< what the thread works with; it outlives this object when it hangs

  SinkTail(std::filesystem::path file, std::shared_ptr<Writer> writer);

  [[no_unique_address]] event::ThreadCheck thread_;
  std::filesystem::path file_;
  std::shared_ptr<Writer> writer_;
};

}  // namespace tributary::spool
