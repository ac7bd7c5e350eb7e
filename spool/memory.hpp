#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "event/memory.hpp"
#include "spool/connector_memory.hpp"
#include "spool/directory.hpp"
#include "spool/memory_file.hpp"
#include "spool/observer.hpp"
#include "spool/tail.hpp"

namespace tributary::spool {

/// What this process must not forget, in a directory of its own: the tails of its sinks, a file and a thread for each,
/// and what its connectors know, in one file with one thread, which writes ten times a second at most while there is
/// something new, and at the end. Trouble with that file is told once, and tried again; meanwhile what is new waits in
/// memory.
/// Owned by the composition root; outlives sinks, connectors and every event. Thread: main, but where it is said
/// otherwise.
class Memory final : public event::Memory {
 public:
  /// Who is told of the file of a sink; "": of `memory.db`. The observers outlive the memory. Thread: main.
  using Observers = std::function<Observer&(const std::string& sink)>;
  struct Settings {
    std::chrono::milliseconds write_every{100};
    std::chrono::milliseconds retry_first{1'000}, retry_most{30'000};  ///< after trouble with the disk
  };

  /// A sentence: why there can be none. When another process has the directory, nothing was written.
  static std::variant<std::unique_ptr<Memory>, std::string> open(const std::filesystem::path& directory,
                                                                 const Observers& observers, const Settings& settings);
  static std::variant<std::unique_ptr<Memory>, std::string> open(const std::filesystem::path& directory,
                                                                 const Observers& observers) {
    return open(directory, observers, Settings());
  }
  /// Why `open`, or the tail of one of these sinks, would be refused for what lies in the directory, in the order of
  /// the sinks' names; nothing is changed.
  static std::vector<std::string> faults_of(const std::filesystem::path& directory,
                                            const std::vector<std::string>& sinks);
  ~Memory() override;

  /// Thread: any.
  ConnectorMemory& connector(const std::string& name) override;
  /// When its file is opened, the ids that lie there become known to their connectors.
  std::variant<event::Tail*, std::string> tail(const std::string& sink, const event::TailSettings& settings) override;
  /// The tail of a sink that has been asked for; null: none has.
  const SinkTail* tail(const std::string& sink) const;
  /// The sinks whose tails are open; and closes those of others, which nobody uses.
  std::set<std::string> tails() const;
  void keep_only(const std::set<std::string>& sinks);

  const Directory& directory() const { return *directory_; }

 private:
  Memory(std::unique_ptr<Directory> directory, const Observers& observers, const Settings& settings);

  void begin();
  void run();
  bool write();
  void tell(const MemoryFile::Opened& opened);
  void tell(const DatabaseFault& fault);
  void tell_good();
  void wake();
  std::vector<event::KnownId> ids(const std::string& connector);

  const std::unique_ptr<Directory> directory_;
  const Observers observers_;
  const Settings settings_;
  Observer& observer_;
  std::map<std::string, std::unique_ptr<SinkTail>> tails_;

  std::mutex file_mutex_;  ///< guards file_
  MemoryFile file_;
  bool in_trouble_ = false;  ///< and told; the thread's
  std::chrono::steady_clock::time_point trouble_since_{};

  std::mutex connectors_mutex_;  ///< guards the next two
  std::map<std::string, std::unique_ptr<ConnectorMemory>> connectors_;
  std::map<std::string, std::map<std::string, event::WallTime>> seen_;  ///< of connectors not asked for yet

  std::mutex mutex_;  ///< guards new_ and stopping_
  std::condition_variable woken_;
  bool new_ = false, stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::spool
