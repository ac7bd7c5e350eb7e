#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "event/memory.hpp"

namespace tributary::spool {

/// What a connector has told and the file does not know yet.
struct MemoryChanges {
  std::string connector;
  std::vector<std::pair<std::string, std::optional<event::WallTime>>> channels;  ///< none: forgotten
  std::vector<event::KnownId> ids;                                               ///< in the order of telling
  std::size_t most_ids = 0;  ///< so many need be kept of the connector
  bool empty() const { return channels.empty() && ids.empty(); }
};

/// What one connector is to know after a restart: holds what is new until it is taken to the file. Owned by Memory.
/// Limit: `most_pending` ids, then the oldest half is let go; they are remembered no more, so that a repetition passes.
/// Thread: any.
class ConnectorMemory final : public event::ConnectorMemory {
 public:
  static constexpr std::size_t most_pending = 131'072;
  /// Ids of the connector that are in the file, in the order of telling; reads the disk.
  using Read = std::function<std::vector<event::KnownId>(const std::string& connector)>;

  /// `wake`: there is something new. Neither is called under the lock.
  ConnectorMemory(std::string name, std::map<std::string, event::WallTime> seen, Read read, std::function<void()> wake);

  std::vector<event::LastSeen> last_seen() override;
  void seen(const std::string& channel, event::WallTime at) override;
  void forget(const std::string& channel) override;
  /// Reads the disk where an earlier life of the connector left ids, which is at the start of the program.
  std::vector<event::KnownId> ids(event::WallTime since, std::size_t most) override;
  void remember(const event::KnownId& id) override;

  /// What is new, for the file.
  MemoryChanges take();
  /// It could not be written.
  void give_back(MemoryChanges changes);

 private:
  void tell_new(bool first) const {
    if (first) wake_();
  }
  void bound_pending();

  const std::string name_;
  const Read read_;
  const std::function<void()> wake_;
  std::mutex mutex_;                             ///< guards all that follows
  std::map<std::string, event::WallTime> seen_;  ///< as told last
  std::set<std::string> changed_;                ///< channels that the file knows otherwise
  std::vector<event::KnownId> pending_;
  std::size_t most_ids_ = 65'536;
};

}  // namespace tributary::spool
