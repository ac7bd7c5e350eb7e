#include "spool/connector_memory.hpp"

#include <algorithm>
#include <iterator>

#include "spool/known_ids.hpp"

namespace tributary::spool {

ConnectorMemory::ConnectorMemory(std::string name, std::map<std::string, event::WallTime> seen, Read read,
                                 std::function<void()> wake)
    : name_(std::move(name)), read_(std::move(read)), wake_(std::move(wake)), seen_(std::move(seen)) {}

std::vector<event::LastSeen> ConnectorMemory::last_seen() {
  const std::lock_guard lock(mutex_);
  std::vector<event::LastSeen> all;
  for (const auto& [channel, at] : seen_) all.push_back({channel, at});
  return all;
}

void ConnectorMemory::seen(const std::string& channel, event::WallTime at) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = changed_.empty() && pending_.empty();
    seen_[channel] = at;
    changed_.insert(channel);
  }
  tell_new(first);
}

void ConnectorMemory::forget(const std::string& channel) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    if (seen_.erase(channel) == 0) return;
    first = changed_.empty() && pending_.empty();
    changed_.insert(channel);
  }
  tell_new(first);
}

std::vector<event::KnownId> ConnectorMemory::ids(event::WallTime since, std::size_t most) {
  // What is taken to the file meanwhile may be in both.
  std::vector<event::KnownId> told;
  {
    const std::lock_guard lock(mutex_);
    most_ids_ = most;
    told = pending_;
  }
  auto all = read_(name_);
  all.insert(all.end(), told.begin(), told.end());
  return newest(std::move(all), since, most);
}

void ConnectorMemory::remember(const event::KnownId& id) {
  bool first;
  {
    const std::lock_guard lock(mutex_);
    first = changed_.empty() && pending_.empty();
    pending_.push_back(id);
    bound_pending();
  }
  tell_new(first);
}

void ConnectorMemory::bound_pending() {
  if (pending_.size() <= most_pending) return;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(pending_.size() / 2));
}

MemoryChanges ConnectorMemory::take() {
  MemoryChanges changes;
  changes.connector = name_;
  const std::lock_guard lock(mutex_);
  for (const auto& channel : std::exchange(changed_, {})) {
    const auto found = seen_.find(channel);
    changes.channels.emplace_back(channel, found == seen_.end() ? std::nullopt : std::optional(found->second));
  }
  changes.ids = std::exchange(pending_, {});
  changes.most_ids = most_ids_;
  return changes;
}

void ConnectorMemory::give_back(MemoryChanges changes) {
  const std::lock_guard lock(mutex_);
  for (auto& [channel, at] : changes.channels) changed_.insert(std::move(channel));  // as it was told last
  pending_.insert(pending_.begin(), std::make_move_iterator(changes.ids.begin()),
                  std::make_move_iterator(changes.ids.end()));
  bound_pending();
}

}  // namespace tributary::spool
