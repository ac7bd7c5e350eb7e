#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "event/event.hpp"
#include "event/memory.hpp"

namespace tributary::relay {

/// The ids one connector has seen: at most `ids` of them, none older than `window`. Exact for ids of 24 hex digits;
/// other ids are known by 96 bits of their SHA-256. Memory grows with use, to 44 bytes per id.
/// Owned by the connector's intake. Thread: its owner's. Pure.
class Dedupe {
 public:
  enum class Answer { fresh, duplicate, update };

  /// `memory`: null, or what earlier lives of the connector knew.
  Dedupe(std::size_t ids, std::chrono::milliseconds window, event::ConnectorMemory* memory = nullptr);

  /// Before the first `see`: takes in what the memory knows. Later calls do nothing.
  void begin(const event::Now& now) {
    if (memory_ != nullptr && !std::exchange(begun_, true)) load(now);
  }
  /// Of a draft that was just seen, and not as a duplicate: the memory is to know its id once the event is safe. Gives
  /// it a receipt that says so, in front of the one it may have.
  void remember_when_safe(event::Draft& draft, const event::Now& now) const;

  /// Remembers `id` and says whether it is new. The same id is an update when it is newer by the upstream's own time,
  /// or of the same time and otherwise flagged by the upstream; older, or without a time of the upstream's, it is a
  /// duplicate. `updated`, `flagged`: what the upstream itself said.
  Answer see(std::string_view id, std::optional<event::WallTime> updated, std::optional<bool> flagged,
             event::SteadyTime now);
  std::size_t size() const { return count_; }

 private:
  using Key = std::array<std::uint32_t, 3>;
  struct Entry {
    Key key;
    bool flagged;          ///< as published last
    std::int64_t updated;  ///< of the state published last; `never` when the upstream gave no time
    event::SteadyTime seen;
  };

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();

  void load(const event::Now& now);
  void add(const Entry& entry);
  static Key key_of(std::string_view id);
  static Answer judge(Entry& known, std::int64_t updated, std::optional<bool> flagged);
  std::size_t slot_of(const Key& key) const;  ///< where it is, or the free slot where it would go
  std::size_t home(const Key& key) const;
  void forget_oldest();
  void grow();

  event::ConnectorMemory* memory_;
  bool begun_ = false;
  std::size_t limit_;
  std::chrono::milliseconds window_;
  std::vector<Entry> entries_;  ///< a ring in order of arrival
  std::size_t first_ = 0, count_ = 0;
  std::vector<std::uint32_t> slots_;  ///< open addressing, linear probing: entry index + 1, 0 is free
};

}  // namespace tributary::relay
