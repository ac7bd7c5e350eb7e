#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "event/event.hpp"

namespace tributary::relay {

/// The ids one connector has seen: at most `ids` of them, none older than `window`. Exact for ids of 24 hex digits;
/// other ids are known by 96 bits of their SHA-256. Memory grows with use, to 44 bytes per id.
/// Owned by the connector's intake. Thread: io. Pure.
class Dedupe {
 public:
  enum class Answer { fresh, duplicate, update };

  Dedupe(std::size_t ids, std::chrono::milliseconds window);

  /// Remembers `id` and says whether it is new. The same id with a later `updated` or another `flagged` is an update.
  Answer see(std::string_view id, event::WallTime updated, bool flagged, event::SteadyTime now);
  std::size_t size() const { return count_; }

 private:
  using Key = std::array<std::uint32_t, 3>;
  struct Entry {
    Key key;
    bool flagged;
    std::int64_t updated;
    event::SteadyTime seen;
  };

  static Key key_of(std::string_view id);
  std::size_t slot_of(const Key& key) const;  ///< where it is, or the free slot where it would go
  std::size_t home(const Key& key) const;
  void forget_oldest();
  void grow();

  std::size_t limit_;
  std::chrono::milliseconds window_;
  std::vector<Entry> entries_;  ///< a ring in order of arrival
  std::size_t first_ = 0, count_ = 0;
  std::vector<std::uint32_t> slots_;  ///< open addressing, linear probing: entry index + 1, 0 is free
};

}  // namespace tributary::relay
