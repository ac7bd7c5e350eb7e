#include "event/memory_in_process.hpp"

#include <algorithm>
#include <utility>

namespace tributary::event {

class MemoryInProcess::Connector final : public ConnectorMemory {
 public:
  std::vector<LastSeen> last_seen() override {
    const std::lock_guard lock(mutex_);
    std::vector<LastSeen> all;
    for (const auto& [channel, at] : seen_) all.push_back({channel, at});
    return all;
  }
  void seen(const std::string& channel, WallTime at) override {
    const std::lock_guard lock(mutex_);
    seen_[channel] = at;
  }
  void forget(const std::string& channel) override {
    const std::lock_guard lock(mutex_);
    seen_.erase(channel);
  }
  std::vector<KnownId> ids(WallTime since, std::size_t most) override {
    const std::lock_guard lock(mutex_);
    most_ = most;
    std::erase_if(ids_, [&](const auto& entry) { return entry.second.seen < since; });
    std::erase_if(order_, [&](const auto& key) { return ids_.count(key) == 0; });
    std::vector<KnownId> all;
    all.reserve(ids_.size());
    for (const auto& [key, id] : ids_) all.push_back(id);
    std::sort(all.begin(), all.end(), [](const KnownId& one, const KnownId& other) { return one.seen < other.seen; });
    if (all.size() > most) all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(most));
    return all;
  }
  void remember(const KnownId& id) override {
    const std::lock_guard lock(mutex_);
    if (!ids_.insert_or_assign(id.key, id).second) return;
    order_.push_back(id.key);
    while (order_.size() > most_) {
      ids_.erase(order_.front());
      order_.pop_front();
    }
  }

 private:
  std::mutex mutex_;
  std::map<std::string, WallTime> seen_;
  std::map<std::array<std::uint32_t, 3>, KnownId> ids_;
  std::deque<std::array<std::uint32_t, 3>> order_;  ///< of their coming
  std::size_t most_ = 65'536;
};

MemoryInProcess::MemoryInProcess() = default;
MemoryInProcess::~MemoryInProcess() = default;

ConnectorMemory& MemoryInProcess::connector(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& known = connectors_[name];
  if (!known) known = std::make_unique<Connector>();
  return *known;
}

}  // namespace tributary::event
